"""Whom an unacknowledged incident is carried to, step by step: data per domain and severity (runbook §1, §2, §6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

EVERYONE = "everyone"
"""The end of every ladder."""


@dataclass(frozen=True, kw_only=True)
class Rung:
    """Who is paged on it, and for how long they may stay silent before the next one."""

    targets: tuple[str, ...]
    """`on-call`, `owner`, `rotation:<name>`, `person:<key>`, `everyone`."""
    wait: timedelta | None = None
    """None: the runbook's own clock, `ack_within` on the first rung and `repage_every` on all others."""


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """Climbed from the first rung on until somebody acknowledges; after the last one everyone is paged."""

    rungs: tuple[Rung, ...]
    repeat: int | None = None
    """How often the last rung is paged again before everyone is. None: for ever."""


class Call(StrEnum):
    """Why a page is out; it decides what silences it."""

    LADDER = "ladder"
    """Somebody has to acknowledge: an ack silences it (runbook §2.1)."""
    OWNER = "owner"
    """Those at work are not enough (runbook §6): it stands until the impact has stopped."""
    PERSON = "person"
    """A person asked for it by name: it stands until the incident is over."""


@dataclass(frozen=True, kw_only=True)
class Calling:
    """The newest page of its kind. `rung` 0: outside of the ladder."""

    number: int
    at: datetime
    rung: int
    targets: tuple[str, ...]
    why: str
    spared: tuple[str, ...] = ()
    """Who is left out of it, where anybody else is there."""
    before: tuple["Calling", ...] = ()
    """Earlier ones that stand beside it: who asks for a second person still wants the first."""
