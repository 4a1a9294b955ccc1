"""A second path with the clock in the test's hand: alerts that the engine does not take, and minutes that pass."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bridge.intake import incident_of
from bridge.second_path.path import Numbers, SecondPath
from bridge.second_path.remembered import Remembered
from incident.model.alert import Alert, AlertStatus
from incident.model.already_paged import EarlierPage
from incident.model.effects import Page
from incident.model.outcomes import Delivery
from runbook.response import RESPONSE
from tests.bridge.woken import Woken

NOON = datetime(2026, 6, 16, 12, 0, tzinfo=UTC)
"""A Tuesday, by day: a SEV-2 pages nobody."""
NIGHT = datetime(2026, 6, 16, 23, 0, tzinfo=UTC)
AFTER = timedelta(seconds=60)


def database_down(app: str = "shop", *, cleared: bool = False) -> Alert:
    """A SEV-1 of the runbook."""
    return alert("AppDBDown", cleared=cleared, instance=f"https://{app}.test/api/ready")


def alert(name: str, *, cleared: bool = False, **labels: str) -> Alert:
    status = AlertStatus.RESOLVED if cleared else AlertStatus.FIRING
    fingerprint = "-".join((name, *labels.values()))
    return Alert(name=name, status=status, labels=labels, fingerprint=fingerprint, starts_at=NOON)


@dataclass
class Desk:
    """One bridge after the other on the same home."""

    home: Path
    at: datetime = NOON
    woken: Woken = field(default_factory=Woken)
    paged: list[tuple[float, Page]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.began = self.at
        self.path = self._open()

    def _open(self) -> SecondPath:
        numbers = Numbers(policy=RESPONSE, after=AFTER)
        remembered = Remembered(self.home / "second_path.db")
        return SecondPath(remembered, numbers, self._deliver, self.woken.settle, self.woken.say, clock=lambda: self.at)

    async def restarts(self) -> None:
        """Killed, and another one takes up what is on disk."""
        self.path.remembered.close()
        self.path = self._open()
        await self.path.take_up()

    async def misses(self, *alerts: Alert) -> None:
        """The engine does not take them."""
        for one in alerts:
            await self.path.not_taken(one, incident_of(one))

    async def takes(self, one: Alert) -> tuple[EarlierPage, ...]:
        """The engine takes it; what its incident hears of earlier pages."""
        told = self.path.already_paged(incident_of(one))
        await self.path.taken(incident_of(one), told)
        return told

    async def after(self, **span: float) -> None:
        """Time passes, with a turn of the watch every five seconds of it."""
        until = self.at + timedelta(**span)
        while self.at < until:
            self.at = min(self.at + timedelta(seconds=5), until)
            await self.path.page_due()

    async def _deliver(self, page: Page, *, again: bool) -> Sequence[Delivery]:
        self.paged.append(((self.at - self.began) / timedelta(minutes=1), page))
        return await self.woken.deliver(page, again=again)

    @property
    def minutes(self) -> list[float]:
        """When each page went out, in minutes since the beginning."""
        return [round(minute, 2) for minute, _ in self.paged]

    @property
    def newest(self) -> Page:
        return self.paged[-1][1]
