"""What a check saw of the world."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from incident.model.customers import Affected


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

    subjects: tuple[str, ...] = ()
    """Which ones are hurt, worst first, where there may be several: job ids, never customers' names."""
    customers: tuple[Affected, ...] = ()
    """The same by customer, where the check can tell: keys, never names or addresses."""
    hurt_since: datetime | None = None
    """Since when the first of them waits (aware UTC)."""

    @property
    def state(self) -> str:
        """What a patient look compares: `ok`, `bad+acting`, … A change of words is not news; of subjects it is."""
        who = hashlib.sha256("\n".join(sorted(self.subjects)).encode()).hexdigest()[:8] if self.subjects else ""
        marks = ("acting" * self.acting, "healed" * self.healed, who)
        return "+".join((self.status, *(mark for mark in marks if mark)))
