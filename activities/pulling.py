"""Levers: plan, and apply once (design §7). Whether one helped is for a look to say, never for its own answer."""

from dataclasses import dataclass

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.catalog import Lever, all_levers
from activities.failures import as_failure
from activities.ledger import Ledger
from activities.outside import Ask, Outside
from incident.model.effects import ApplyLever, PlanLever
from incident.model.lever import LeverOutcome, LeverReport
from incident.model.outcomes import LeverApplied, LeverPlanned
from integrations.errors import IntegrationError


@dataclass(frozen=True)
class LeverActivities:
    outside: Outside
    ledger: Ledger

    @activity.defn
    async def plan_lever(self, effect: PlanLever) -> LeverPlanned:
        """What it would change, in words. Reads only. Raises ApplicationError."""
        ask = Ask(alert=effect.alert, since=effect.since, subjects_asked=effect.subjects)
        try:
            planned = await _lever(effect.lever).plan(ask, self.outside)
        except IntegrationError as error:
            raise as_failure(error) from error
        first, *more = planned if isinstance(planned, tuple) else (planned,)
        return LeverPlanned(plan=first, more=tuple(more))

    @activity.defn
    async def apply_lever(self, effect: ApplyLever) -> LeverApplied:
        """Do what was approved, once. Raises ApplicationError."""
        apply = _lever(effect.plan.lever).apply
        if apply is None:
            raise ApplicationError(f"{effect.plan.lever} is a procedure", type="NotSet", non_retryable=True)
        earlier = await self.ledger.begin(effect.key)
        if earlier and earlier.done:
            detail = earlier.result or "applied by an earlier attempt"
            report = LeverReport(lever=effect.plan.lever, outcome=LeverOutcome.APPLIED, detail=detail)
            return LeverApplied(proposal=effect.proposal, report=report)
        try:
            report = await apply(effect.plan, effect.approved_at, self.outside)
        except IntegrationError as error:
            raise as_failure(error) from error
        if report.outcome is LeverOutcome.APPLIED:
            await self.ledger.done(effect.key, report.detail)
        return LeverApplied(proposal=effect.proposal, report=report)


def _lever(name: str) -> Lever:
    found = all_levers().get(name)
    if found is None:
        raise ApplicationError(f"there is no lever {name!r} in activities/levers", type="NotSet", non_retryable=True)
    return found
