"""Consulting the runbook: the only activity that reads it."""

from dataclasses import dataclass, replace

from temporalio import activity

from incident.model.effects import ConsultRunbook
from incident.model.outcomes import Consulted
from runbook.catalog import playbook_for
from runbook.response import RESPONSE, at_speed


@dataclass(frozen=True)
class RunbookActivities:
    speed: float
    witnesses: tuple[str, ...] = ()
    """Public keys of our bridges."""

    @activity.defn
    async def consult_runbook(self, effect: ConsultRunbook) -> Consulted:
        """What the runbook says about this alert, and how we respond. An unknown alert has an honest, empty entry."""
        policy = replace(at_speed(RESPONSE, self.speed), witnesses=self.witnesses)
        return Consulted(playbook=playbook_for(effect.alert), policy=policy)
