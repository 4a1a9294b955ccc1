"""What a check saw of the world."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    OK = "ok"
    BAD = "bad"
    UNKNOWN = "unknown"
    """It could not be seen. Never counts as ok."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One check's answer. `evidence` is short text a person can act on; never a secret, never customer data."""

    check: str
    status: Status
    summary: str
    evidence: dict[str, str] = field(default_factory=dict)
    at: datetime
    """When it was seen, aware UTC."""
    acting: bool = False
    """Some automation of the organisation works on it right now: our levers hold back (runbook §3.2)."""
    healed: bool = False
    """That automation finished its work since the incident began: if impact is gone, it was the mitigation."""

    @property
    def state(self) -> str:
        """What a patient look compares: `ok`, `bad+acting`, … A change of words alone is not news."""
        return self.status + ("+acting" if self.acting else "") + ("+healed" if self.healed else "")
