"""The incident's story, one line at a time: what happened, and why we did it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from incident.model.identity import name_and_proof


class Kind(StrEnum):
    ALERT = "alert"
    PAGE = "page"
    PERSON = "person"
    CHECK = "check"
    LEVER = "lever"
    PHASE = "phase"
    SEVERITY = "severity"
    CRITERION = "criterion"
    POST = "post"
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
    def who(self) -> str:
        """`ana, verified by slack`, `ana (claimed)`, `orchestrator`."""
        return name_and_proof(self.by, self.via, self.verified)
