"""The incident's story, one line at a time: what happened, and why we did it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
