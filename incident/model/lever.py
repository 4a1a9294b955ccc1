"""A lever's plan and report: what would change, and what came of it (design §7)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from incident.model.playbook import Approval


class LeverOutcome(StrEnum):
    APPLIED = "applied"
    VERIFIED = "verified"
    """Applied, and the lever has seen for itself that its subject is well."""
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
    subject: str = ""
    """Whom it is for, where the lever has several; empty: the alert as a whole."""
    approval: Approval | None = None
    """More than the runbook asks for, because of what was found; None: the runbook's is enough."""
    by_people: bool = False
    """People carry it out once it is approved; nothing of ours acts."""
    procedure: str = ""
    """Workflow type that carries it out as a procedure of its own; empty: one call does."""
    carries: dict[str, Any] = field(default_factory=dict)
    """What the procedure needs to find its place again: ids and numbers, never a secret."""


@dataclass(frozen=True, kw_only=True)
class LeverReport:
    lever: str
    outcome: LeverOutcome
    detail: str
    widen_to: str = ""
    """Who else must hear of a failure: finance, where money is in doubt (runbook §6)."""
