"""Keeps fresh what is known of rotations that are somebody else's: asked at every page alone, it might be weeks old.

Every process that pages does it. The answers are for when their source is silent; a page asks anew.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bridge.recognising import People
from integrations.clock import utc_now
from integrations.on_duty import OnDuty
from integrations.recurring import recurring
from oncall.schedule import Schedule

EVERY_S = 600.0
"""Far below what vendors allow (PagerDuty's page "REST API rate limits": hundreds of requests a minute)."""


@asynccontextmanager
async def refreshing(
    on_duty: OnDuty, schedule: Schedule, people: People | None = None, every_s: float = EVERY_S
) -> AsyncIterator[None]:
    """For the length of the block. `people`: who is told of the members, too."""

    async def refresh() -> None:
        if people:
            people.hear(await on_duty.members(schedule, utc_now()))
        else:
            await on_duty.answered(schedule, utc_now())

    if not schedule.sourced:
        yield
        return
    async with recurring(refresh, every_s, "who is on call could not be asked"):
        yield
