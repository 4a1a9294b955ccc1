"""A lever's plan and report: what would change, and what came of it (design §7)."""

from dataclasses import dataclass
from enum import StrEnum


class LeverOutcome(StrEnum):
    APPLIED = "applied"
    HELD = "held"
    """A guard said not now; the world was not touched."""
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class LeverPlan:
    """What `plan` read. `would` is a sentence a person can approve at 3 a.m."""

    lever: str
    target: str
    would: str
    touches: tuple[str, ...] = ()
    held: str = ""
    """Why it must not run now; empty: it may."""
    impossible: str = ""
    """Why it cannot run at all here (no permission, no such service); empty: it can."""


@dataclass(frozen=True, kw_only=True)
class LeverReport:
    lever: str
    outcome: LeverOutcome
    detail: str
