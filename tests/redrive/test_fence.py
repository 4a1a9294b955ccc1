"""The cron is paused while we work, and un-paused whatever becomes of us (issue 4 §3, fence)."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import (
    ScheduleIntervalSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowHandle,
)

from activities.saga_fence import sweep
from incident.model.finding import Status
from incident.model.lever import LeverOutcome
from integrations.clock import utc_now
from saga.asking import RedriveAsk
from tests.redrive.lane import MOVE, SAID_BY_CRON, Lane, Place, Stop, reported, unanswered
from tests.redrive.stuck import handle, is_paused, redriven, runs_again, stuck
from tests.redrive.test_malformed import seen
from tests.waiting import eventually
from worker.sweeping import sweeping

pytestmark = pytest.mark.timeout(240)
SHORT = timedelta(seconds=2)
BEFORE_THE_MOVE = Place(phase="act", number=MOVE)
AFTERWARDS = Place(phase="see", number=0)
Call = Callable[[], Awaitable[Any]]


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of a quarter of an hour."""
    monkeypatch.setattr(RedriveAsk, "lease", property(lambda _: SHORT))


def at(place: Place, do: Callable[[], Awaitable[None]]) -> Stop:
    """`do` happens just before that call."""

    async def first(call: Call) -> Any:
        await do()
        return await call()

    return Stop(place, first)


async def wait_here(lane: Lane, place: Place, job: str) -> tuple[WorkflowHandle[Any, Any], asyncio.Event]:
    """A re-drive that stands at `place` until the event is set; the cron is paused then."""
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        arrived.set()
        while not go_on.is_set():
            activity.heartbeat()
            with suppress(TimeoutError):
                await asyncio.wait_for(go_on.wait(), 0.5)

    plan = await lane.planned((await stuck(lane, job)).id)
    lane.hand.begin(at(place, wait))
    ours = await lane.redrive(plan)
    await asyncio.wait_for(arrived.wait(), 60)
    return ours, go_on


async def test_the_cron_is_paused_while_a_step_is_redriven(lane: Lane) -> None:
    """Anybody can read in the note for whom, and until when; afterwards its old note is back."""
    ours, go_on = await wait_here(lane, BEFORE_THE_MOVE, "f1")
    meanwhile = (await lane.cron()).schedule.state
    go_on.set()
    await reported(ours)
    after = (await lane.cron()).schedule.state
    assert (meanwhile.paused, ours.id in (meanwhile.note or ""), "incident-1" in (meanwhile.note or "")) == (
        True,
        True,
        True,
    )
    assert (after.paused, after.note) == (False, SAID_BY_CRON)


async def test_a_cron_that_fires_each_second_does_not_fire_meanwhile(lane: Lane) -> None:
    """And goes on firing when we are through."""
    plan = await lane.planned((await stuck(lane, "f2")).id)
    lane.rig.providers.faults.switch_on("create_database", "slow", 1, 3.0)
    fired: list[int] = []

    async def count() -> None:
        fired.append((await lane.cron()).info.num_actions)

    async def each_second(told: ScheduleUpdateInput) -> ScheduleUpdate:
        told.description.schedule.spec.intervals = [ScheduleIntervalSpec(every=timedelta(seconds=1))]
        return ScheduleUpdate(told.description.schedule)

    async def hurry() -> None:
        await handle(lane).update(each_second)
        await count()

    lane.hand.begin(at(BEFORE_THE_MOVE, hurry), at(Place(phase="unfence", number=0), count))
    report = await reported(await lane.redrive(plan, patience=timedelta(seconds=60)))
    assert report
    assert report.outcome is LeverOutcome.VERIFIED, report

    async def fires() -> bool:
        return (await lane.cron()).info.num_actions > fired[-1]

    await eventually(fires, "the cron fires again")
    assert fired[0] == fired[1]


async def test_a_terminated_procedure_leaves_a_lease_that_ends(lane: Lane, short_leases: None) -> None:
    """Nobody is left to let the cron go, but any sweeper."""
    ours, go_on = await wait_here(lane, BEFORE_THE_MOVE, "f3")
    await ours.terminate("by a person")
    go_on.set()
    assert await is_paused(lane)
    async with sweeping(lane.rig.desk, every_s=0.2):
        await runs_again(lane)


async def test_a_terminated_procedure_does_not_act_any_more(lane: Lane) -> None:
    """Its activity does not know yet: it asks, just before the move."""
    plan = await lane.planned((await stuck(lane, "f4")).id)
    ours: list[WorkflowHandle[Any, Any]] = []

    async def end_it() -> None:
        await ours[0].terminate("by a person")

    lane.hand.begin(at(Place(phase="act", number=1), end_it))
    ours.append(await lane.redrive(plan))
    assert await reported(ours[0]) is None

    async def ended() -> bool:
        return lane.hand.under_way == 0

    await eventually(ended, "the activity ends")
    assert lane.hand.moves == 0
    await sweep(lane.rig.desk, utc_now() + timedelta(hours=1))


async def test_with_all_of_ours_dead_the_sweeper_alone_lets_the_cron_go(lane: Lane, short_leases: None) -> None:
    """Our engine may be gone for longer than the lease: the sweeper needs the saga's engine, and the note."""
    _, go_on = await wait_here(lane, BEFORE_THE_MOVE, "f5")
    lane.dead += 1
    lane.kill()
    async with sweeping(lane.rig.desk, every_s=0.2):
        await runs_again(lane)
    await lane.start()  # an hour later our engine is back, and what was under way goes on
    go_on.set()


async def test_a_lease_that_ended_before_the_move_is_taken_anew(lane: Lane, short_leases: None) -> None:
    """We were gone for long between the guard and the act; somebody swept meanwhile."""

    async def swept() -> None:
        await sweep(lane.rig.desk, utc_now() + timedelta(hours=1))

    paused: list[bool] = []

    async def look() -> None:
        paused.append(await is_paused(lane))

    plan = await lane.planned((await stuck(lane, "f6")).id)
    lane.hand.begin(at(Place(phase="act", number=0), swept), at(BEFORE_THE_MOVE, look))
    await reported(await lane.redrive(plan))
    assert paused == [True]


async def test_a_cancelled_procedure_lets_the_cron_go(lane: Lane) -> None:
    """And says that nothing was done."""
    ours, go_on = await wait_here(lane, Place(phase="guard", number=0), "f7")
    await ours.cancel()
    go_on.set()
    report = await reported(ours)
    assert report
    assert (report.outcome, await is_paused(lane), lane.hand.moves) == (LeverOutcome.HELD, False, 0)


async def test_cancelled_while_it_lets_the_cron_go_it_tries_again(lane: Lane) -> None:
    """Its first try fails in that moment."""
    plan = await lane.planned((await stuck(lane, "f14")).id)
    ours: list[WorkflowHandle[Any, Any]] = []

    async def cancelled(call: Call) -> Any:
        await ours[0].cancel()
        return await unanswered(call)

    lane.hand.begin(Stop(Place(phase="unfence", number=0), cancelled))
    ours.append(await lane.redrive(plan))
    report = await reported(ours[0])
    assert report
    assert (report.outcome, await is_paused(lane)) == (LeverOutcome.VERIFIED, False)


async def test_a_holder_may_be_called_anything(lane: Lane) -> None:
    """Activity types are free text, and so are ids of incidents started by hand."""
    plan = await lane.planned((await stuck(lane, "f15")).id)
    ours = await lane.redrive(replace(plan, target="a b\nc – until 2020 for x"), "an incident\nof mine")
    report = await reported(ours)
    assert report
    assert (report.outcome, await is_paused(lane)) == (LeverOutcome.VERIFIED, False)


async def test_a_procedure_that_is_reset_acts_once_and_lets_the_cron_go(lane: Lane) -> None:
    """Somebody resets ours to its beginning: its guards see that the step was re-driven."""
    ours = await redriven(lane, "f8")
    await reported(ours)
    first = 0
    async for event in ours.fetch_history_events():
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            first = event.event_id
            break
    again = await lane.rig.ours.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=lane.rig.ours.namespace,
            workflow_execution=WorkflowExecution(workflow_id=ours.id, run_id=ours.result_run_id),
            workflow_task_finish_event_id=first,
            request_id="by-hand",
            reason="a tired person",
        )
    )
    report = await reported(
        lane.rig.ours.get_workflow_handle(ours.id, run_id=again.run_id, result_type=type(await reported(ours)))
    )
    assert report
    assert (report.outcome, lane.hand.moves, await is_paused(lane)) == (LeverOutcome.HELD, 1, False)


async def test_a_persons_own_pause_stays(lane: Lane) -> None:
    """With their note, as it was."""
    await handle(lane).pause(note="INC-7: ana looks into it")
    await reported(await redriven(lane, "f9"))
    state = (await lane.cron()).schedule.state
    assert (state.paused, state.note) == (True, "INC-7: ana looks into it")


async def test_a_pause_that_a_person_makes_meanwhile_stays(lane: Lane) -> None:
    """Over ours: the note is theirs then, and nobody of us lifts it."""
    ours, go_on = await wait_here(lane, AFTERWARDS, "f10")
    await handle(lane).pause(note="ana: leave it")
    go_on.set()
    await reported(ours)
    state = (await lane.cron()).schedule.state
    assert (state.paused, state.note) == (True, "ana: leave it")


async def test_the_cron_stays_paused_until_the_last_of_two_is_through(lane: Lane) -> None:
    """Two jobs at once hold it together."""
    ours, go_on = await wait_here(lane, AFTERWARDS, "f11")
    other = await lane.planned((await stuck(lane, "f12", "create_dns")).id)
    await reported(await lane.redrive(other))
    meanwhile = await is_paused(lane)
    go_on.set()
    await reported(ours)
    assert (meanwhile, await is_paused(lane)) == (True, False)


async def test_a_cron_run_that_does_not_end_means_not_now(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be driving this very job."""
    monkeypatch.setattr("activities.saga_fence.RUN_ENDS_WITHIN", 3)
    plan = await lane.planned((await stuck(lane, "f13")).id)
    lane.rig.providers.faults.switch_on("create_database", "hang", 1, 30.0)

    real = lane.rig.desk.sagas.schedule

    async def busy(call: Call) -> Any:
        told = await real("reconcile-provisioning")
        told.info.running_workflows.add(workflow_id="reconcile-run", run_id="1")
        return told

    lane.hand.begin(*(Stop(Place(phase="fence", number=number), busy) for number in range(2, 8)))
    report = await reported(await lane.redrive(plan))
    assert report
    assert (report.outcome, "does not end" in report.detail, lane.hand.moves) == (LeverOutcome.HELD, True, 0)


async def test_a_fence_whose_lease_has_ended_is_a_finding(lane: Lane, short_leases: None) -> None:
    """Whoever reads the check sees that nobody holds the cron any more."""
    ours, go_on = await wait_here(lane, BEFORE_THE_MOVE, "f16")
    await ours.terminate("by a person")
    go_on.set()

    async def told() -> bool:
        finding = await seen(lane.rig.desk, "reconcile_cron")
        return finding.status is Status.BAD and "lease has ended" in finding.summary

    await eventually(told, "the check says so")
    await sweep(lane.rig.desk, utc_now() + timedelta(hours=1))
