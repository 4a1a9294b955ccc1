"""Telling providers that keep an incident of their own how ours stands."""

from dataclasses import dataclass

from temporalio import activity

from activities.failures import as_failure
from incident.model.effects import Settle, Standing
from incident.model.outcomes import Settled
from integrations.errors import IntegrationError
from integrations.ports import Channels, Settles
from oncall.schedule import Schedule


@dataclass(frozen=True)
class SettlingActivities:
    channels: Channels
    schedule: Schedule

    @activity.defn
    async def settle(self, effect: Settle) -> Settled:
        """Tell each keeper of these people; saying it twice is harmless. Raises ApplicationError.

        Every address of theirs on a keeper's channel is told: which of them rang may have hung on the hour.
        """
        told = dict.fromkeys((c, to, alarm.name) for alarm in effect.alarms for c, to in self._keepers(alarm.person))
        try:
            for channel, to, name in told:
                await self._tell(channel, to, name, effect.standing)
        except IntegrationError as error:
            raise as_failure(error) from error
        return Settled(standing=effect.standing, channels=tuple(dict.fromkeys(channel for channel, *_ in told)))

    def _keepers(self, person: str) -> list[tuple[str, str]]:
        """Channel and address; of the whole team's, where the person has none of their own."""
        known = self.schedule.people.get(person)
        own = [(contact.channel, contact.to.get_secret_value()) for contact in known.contacts] if known else []
        pairs = own or [(channel, "") for channel in self.channels.team]
        return [(channel, to) for channel, to in pairs if isinstance(self.channels.pagers.get(channel), Settles)]

    async def _tell(self, channel: str, to: str, alarm: str, standing: Standing) -> None:
        keeper = self.channels.pagers[channel]
        assert isinstance(keeper, Settles)
        tell = keeper.acknowledged if standing is Standing.ACKNOWLEDGED else keeper.resolved
        await tell(alarm, to=to)
