"""Providers that keep an incident of their own: telling each of them how ours stands."""

from collections.abc import Iterable

from incident.model.alarm import Alarm
from incident.model.effects import Standing
from integrations.ports import Channels, Settles
from oncall.schedule import Schedule


async def settle(
    channels: Channels, schedule: Schedule, alarms: Iterable[Alarm], standing: Standing
) -> tuple[str, ...]:
    """Channels that were told; saying it twice is harmless. Raises Unreachable, RateLimited, Refused.

    Every address of these people on a keeper's channel is told: which of them rang may have hung on the hour.
    """
    told = dict.fromkeys((c, to, a.name) for a in alarms for c, to in _keepers(channels, schedule, a.person))
    for channel, to, name in told:
        keeper = channels.pagers[channel]
        assert isinstance(keeper, Settles)
        tell = keeper.acknowledged if standing is Standing.ACKNOWLEDGED else keeper.resolved
        await tell(name, to=to)
    return tuple(dict.fromkeys(channel for channel, *_ in told))


def _keepers(channels: Channels, schedule: Schedule, person: str) -> list[tuple[str, str]]:
    """Channel and address; of the whole team's, where the person has none of their own."""
    known = schedule.people.get(person)
    own = [(contact.channel, contact.to.get_secret_value()) for contact in known.contacts] if known else []
    pairs = own or [(channel, "") for channel in channels.team]
    return [(channel, to) for channel, to in pairs if isinstance(channels.pagers.get(channel), Settles)]
