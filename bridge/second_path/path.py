"""The second path: people are paged by the bridge itself while the orchestrator cannot do it.

The engine did not take an alert, or has it and no worker touches it: after a set time somebody is paged about it, by
the same channels and people as ever, once per subject, and hourly while it lasts (runbook §1). Each page is written
down before it is sent. When the orchestrator is back, its incident is told who was paged, and that it is over is said.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from bridge.second_path import missed as changes
from bridge.second_path.missed import Missed
from bridge.second_path.remembered import Remembered
from bridge.second_path.rules import Group, groups_due, is_due, unfinished
from bridge.second_path.wording import nobody, over, over_page, page_for, still_rings
from bridge.telling import Say
from incident.model.alarm import Alarm
from incident.model.alert import Alert
from incident.model.already_paged import EarlierPage
from incident.model.effects import Page, Standing
from incident.model.outcomes import Arrival, Delivery
from incident.model.response_policy import PageWhen, ResponsePolicy
from integrations.clock import utc_now
from runbook.catalog import playbook_for

log = structlog.get_logger(__name__)


class Deliver(Protocol):
    """Pages people: whom, how and how often to try is the same for everybody who pages."""

    async def __call__(self, page: Page, *, again: bool) -> Sequence[Delivery]:
        """What came of each way that was tried. `again`: an earlier attempt may have got through."""
        ...


class Settle(Protocol):
    """Tells providers that keep an incident of their own how it stands."""

    async def __call__(self, alarms: Sequence[Alarm], standing: Standing) -> str:
        """Why they could not be told; empty: they know. Never raises for what a provider does."""
        ...


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The runbook's policy, and how long we wait for the orchestrator."""

    policy: ResponsePolicy
    after: timedelta


class SecondPath:
    """`clock` answers the instant (aware UTC)."""

    def __init__(
        self,
        remembered: Remembered,
        numbers: Numbers,
        deliver: Deliver,
        settle: Settle,
        say: Say,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.remembered = remembered
        self._numbers, self._deliver, self._settle, self._say, self._clock = numbers, deliver, settle, say, clock
        self.pages_sent: dict[str, int] = {"reached": 0, "nobody": 0}
        """By what came of them, for metrics."""

    # ── what the intake tells ────────────────────────────────────────────────────────────────────────────────────

    async def not_taken(self, alert: Alert, incident: str) -> None:
        """The engine did not take it, and its sender was told to send it again."""
        playbook = playbook_for(alert)
        if self._numbers.policy.rule(playbook.severity).page is PageWhen.NEVER:
            return
        how = partial(
            changes.not_taken,
            alert=alert,
            incident=incident,
            severity=playbook.severity,
            domain=playbook.domain,
            now=self._clock(),
        )
        await self.remembered.change(incident, how)

    def already_paged(self, incident: str) -> tuple[EarlierPage, ...]:
        """What the incident has still to be told when it gets its alert."""
        missed = self.remembered.get(incident)
        return missed.untold if missed else ()

    async def taken(self, incident: str, told: tuple[EarlierPage, ...]) -> None:
        """The engine has it durably, and `told` with it."""
        await self.remembered.change(incident, partial(changes.taken, told=told))

    # ── what the watch tells ─────────────────────────────────────────────────────────────────────────────────────

    async def stands_still(self, missed: Missed) -> None:
        """The engine has this incident, and no worker touches it."""
        await self.remembered.change(missed.incident, lambda known: changes.stands_still(known, missed))

    async def heard(self, incident: str, told: tuple[EarlierPage, ...]) -> None:
        """The incident was told of these pages by a signal."""
        await self.remembered.change(incident, partial(changes.heard, told=told))

    async def acked(self, incident: str, by: str = "someone", via: str = "") -> bool:
        """Somebody has it, and all that came with its page: no more pages of ours. False: we know nothing of it.

        `via`: the door of ours through which nobody but us heard it.
        """
        await self.remembered.reload()  # another bridge of this home may have paged
        known = self.remembered.get(incident)
        for missed in self.remembered.all():
            if known and (missed is known or (known.page_key and missed.page_key == known.page_key)):
                await self.remembered.change(missed.incident, partial(changes.acked, by=by, via=via))
        return known is not None

    async def ack_left(self, incident: str) -> None:
        """The incident has heard it."""
        await self.remembered.change(incident, changes.ack_left)

    async def is_over(self, incident: str) -> None:
        """A worker is at it again. Who was woken is told."""
        missed = self.remembered.get(incident)
        await self.remembered.change(incident, lambda _: None)
        if missed and missed.pages:
            line, deliveries = over(missed, self._clock()), list[Delivery]()
            if not await self._tell(line):  # without a chat, by the way they were woken
                deliveries += await self._deliver(over_page(missed, line), again=False)
            # After it: said to what is over there, it would ring anew.
            await self._end_ringing(missed, (*missed.alarms, *_alarms(deliveries)))

    # ── providers that ring by themselves ────────────────────────────────────────────────────────────────────────

    async def quiet(self) -> None:
        """Where somebody has it, whoever keeps an incident of it stops ringing. Asked again until they know."""
        for missed in self.remembered.all():
            if missed.acked and missed.alarms and not missed.quieted:
                why_not = await self._settle(missed.alarms, Standing.ACKNOWLEDGED)
                if not why_not:
                    await self.remembered.change(missed.incident, changes.quieted)

    async def _end_ringing(self, missed: Missed, rings: Sequence[Alarm]) -> None:
        """Not what rings for another subject too, which still waits."""
        others = {alarm for other in self.remembered.all() for alarm in other.alarms}
        alarms = [alarm for alarm in dict.fromkeys(rings) if alarm not in others]
        why_not = await self._settle(alarms, Standing.RESOLVED) if alarms else ""
        if why_not:
            await self._tell(still_rings(missed, why_not))

    # ── paging ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def take_up(self) -> None:
        """Once, at the start: finish what a bridge that was killed had begun. A repeat says that it may be one."""
        groups = list(unfinished(self.remembered.all()))
        await asyncio.gather(*(self._send(group, page_for(group, group[0].pages), again=True) for group in groups))

    def is_due(self, missed: Missed) -> bool:
        """Is somebody about to be paged for it?"""
        return is_due(missed, self._numbers.policy, self._numbers.after, self._clock())

    async def page_due(self) -> None:
        """Page for all that has waited long enough."""
        now = self._clock()
        due = groups_due(self.remembered.all(), self._numbers.policy, self._numbers.after, now)
        await asyncio.gather(*(self._begin(group, now) for group in due))

    async def _begin(self, group: Group, now: datetime) -> None:
        page = page_for(group, group[0].pages + 1)
        for missed in group:
            await self.remembered.change(missed.incident, partial(changes.began, key=page.key, now=now))
        await self._send(group, page, again=False)

    async def _send(self, group: Group, page: Page, *, again: bool) -> None:
        deliveries: Sequence[Delivery] = ()
        try:
            deliveries = await self._deliver(page, again=again)
        finally:  # whatever happens: what is still `sending` would never be paged for again
            arrived = tuple(self._arrived(delivery) for delivery in deliveries if delivery.outcome is Arrival.DELIVERED)
            alarms = _alarms(deliveries)
            for missed in group:
                await self.remembered.change(missed.incident, partial(changes.ended, arrived=arrived, alarms=alarms))
        self.pages_sent["reached" if arrived else "nobody"] += 1
        log.warning("second path paged", incidents=[m.incident for m in group], page=page.key, reached=len(arrived))
        if not arrived:
            why = "; ".join(f"{d.person} by {d.channel or 'no channel'}: {d.why or d.outcome}" for d in deliveries)
            await self._tell(nobody(group[0], why or "no channel is set"))

    def _arrived(self, delivery: Delivery) -> EarlierPage:
        return EarlierPage(at=self._clock(), channel=delivery.channel, person=delivery.person)

    async def _tell(self, line: str) -> bool:
        """Says it in the chat, if that can be."""
        why_not = await self._say(line)
        if why_not:
            log.warning("operators not told", line=line, because=why_not)
        return not why_not


def _alarms(deliveries: Sequence[Delivery]) -> tuple[Alarm, ...]:
    return tuple(Alarm(person=d.person, name=d.alarm) for d in deliveries if d.alarm)
