"""Looking at the world: checks run side by side inside one activity, and a patient look waits there for a change."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from temporalio import activity

from activities.beating import beating
from activities.catalog import all_checks
from activities.chatting import Opened
from activities.outside import Ask, Outside
from incident.model.effects import Brief, Look
from incident.model.finding import Finding, Status
from incident.model.outcomes import Briefed, Looked
from integrations.clock import utc_now

log = structlog.get_logger(__name__)

CHECK_WITHIN = timedelta(seconds=30)
"""One check's time; below the heartbeat's (workflows/effects.py), so a stuck one costs its own answer and no other."""


@dataclass(frozen=True)
class LookingActivities:
    outside: Outside
    open: Callable[[Brief], Awaitable[Opened]]
    """Opens the thread, and says why it could not."""
    check_within: timedelta = CHECK_WITHIN

    @activity.defn
    async def look(self, effect: Look) -> Looked:
        """What the checks see; with patience, as soon as one of them differs from what is known."""
        async with beating():
            findings = await self._look_for(effect)
        return Looked(number=effect.number, purpose=effect.purpose, findings=findings)

    @activity.defn
    async def brief(self, effect: Brief) -> Briefed:
        """Open the thread and take the first look at the same time."""
        looking = self._look_for(effect.look) if effect.look else _nothing()
        async with beating():
            opened, findings = await asyncio.gather(self.open(effect), looking)
        number = effect.look.number if effect.look else 0
        return Briefed(not_posted=opened.not_posted, findings=findings, number=number, thread=opened.thread)

    async def _look_for(self, effect: Look) -> tuple[Finding, ...]:
        until = utc_now() + effect.patience
        while True:
            findings = await self._confirmed(effect)
            if _is_news(findings, effect) or utc_now() >= until or activity.is_worker_shutdown():
                return findings
            await _pause(effect.every)

    async def _confirmed(self, effect: Look) -> tuple[Finding, ...]:
        """A green counts after several looks in a row; anything else counts as soon as it was seen once."""
        findings = await self._once(effect)
        if not _is_news(findings, effect):
            return findings
        for _ in range(effect.greens - 1):
            if all(f.status is not Status.OK for f in findings):
                return findings
            await _pause(effect.every)
            if activity.is_worker_shutdown():
                return tuple(map(_unconfirmed, findings))
            again = await self._once(effect)
            findings = tuple(map(_worse, findings, again))
        return tuple(_in_a_row(f, effect.greens) for f in findings)

    async def _once(self, effect: Look) -> tuple[Finding, ...]:
        ask = Ask(alert=effect.alert, since=effect.since)
        return tuple(await asyncio.gather(*(self._check(name, ask) for name in effect.checks)))

    async def _check(self, name: str, ask: Ask) -> Finding:
        check = all_checks().get(name)
        if check is None:
            return Finding(check=name, status=Status.UNKNOWN, summary="there is no such check", at=utc_now())
        try:
            async with asyncio.timeout(self.check_within.total_seconds()):
                return await check(ask, self.outside)
        except TimeoutError:
            summary = f"the check did not end within {self.check_within.total_seconds():g} s"
            return Finding(check=name, status=Status.UNKNOWN, summary=summary, at=utc_now())
        except Exception as error:  # one broken check must not blind the others: it is told as unknown, and logged
            log.exception("check broke", check=name)
            summary = f"the check itself broke ({type(error).__name__}); see the worker's log"
            return Finding(check=name, status=Status.UNKNOWN, summary=summary, at=utc_now())


def _is_news(findings: tuple[Finding, ...], effect: Look) -> bool:
    return not effect.patience or any(effect.known.get(f.check) != f.state for f in findings)


def _in_a_row(finding: Finding, greens: int) -> Finding:
    if greens == 1 or finding.status is not Status.OK:
        return finding
    return replace(finding, summary=f"{finding.summary} ({greens} times in a row)")


def _unconfirmed(finding: Finding) -> Finding:
    """Green, but not often enough to count as green."""
    if finding.status is not Status.OK:
        return finding
    return replace(finding, status=Status.UNKNOWN, summary=f"{finding.summary}; not yet often enough in a row")


def _worse(before: Finding, after: Finding) -> Finding:
    """What was seen last, unless only an earlier look of the same row saw it fail."""
    return before if after.status is Status.OK and before.status is not Status.OK else after


async def _pause(every: timedelta) -> None:
    """Until the next look, or until this worker is asked to stop: another one then looks on."""
    stopping = asyncio.create_task(activity.wait_for_worker_shutdown())
    await asyncio.wait([stopping], timeout=every.total_seconds())
    stopping.cancel()


async def _nothing() -> tuple[Finding, ...]:
    return ()
