"""Reaching people. The hot path: nothing here that a page does not need (design §9).

One activity per page: who it is for is found out here and now, and each of them is reached by the ways they have
(`integrations/delivery.py`). The world is asked again while it lasts: before each message but the first, and an
acknowledgement cancels the activity, which then sends nothing new and says what it did.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from temporalio import activity

from activities import asking
from activities.beating import beating
from activities.ledger import Ledger
from activities.links import Links
from activities.thumbs import thumbs
from incident.model.effects import Page
from incident.model.outcomes import Arrival, Delivery, Paged
from integrations.action_links import ActionLinks
from integrations.clock import utc_now
from integrations.delivery import Sending
from integrations.freshness import AskedAgain
from integrations.on_duty import OnDuty
from integrations.ports import Channels
from oncall.audience import Audience
from oncall.schedule import Schedule

LONGEST_S = 90.0
"""A page that has had its turn for so long is over, whoever still does not answer: others wait for what came of it."""


@dataclass(frozen=True)
class PagingActivities:
    channels: Channels
    ledger: Ledger
    links: Links
    schedule: Schedule = field(default_factory=Schedule)
    action_links: ActionLinks | None = None
    on_duty: OnDuty = field(default_factory=OnDuty)
    ask: Callable[[Page], Awaitable[str]] = asking.overtaken
    """Why a page must not go out any more; empty: it may. Raises CannotAsk."""

    @activity.defn
    async def page(self, effect: Page) -> Paged:
        """Reach everybody this page is for, once. Never fails: what did not arrive is among the deliveries."""
        found = await self.on_duty.audience(self.schedule, effect, self.channels.team, utc_now())
        still = AskedAgain(partial(self.ask, effect), effect.fresh_until)
        sending = Sending(
            page=effect,
            pagers=self.channels.pagers,
            memory=self.ledger,
            click=self.links.here(),
            missing=self.channels.missing,
            again=activity.info().attempt > 1,
            buttons=thumbs(self.action_links, effect),
            still=still,
        )
        async with beating():
            deliveries = await _as_long_as_wanted(sending, found)
        return Paged(number=effect.number, deliveries=(*deliveries, *_missing(found)), overtaken=still.why)


async def _as_long_as_wanted(sending: Sending, found: Audience) -> tuple[Delivery, ...]:
    """Until everybody is reached or given up; sooner, when somebody has acknowledged meanwhile."""
    work = asyncio.create_task(sending.deliver(found.recipients))
    try:
        await asyncio.wait({work}, timeout=LONGEST_S)
    except asyncio.CancelledError:
        if not _is_withdrawn():
            work.cancel()
            raise
    sending.stop()
    return await work


def _is_withdrawn() -> bool:
    """By the incident itself; a worker that stops lets another one finish."""
    details = activity.cancellation_details()
    return bool(details and details.cancel_requested)


def _missing(found: Audience) -> tuple[Delivery, ...]:
    return tuple(Delivery(person=whom, outcome=Arrival.NOBODY, why=why) for whom, why in found.missing.items())
