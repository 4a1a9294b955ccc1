"""A refund or credit that finance was asked for, until finance has answered (runbook §3.1)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from incident.model.customers import Affected


class RefundAnswer(StrEnum):
    REFUNDED = "refunded"
    CREDITED = "credited"
    DECLINED = "declined"


@dataclass(frozen=True, kw_only=True)
class Refund:
    """One request; its proposal waits for finance's yes, and then for what finance did. We move no money."""

    proposal: str
    asked_at: datetime
    customers: tuple[Affected, ...] = ()
    """Who waits, with plan and what they paid for; empty: the check could not tell."""
    answer: RefundAnswer | None = None
    answered_at: datetime | None = None
    reference: str = ""
    """Where the answer is found: number of a credit note, say; of a no: why."""
    by: str = ""
    how: str = ""
    """How we know who that was: `verified by slack`, `claimed`."""
