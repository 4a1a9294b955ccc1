"""Paging without the orchestrator: the same people, ways and patience, found out and used by the bridge itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bridge.second_path.wording import APART
from incident.model.effects import Page
from incident.model.outcomes import Arrival, Delivery
from integrations.clock import utc_now
from integrations.delivery import Sending
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
            buttons=self.buttons(replace(page, incident_id=page.incident_id.removesuffix(APART))),
        )
        deliveries = await sending.deliver(found.recipients)
        missing = [Delivery(person=whom, outcome=Arrival.NOBODY, why=why) for whom, why in found.missing.items()]
        return (*deliveries, *missing)
