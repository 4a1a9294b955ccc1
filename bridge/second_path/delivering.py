"""Paging without the orchestrator: the same people, ways and patience, found out and used by the bridge itself."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bridge.second_path.wording import APART
from incident.model.alarm import Alarm
from incident.model.effects import Page, Standing
from incident.model.outcomes import Arrival, Delivery
from integrations.clock import utc_now
from integrations.delivery import PAUSES_S, Sending
from integrations.errors import IntegrationError, Unreachable
from integrations.keepers import settle
from integrations.on_duty import OnDuty
from integrations.one_send import Memory
from integrations.ports import Button, Channels
from oncall.audience import Way
from oncall.schedule import Schedule

Thumbs = Callable[[str, Way], tuple[Button, ...]]
"""Buttons, by person and way."""


@dataclass(frozen=True, kw_only=True)
class Delivering:
    """`memory` is the second path's own; `click` is where a tap leads: there is no incident to show."""

    channels: Channels
    schedule: Schedule
    memory: Memory
    click: str
    buttons: Callable[[Page], Thumbs] = lambda page: lambda person, way: ()
    """What a person may do from a page of an incident, with one thumb."""
    on_duty: OnDuty = field(default_factory=OnDuty)

    async def __call__(self, page: Page, *, again: bool) -> Sequence[Delivery]:
        """Reach everybody this page is for. Never raises for what a provider does: it is among the deliveries."""
        found = await self.on_duty.audience(self.schedule, page, self.channels.team, utc_now())
        sending = Sending(
            page=page,
            pagers=self.channels.pagers,
            missing=self.channels.missing,
            memory=self.memory,
            click=self.click,
            again=again,
            look_first=True,  # a bridge with a home of its own may have paged for the same subject
            buttons=self.buttons(replace(page, incident_id=page.incident_id.removesuffix(APART))),
        )
        deliveries = await sending.deliver(found.recipients)
        missing = [Delivery(person=whom, outcome=Arrival.NOBODY, why=why) for whom, why in found.missing.items()]
        return (*deliveries, *missing)

    async def settle(self, alarms: Sequence[Alarm], standing: Standing) -> str:
        """Tell providers that ring by themselves how it stands. Why that could not be; empty: they know."""
        for pause in (*PAUSES_S, None):
            try:
                await settle(self.channels, self.schedule, alarms, standing)
            except Unreachable as error:
                if pause is None:
                    return str(error)
                await asyncio.sleep(pause)
            except IntegrationError as error:
                return str(error)
            else:
                return ""
        raise AssertionError("the last pause is None")
