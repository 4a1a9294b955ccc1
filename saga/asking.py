"""What one re-drive asks of the world, step by step: the values between the procedure and its activities."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from saga.moves import RedrivePlan

PLAN: TypeAdapter[RedrivePlan] = TypeAdapter(RedrivePlan)


@dataclass(frozen=True, kw_only=True)
class RedriveAsk:
    """One approved plan. `holder` is the procedure's own workflow id: (saga run, step) has one at a time."""

    holder: str
    incident: str
    plan: RedrivePlan
    approved_by: tuple[str, ...]
    patience: timedelta
    """How long the saga may take to be seen well again."""
    every: timedelta
    """Between two looks at it."""

    @property
    def lease(self) -> timedelta:
        """How long the reconcile cron may stay paused for this: the longest look, and then some."""
        return self.patience + timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Fenced:
    """`not_safe`: why the cron is not out of the way; empty: it is."""

    not_safe: str = ""
    says: str = ""


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """`no_longer`: why the plan must not be carried out any more; empty: it holds."""

    no_longer: str = ""


@dataclass(frozen=True, kw_only=True)
class Acted:
    """The call was answered. What it did is for `Seen` to say."""

    says: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What came of it, by the saga's new history and by the world (issue 4 §3, verify)."""

    judgement: str
    """`ok`, `bad`, `unknown`, `not yet`, or `untouched`: the saga stands exactly as before."""
    says: str
    money_in_doubt: bool = False


UNTOUCHED = "untouched"
