"""The weekly test of paging: what it asks for, and what came of it. Keys of people, names of ways, never an address."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from incident.model.outcomes import Arrival, Delivery


@dataclass(frozen=True, kw_only=True)
class Week:
    """One week's test. Instants are aware UTC."""

    name: str
    """The ISO week of the day it is on, such as `2026-W26`."""
    at: datetime
    """When it begins."""
    until: datetime
    """Nobody is paged for it from here on: a test does not ring at another hour."""
    rings: timedelta = timedelta(minutes=5)
    """So long it stays open at a provider that keeps incidents: it has to ring, and not to be carried further."""


@dataclass(frozen=True, kw_only=True)
class WeeklyTurn:
    """One way to reach one person, and when it is tried."""

    person: str
    way: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class WeeklyPlan:
    """Whom this week's test pages. `left_out`: whom and what it does not, and why, in words."""

    turns: tuple[WeeklyTurn, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WeeklyAsk:
    """Try this one way, if there is still time."""

    week: Week
    turn: WeeklyTurn


@dataclass(frozen=True, kw_only=True)
class WeeklyReport:
    """What came of it, way by way."""

    week: Week
    deliveries: tuple[Delivery, ...]
    left_out: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Delivery, ...]:
        """Ways that did not take it."""
        return tuple(d for d in self.deliveries if d.outcome is not Arrival.DELIVERED)
