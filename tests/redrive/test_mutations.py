"""Each guard is needed: switched off alone, it makes a case of the product fail (issue 4 §5)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.common import RetryPolicy

import activities.moving
import activities.redriving
import activities.saga_desk
import saga.effects
from incident.model.lever import LeverReport
from saga.asking import Fenced, RedriveAsk
from saga.guards import still_true
from saga.moves import Answer, Reconciled
from tests.redrive.lane import Lane
from tests.redrive.play import play
from tests.redrive.product import CAUGHT_BY, read
from tests.redrive.test_product import NUMBERS
from workflows.contract import PATIENT_QUEUE
from workflows.redrive import RedriveWorkflow

Patch = pytest.MonkeyPatch
ACTS = activities.redriving
TRIES = 3
"""A fault that comes late may, on a busy machine, come too late to do harm."""


@workflow.defn(name="Redrive")
class ActsAgain(RedriveWorkflow):
    """Its one move is tried until it is answered."""

    @workflow.run
    async def run(self, ask: RedriveAsk) -> LeverReport:
        return await super().run(ask)

    async def _do(self, doing: Any, ask: Any, summary: str, *, attempts: int) -> Any:
        return await super()._do(doing, ask, summary, attempts=max(attempts, 4))


@workflow.defn(name="Redrive")
class DoesNotWait(RedriveWorkflow):
    """Cancelled, it leaves its activities to themselves."""

    @workflow.run
    async def run(self, ask: RedriveAsk) -> LeverReport:
        return await super().run(ask)

    async def _do(self, doing: Any, ask: Any, summary: str, *, attempts: int) -> Any:
        return await workflow.execute_activity_method(
            doing,
            ask,
            task_queue=PATIENT_QUEUE,
            start_to_close_timeout=timedelta(seconds=20),
            heartbeat_timeout=timedelta(seconds=3),
            retry_policy=RetryPolicy(maximum_attempts=attempts),
        )


def _says(answer: Any) -> Callable[..., Awaitable[Any]]:
    async def say(*_: Any) -> Any:
        return answer

    return say


def _not_looked_at(patch: Patch, lane: Lane) -> None:
    patch.setattr(ACTS, "_no_longer", _says(""))


def _not_at_the_last_moment(patch: Patch, lane: Lane) -> None:
    real = ACTS._no_longer

    async def only_before(ask: Any, desk: Any) -> str:
        return "" if activity.info().activity_type == "carry_out_move" else await real(ask, desk)

    patch.setattr(ACTS, "_no_longer", only_before)


def _not_fenced(patch: Patch, lane: Lane) -> None:
    patch.setattr(ACTS, "stand_aside", _says(Fenced()))


def _it_did_not(patch: Patch, lane: Lane) -> None:
    patch.setattr(activities.saga_desk.SagaDesk, "reconciled", _says(Reconciled(answer=Answer.DID_NOT)))


def _no_is_no(patch: Patch, lane: Lane) -> None:
    real = activities.saga_desk.SagaDesk.reconciled

    async def bold(self: Any, found: Any) -> Reconciled:
        answer = await real(self, found)
        return replace(answer, answer=Answer.DID_NOT) if answer.answer is Answer.CANNOT_TELL else answer

    patch.setattr(activities.saga_desk.SagaDesk, "reconciled", bold)


def _not_asked_again(patch: Patch, lane: Lane) -> None:
    patch.setattr(ACTS, "still_true", lambda plan, now, _=None: still_true(plan, now))


def _not_counted(patch: Patch, lane: Lane) -> None:
    patch.setattr(activities.saga_desk, "redrives_so_far", lambda _: 0)


def _acts_again(patch: Patch, lane: Lane) -> None:
    patch.setattr(lane, "workflow", ActsAgain)


def _whatever_runs(patch: Patch, lane: Lane) -> None:
    patch.setattr(saga.effects.MoveEffect, "only_target", property(lambda _: True))


def _two_at_a_time(patch: Patch, lane: Lane) -> None:
    patch.setattr(lane, "one_at_a_time", False)


def _acts_late(patch: Patch, lane: Lane) -> None:
    patch.setattr(ACTS, "_not_wanted", _says(""))


def _does_not_wait(patch: Patch, lane: Lane) -> None:
    patch.setattr(lane, "workflow", DoesNotWait)


def _keeps_the_cron(patch: Patch, lane: Lane) -> None:
    patch.setattr(ACTS, "let_go", _says(None))


def _keeps_the_pause(patch: Patch, lane: Lane) -> None:
    patch.setattr(ACTS, "leave_nothing_paused", _says(None))


SWITCHED_OFF = {
    "the plan is not looked at again": _not_looked_at,
    "nor at the last moment": _not_at_the_last_moment,
    "the cron is not fenced": _not_fenced,
    "the provider always says: it did not happen": _it_did_not,
    "who cannot tell is taken to say no": _no_is_no,
    "the provider is not asked again": _not_asked_again,
    "re-drives are not counted": _not_counted,
    "the move is made again when it failed": _acts_again,
    "what else would run does not matter": _whatever_runs,
    "two may work on one step": _two_at_a_time,
    "a late wake-up acts": _acts_late,
    "cancelled, nobody waits for the act": _does_not_wait,
    "the cron is not let go": _keeps_the_cron,
    "a pause of ours stays": _keeps_the_pause,
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("guard", SWITCHED_OFF)
async def test_a_case_notices_when_this_guard_is_off(lane: Lane, guard: str, monkeypatch: Patch) -> None:
    """The same case passes with the guard on: it is one of those of test_product.py."""
    SWITCHED_OFF[guard](monkeypatch, lane)
    lane.kill()
    await lane.start()
    tries = [await play(lane, read(CAUGHT_BY[guard]), next(NUMBERS))]
    while not tries[-1].wrong and len(tries) < TRIES:
        tries.append(await play(lane, read(CAUGHT_BY[guard]), next(NUMBERS)))
    assert tries[-1].wrong
