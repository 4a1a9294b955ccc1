"""The incident's story, one line at a time: what happened, and why we did it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from incident.model.identity import Voice


class Kind(StrEnum):
    ALERT = "alert"
    PAGE = "page"
    PERSON = "person"
    ROLE = "role"
    CHECK = "check"
    LEVER = "lever"
    PHASE = "phase"
    SEVERITY = "severity"
    CRITERION = "criterion"
    POST = "post"
    CUSTOMERS = "customers"
    """Mails to them, the status page, and what finance answers."""
    RECORD = "record"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Entry:
    at: datetime
    kind: Kind
    what: str
    because: str = ""
    by: str = "orchestrator"
    via: str = ""
    """The door a person's word came through; empty: typed, or our own line."""
    verified: bool | None = None
    """Whether the bridge vouched for `by`; None: nobody's word but ours."""

    @property
    def voice(self) -> Voice | None:
        """Whose word it is; None: ours."""
        return None if self.verified is None else Voice(by=self.by, via=self.via, verified=self.verified)

    @property
    def who(self) -> str:
        """`ana, verified by slack`, `ana (claimed)`, `orchestrator`."""
        return self.voice.who if self.voice else self.by
