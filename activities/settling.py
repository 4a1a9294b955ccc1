"""Telling providers that keep an incident of their own how ours stands."""

from dataclasses import dataclass

from temporalio import activity

from activities.failures import as_failure
from incident.model.effects import Settle
from incident.model.outcomes import Settled
from integrations.errors import IntegrationError
from integrations.keepers import settle
from integrations.ports import Channels
from oncall.schedule import Schedule


@dataclass(frozen=True)
class SettlingActivities:
    channels: Channels
    schedule: Schedule

    @activity.defn
    async def settle(self, effect: Settle) -> Settled:
        """Tell each keeper of these people; saying it twice is harmless. Raises ApplicationError."""
        try:
            told = await settle(self.channels, self.schedule, effect.alarms, effect.standing)
        except IntegrationError as error:
            raise as_failure(error) from error
        return Settled(standing=effect.standing, channels=told)
