"""`incidents doctor --page-test NAME`: a real page through each way to reach a person. Somebody's phone rings."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from cli.doctor import Line, Verdict
from cli.escalation_lines import masked
from incident.model.outcomes import Arrival, Delivery
from integrations.clock import utc_now
from integrations.http import shared_client
from integrations.one_send import Earlier
from integrations.page_test import page_of, tried
from integrations.ports import Channels
from oncall.audience import Way
from oncall.schedule import Contact, Schedule
from worker.settings import Settings
from worker.wiring import channels

VERDICTS = {Arrival.DELIVERED: Verdict.OK}


@dataclass(frozen=True)
class Nothing:
    """Remembers nothing: a test may be repeated, and each is a new one."""

    async def begin_anyway(self, key: str) -> Earlier | None:
        return None

    async def done_anyway(self, key: str, result: str = "") -> None:
        """Nothing."""

    async def forget_anyway(self, key: str) -> None:
        """Nothing."""


async def page_test(settings: Settings, name: str) -> list[Line]:
    """One line for each way, in their order. Raises KeyError where nobody has this key."""
    async with shared_client() as http:
        return await try_ways(channels(settings, http), settings.oncall, name, str(settings.web_ui_url))


async def try_ways(channels: Channels, schedule: Schedule, name: str, click: str) -> list[Line]:
    """The same with these channels. Every way is tried, for all severities and hours: it is a test."""
    ways = tuple(_ways(schedule.people[name].contacts, channels.team))
    now = utc_now()
    page = page_of(f"page-test/{now.isoformat()}", name, now, "somebody ran incidents doctor --page-test")
    found = await asyncio.gather(*(tried(channels, page, name, way, Nothing(), click=click) for way in ways))
    return [_line(way, delivery) for way, delivery in zip(ways, found, strict=True)]


def _ways(contacts: tuple[Contact, ...], team: tuple[str, ...]) -> Iterator[Way]:
    """The person's own, else the team's."""
    for number, contact in enumerate(contacts, 1):
        yield Way(channel=contact.channel, to=contact.to, name=f"{contact.channel}-{number}")
    if not contacts:
        yield from (Way(channel=channel, name=channel) for channel in team)


def _line(way: Way, delivery: Delivery) -> Line:
    receipt = f", receipt {delivery.receipt}" if delivery.receipt else ""
    receipt += ", open there until somebody resolves it there" if delivery.alarm else ""
    seen = f"{delivery.outcome}{receipt}" + (f": {delivery.why}" if delivery.why else "")
    verdict = VERDICTS.get(delivery.outcome, Verdict.BAD)
    do = "see the contact in [oncall.people], and the channel's settings"
    return Line(what=masked(way), verdict=verdict, seen=seen, do="" if verdict is Verdict.OK else do)
