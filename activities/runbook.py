"""Consulting the runbook: the only activity that reads it."""

from dataclasses import dataclass

from temporalio import activity

from incident.model.effects import ConsultRunbook
from incident.model.outcomes import Consulted
from runbook.catalog import playbook_for
from runbook.response import RESPONSE, at_speed


@dataclass(frozen=True)
class RunbookActivities:
    speed: float

    @activity.defn
    async def consult_runbook(self, effect: ConsultRunbook) -> Consulted:
        """What the runbook says about this alert, and how we respond. An unknown alert has an honest, empty entry."""
        return Consulted(playbook=playbook_for(effect.alert), policy=at_speed(RESPONSE, self.speed))
