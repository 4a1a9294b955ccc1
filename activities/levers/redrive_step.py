"""Re-drive only the failed step of a provisioning saga, one plan for each stuck job (runbook §3.1).

Here is the plan only: it reads and says in words what would run again and what would not. Carrying it out takes
guards, a fence and a long look at the world, so it is a procedure of its own (`workflows/redrive.py`).
"""

import asyncio

from pydantic import TypeAdapter

from activities.outside import Ask, Outside
from activities.saga_desk import SagaDesk
from incident.model.lever import LeverPlan
from integrations.errors import IntegrationError
from saga.effects import Move
from saga.moves import RedrivePlan
from saga.wording import in_words

NAME = "redrive_step"
PROCEDURE = "Redrive"
PLAN: TypeAdapter[RedrivePlan] = TypeAdapter(RedrivePlan)


async def plan(ask: Ask, outside: Outside) -> LeverPlan | tuple[LeverPlan, ...]:
    """One plan for each subject that is asked for. What cannot be read is nobody's to re-drive."""
    desk = outside.sagas
    if desk is None:
        why = "no saga is set: set INCIDENTS_PROVISIONING__TEMPORAL_ADDRESS"
        return LeverPlan(lever=NAME, target="", would="re-drive the failed step", impossible=why)
    return tuple(await asyncio.gather(*(_plan(subject, desk) for subject in ask.subjects_asked)))


async def _plan(subject: str, desk: SagaDesk) -> LeverPlan:
    if subject.startswith("job:"):
        return _impossible(subject, "the app says it is stuck, and no saga of it was found", "")
    try:
        found = await desk.plan(await desk.current(subject))
    except IntegrationError as error:
        return _impossible(subject, f"its saga cannot be read: {error}", "")
    return _in_words(subject, found)


def _in_words(subject: str, found: RedrivePlan) -> LeverPlan:
    if found.first.move is Move.HAND_OVER:
        return _impossible(subject, found.held, "; ".join(found.found))
    step = found.target.type if found.target else "no step"
    return LeverPlan(
        lever=NAME,
        target=f"{found.run.run_id}-{step}",
        would=in_words(found),
        touches=(subject, step),
        held=found.held if found.first.move is Move.WAIT else "",
        subject=subject,
        approval=found.approval,
        procedure=PROCEDURE,
        carries=PLAN.dump_python(found, mode="json"),
    )


def _impossible(subject: str, why: str, found: str) -> LeverPlan:
    return LeverPlan(
        lever=NAME, target=subject, would=found or "re-drive its failed step", impossible=why, subject=subject
    )
