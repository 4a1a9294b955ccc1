"""One case from beginning to end, and what must be true after it: read from the ledger and the engine, not from us."""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, PendingActivityState, WorkflowTaskFailedCause
from temporalio.api.workflowservice.v1 import (
    DeleteWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    ResetActivityRequest,
)
from temporalio.client import Client, ScheduleActionExecutionStartWorkflow, WorkflowExecutionStatus, WorkflowHandle
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.saga_fence import sweep
from gameday.provisioning.contract import SCHEDULE_ID, STEPS
from gameday.provisioning.cron import FAILED
from gameday.provisioning.faults import LOOK_UP
from gameday.provisioning.resetting import reset_to_first_task
from gameday.provisioning.tenant_health import tenant_health
from incident.model.lever import LeverOutcome, LeverPlan, LeverReport
from integrations.clock import utc_now
from integrations.sagas import Execution
from tests.redrive.lane import (
    KNOWN,
    MOVE,
    PATIENCE,
    QUICKLY,
    SAID_BY_CRON,
    Lane,
    Place,
    Stop,
    lost,
    reported,
    stand_still,
    unanswered,
)
from tests.redrive.product import ALL_FAILURES as FAILURES
from tests.redrive.product import LATE, Case
from tests.waiting import eventually

OUR_REASON = "redrive-"
OUR_IDENTITY = "incidents"
LONG = 180.0
"""Seconds a healthy world may take to come to rest on a machine that is busy with much else."""
LONGER_THAN_A_LEASE = timedelta(hours=1)
MOST_ROUNDS = 4
TRIES = 3
STILL_IN_THE_MOVE = (Place(phase="act", number=MOVE), "late")
"""Between its last look and its call a process stands still for longer than anybody looks: nobody can know."""
Row = dict[str, Any]


@dataclass
class Played:
    """`wrong`: what must be true and is not; empty: all is well."""

    case: Case
    wrong: list[str] = field(default_factory=list)
    plans: list[LeverPlan] = field(default_factory=list)
    reports: list[LeverReport | None] = field(default_factory=list)
    cut_reached: bool = False
    raced: bool = False
    well: bool = False

    @property
    def acted(self) -> bool:
        return bool(self.reports)

    @property
    def end(self) -> str:
        """For the table."""
        if self.well:
            return "provisioned"
        if not self.reports:
            return "left alone" if self.plans and self.plans[-1].held else "handed over"
        last = self.reports[-1]
        return str(last.outcome) if last else "ended by a person"


async def play(lane: Lane, case: Case, number: int) -> Played:
    """The case with a customer of its own."""
    played = Played(case)
    await lane.reset()
    saga = await _stuck(lane, case, f"{case.shape[:3]}{number}")
    customer, mark = customer_of(saga), _last(lane)
    stops = _stops(lane, case, played, saga)
    lane.hand.begin(*stops)
    for _ in range(MOST_ROUNDS):
        plan = await lane.planned(saga.id)
        played.plans.append(plan)
        if plan.impossible or plan.held:
            break
        played.reports.append(await _carried_out(lane, plan))
        if case.failure != "stays" or (played.reports[-1] and played.reports[-1].outcome is not LeverOutcome.FAILED):
            break
    played.cut_reached = bool(case.cut) and stops[0].reached
    await _all_quiet(lane, saga, case)
    if case.cut and case.cut[1] in {"terminate", "late"}:
        # Nobody of ours is left to let the cron go: the lease ends, and the sweeper sees it.
        await sweep(lane.rig.desk, utc_now() + LONGER_THAN_A_LEASE)
    played.well = await _is_well(lane, saga, customer, promised=_said(played, LeverOutcome.VERIFIED))
    played.wrong = await _wrong(lane, played, saga, mark)
    await _forget(lane, saga, customer)
    return played


# ── the world ────────────────────────────────────────────────────────────────────────────────────────────────────────


class AnotherWorld(Exception):
    """The saga ended at another step than the case is about: this machine is too busy for its patience."""


async def _stuck(lane: Lane, case: Case, job: str) -> WorkflowHandle[Any, Any]:
    """A saga that failed as the case says, and rests."""
    failure = FAILURES[case.failure]
    for more in range(1, TRIES + 1):
        lane.rig.providers.faults.switch_on(case.step, failure.kind, failure.times, failure.seconds)
        patience = replace(failure.patience, attempt_s=failure.patience.attempt_s * more)
        saga = await lane.rig.buy(f"{job}-{more}", **(case.order | {"patience": patience}))
        try:
            await eventually(partial(_rests, lane, saga, case), f"{case}: the saga rests", within_s=LONG)
        except AnotherWorld:
            continue
        if case.racer and case.racer[1] == "cron":
            await eventually(partial(_is_listed, lane, saga), f"{case}: visibility knows", within_s=LONG)
        return lane.rig.sagas.get_workflow_handle(saga.id)
    raise AssertionError(f"{case}: no saga of {TRIES} failed at {case.step}")


async def _rests(lane: Lane, saga: WorkflowHandle[Any, Any], case: Case) -> bool:
    """Closed, or nothing of it runs; and the provider is done with the call that failed. Raises AnotherWorld."""
    told = (await lane.rig.sagas.get_workflow_handle(saga.id).describe()).raw_description
    closed = _is_closed(told)
    calls = rows(lane, customer_of(saga))
    hits = [row for row in calls if row["step"] == case.step]
    if closed and not hits:
        raise AnotherWorld
    busy = case.failure != LATE and any(row["outcome"] == "running" for row in calls)
    if not hits or busy:
        return False
    if closed:
        return True
    if (told.pending_activities or told.pending_children) and FAILURES[case.failure].patience.first_wait_s < 1:
        return False  # its next attempt comes in a moment
    return await _stands(lane, saga.id)


def _is_closed(told: DescribeWorkflowExecutionResponse) -> bool:
    """For good: a run that ends only to go on in a new one may be the latest for an instant."""
    goes_on = (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)
    return told.workflow_execution_info.status not in goes_on


async def _is_listed(lane: Lane, saga: WorkflowHandle[Any, Any]) -> bool:
    closed = (await lane.rig.sagas.get_workflow_handle(saga.id).describe()).status != WorkflowExecutionStatus.RUNNING
    return not closed or saga.id in {run.id async for run in lane.rig.sagas.list_workflows(FAILED)}


def rows(lane: Lane, customer: str) -> list[Row]:
    """The providers' own ledger."""
    return lane.rig.providers.store.rows("SELECT * FROM ledger WHERE customer = ? ORDER BY n", customer)


def customer_of(saga: WorkflowHandle[Any, Any]) -> str:
    return f"Customer-{saga.id.removeprefix('provision-')}"


def _last(lane: Lane) -> int:
    found = lane.rig.providers.store.row("SELECT max(n) AS last FROM ledger")
    return int(found["last"] or 0) if found else 0


async def _is_well(lane: Lane, saga: WorkflowHandle[Any, Any], customer: str, *, promised: bool) -> bool:
    """Provisioned, by the providers' word and the engine's.

    Where we said so, a later step may still be at it: on a busy machine it is tried more than once.
    """

    async def well() -> bool:
        closed = (await saga.describe()).status is WorkflowExecutionStatus.COMPLETED
        return closed and all(check.ok for check in await tenant_health(lane.rig.providers, customer))

    if promised:
        with suppress(AssertionError):
            return await eventually(well, "what we called verified goes on to its end")
    return await well()


def _said(played: Played, outcome: LeverOutcome) -> bool:
    last = played.reports[-1] if played.reports else None
    return last is not None and last.outcome is outcome


# ── what happens to us, and who races us ─────────────────────────────────────────────────────────────────────────────


async def _carried_out(lane: Lane, plan: LeverPlan) -> LeverReport | None:
    try:
        return await reported(await lane.redrive(plan))
    except WorkflowAlreadyStartedError:  # a racer was first: its end is ours
        return await reported(lane.rig.ours.get_workflow_handle(f"redrive-{plan.target}", result_type=LeverReport))


def _stops(lane: Lane, case: Case, played: Played, saga: WorkflowHandle[Any, Any]) -> list[Stop]:
    stops = []
    if case.cut:
        stops.append(Stop(case.cut[0], _cut(lane, played, case.cut[1])))
    if case.racer:
        place, who = case.racer
        racers = {"operator": _operator, "human": _human, "naive": _naive, "cron": cron_fires, "provider": _provider}
        racing = racers[who]

        async def first(call: Callable[[], Awaitable[Any]]) -> Any:
            played.raced = True
            await racing(lane, case, played, saga)
            return await call()

        stops.append(Stop(place, first))
    return stops


def _cut(lane: Lane, played: Played, how: str) -> Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]:
    async def kill(call: Callable[[], Awaitable[Any]]) -> None:
        await lane.die_here()

    async def kill_after(call: Callable[[], Awaitable[Any]]) -> None:
        await call()
        await lane.die_here()

    async def late(call: Callable[[], Awaitable[Any]]) -> Any:
        await stand_still((QUICKLY["BEAT"] + PATIENCE).total_seconds() + 2)
        return await call()

    async def terminate(call: Callable[[], Awaitable[Any]]) -> Any:
        await _ours(lane, played).terminate("by a person")
        return await call()

    async def cancel(call: Callable[[], Awaitable[Any]]) -> Any:
        ours = _ours(lane, played)
        await ours.cancel()
        with suppress(TimeoutError):  # whoever does not wait for us has ended by then
            await reported(ours, within_s=1.5)
        return await call()

    async def silent(call: Callable[[], Awaitable[Any]]) -> Any:
        lane.rig.providers.faults.switch_on(LOOK_UP, "fail")
        return await call()

    ways = {"silent": silent, "before": unanswered, "lost": lost, "kill": kill, "kill_after": kill_after}
    return (ways | {"late": late, "terminate": terminate, "cancel": cancel})[how]


def _ours(lane: Lane, played: Played) -> WorkflowHandle[Any, Any]:
    return lane.rig.ours.get_workflow_handle(f"redrive-{played.plans[-1].target}", result_type=LeverReport)


async def _operator(lane: Lane, case: Case, played: Played, saga: WorkflowHandle[Any, Any]) -> None:
    """Has approved the same plan in another incident. Started while ours runs, it is refused; else it must see."""
    try:
        other = await lane.redrive(played.plans[-1], "incident-2")
    except WorkflowAlreadyStartedError:
        return
    await reported(other)


async def _human(lane: Lane, case: Case, played: Played, saga: WorkflowHandle[Any, Any]) -> None:
    """The right move, by hand, and as far as it comes within a moment."""
    carries = played.plans[-1].carries
    run_id, step = carries["run"]["run_id"], carries["target"]["type"]
    told = (await saga.describe()).raw_description
    if told.pending_activities:
        request = ResetActivityRequest(
            namespace=lane.rig.sagas.namespace,
            execution=WorkflowExecution(workflow_id=saga.id, run_id=run_id),
            id=told.pending_activities[0].activity_id,
        )
        await lane.rig.sagas.workflow_service.reset_activity(request)
    elif case.shape == "parked":
        await saga.execute_update("retry_step", {"step": step})
    else:
        effect = carries["moves"][0]["effect"]
        await lane.rig.desk.sagas.reset(
            Execution(workflow_id=saga.id, run_id=run_id),
            effect["reset_event_id"] or _deciding(carries),
            request_id=f"by-hand-{run_id}",
            reason="by hand",
        )
    await _for_a_moment(lane, saga)


def _deciding(carries: dict[str, Any]) -> int:
    """A new run was planned: whoever does it by hand resets to the task before the step."""
    return int(carries["target"]["scheduled_id"]) - 1


async def _naive(lane: Lane, case: Case, played: Played, saga: WorkflowHandle[Any, Any]) -> None:
    run_id = (await saga.describe()).run_id
    await reset_to_first_task(lane.rig.sagas, saga.id, run_id, by="tired-operator")
    await _for_a_moment(lane, saga)


async def _provider(lane: Lane, case: Case, played: Played, saga: WorkflowHandle[Any, Any]) -> None:
    """The call that nobody waited for any more gets through after all."""
    lane.rig.providers.faults.switch_off(case.step)

    async def done() -> bool:
        return all(row["outcome"] != "running" for row in rows(lane, customer_of(saga)))

    await eventually(done, "the old call is through")


async def cron_fires(lane: Lane, case: Case, played: Played, saga: WorkflowHandle[Any, Any]) -> None:
    """At this instant, unless it is paused: a pause is what a schedule looks at before it fires."""
    schedule = lane.rig.sagas.get_schedule_handle(SCHEDULE_ID)
    told = await schedule.describe()
    if told.schedule.state.paused:
        return
    await schedule.trigger()

    async def fired() -> bool:
        return (await schedule.describe()).info.num_actions > told.info.num_actions

    await eventually(fired, "the cron fires")
    if case.racer and case.racer[0].phase == "act":  # unfenced in earnest: let it do its worst
        ran = (await schedule.describe()).info.recent_actions[-1].action
        assert isinstance(ran, ScheduleActionExecutionStartWorkflow)
        await lane.rig.sagas.get_workflow_handle(ran.workflow_id, run_id=ran.first_execution_run_id).result()
        await _for_a_moment(lane, saga)


async def _for_a_moment(lane: Lane, saga: WorkflowHandle[Any, Any]) -> None:
    """Until what was begun has ended, or is stuck again."""
    await eventually(partial(_stands, lane, saga.id), "the saga comes to rest", within_s=LONG)


async def _stands(lane: Lane, workflow_id: str) -> bool:
    """Closed, parked, or between two attempts; and so its children."""
    saga = lane.rig.sagas.get_workflow_handle(workflow_id)
    told = (await saga.describe()).raw_description
    if _is_closed(told):
        return True
    if told.workflow_execution_info.status != WorkflowExecutionStatus.RUNNING:
        return False
    waits = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
    under_way = [a for a in told.pending_activities if not a.paused and (a.state != waits or a.attempt == 1)]
    if under_way or told.HasField("pending_workflow_task"):
        return False
    children = [child.workflow_id for child in told.pending_children]
    return all([await _stands(lane, child) for child in children])


# ── afterwards ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def _all_quiet(lane: Lane, saga: WorkflowHandle[Any, Any], case: Case) -> None:
    """No activity of ours is under way any more, in dead processes aside; and the saga rests."""

    async def quiet() -> bool:
        return lane.hand.under_way == lane.dead

    await eventually(quiet, f"{case}: our activities end", within_s=LONG)
    await _for_a_moment(lane, saga)


async def _forget(lane: Lane, saga: WorkflowHandle[Any, Any], customer: str) -> None:
    """So that the cron of a later case has only that case's saga to drive."""
    runs = {row["run"] for row in rows(lane, customer)} | {(await saga.describe()).run_id}
    for run in runs:
        wanted = DeleteWorkflowExecutionRequest(
            namespace=lane.rig.sagas.namespace,
            workflow_execution=WorkflowExecution(workflow_id=saga.id, run_id=run),
        )
        try:
            await lane.rig.sagas.workflow_service.delete_workflow_execution(wanted)
        except RPCError:  # a child's run, or gone already
            continue


# ── what must be true ────────────────────────────────────────────────────────────────────────────────────────────────


async def _wrong(lane: Lane, played: Played, saga: WorkflowHandle[Any, Any], mark: int) -> list[str]:
    """Issue 4 §5, invariants. Empty: all hold."""
    case, customer = played.case, customer_of(saga)
    before = [row for row in rows(lane, customer) if row["n"] <= mark]  # as they ended: some were under way
    after = [row for row in rows(lane, customer) if row["n"] > mark]
    there = {row["run"] for row in before}
    there |= {str(plan.carries["run"]["run_id"]) for plan in played.plans[:1] if plan.carries}
    ours = [row for row in after if await _is_ours(lane.rig.sagas, saga.id, row["run"], there)]
    if case.racer and case.racer[1] == "human" and not lane.hand.moves:
        ours = []  # the person did it, in the run that was there
    says = [
        *_twice(case, before, after, ours),
        *_quota(ours),
        *_again(case, played, before, ours),
        *_moves(lane, played),
        *_truth(lane, case, played, ours),
        *(await _fence(lane)),
        *(await _left_paused(lane, saga)),
    ]
    wrong = [f"{case}: {line}" for line in says if line]
    return wrong and [*wrong, f"  {played.reports}", f"  {' · '.join(lane.hand.calls)}"]


async def _is_ours(client: Client, workflow_id: str, run_id: str, there: set[str]) -> bool:
    """A run that was there, or what we made of it; not what a person or the cron began."""
    if run_id in there:
        return True
    begun_by, continued = "", ""
    try:
        async for event in client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                told = event.workflow_execution_started_event_attributes
                begun_by, continued = told.identity, told.continued_execution_run_id
            failed = event.workflow_task_failed_event_attributes
            if failed.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW:
                begun_by = OUR_IDENTITY if OUR_REASON in failed.failure.message else failed.failure.message
                continued = ""
    except RPCError:  # a child workflow's own run: as its parent
        return True
    return await _is_ours(client, workflow_id, continued, there) if continued else begun_by == OUR_IDENTITY


def _twice(case: Case, before: list[Row], after: list[Row], ours: list[Row]) -> list[str]:
    """What exists already is not made again by us: deployment, database, activation, mail."""
    wrong = []
    for row in ours:
        if not row["changed"] or row["step"] not in STEPS:
            continue
        earlier = [r for r in (*before, *after) if r["n"] < row["n"] and r["step"] == row["step"] and r["changed"]]
        undone = [r for r in (*before, *after) if r["n"] < row["n"] and r["step"] not in STEPS]
        if earlier and not undone and not (case.shape == "children" and _another_region(row, earlier)):
            wrong.append(f"{row['step']} was done again by us: {row['changed']} after {earlier[-1]['changed']}")
    return wrong


def _another_region(row: Row, earlier: list[Row]) -> bool:
    return row["step"] in {"create_database", "create_dns"} and row["changed"] not in {r["changed"] for r in earlier}


def _quota(ours: list[Row]) -> list[str]:
    return [f"we set a paid quota to less: {row['changed']}" for row in ours if row["changed"].endswith("→ 0 GB")]


def _again(case: Case, played: Played, before: list[Row], ours: list[Row]) -> list[str]:
    """No step but the target is called again by us, and that one once for each re-drive."""
    done = {row["step"] for row in before if row["changed"]}
    others = {row["step"] for row in ours if row["step"] in done and row["step"] != case.step}
    times = sum(row["step"] == case.step for row in ours)
    by_hand = case.racer is not None and case.racer[1] == "human"  # in the same run, where it goes on
    most = FAILURES[case.failure].patience.attempts * (max(1, len(played.reports)) + by_hand)
    return [
        f"ran again besides the target: {', '.join(sorted(others))}" if others else "",
        f"{case.step} was called {times} times by us" if times > most else "",
        # A child's calls cannot be told apart: its sibling's last one may come in after the saga failed.
        "touched though nothing was approved" if ours and not played.reports and case.shape != "children" else "",
    ]


def _moves(lane: Lane, played: Played) -> list[str]:
    """Once for each approval; a second operator is refused while ours runs."""
    approved, made = len(played.reports), lane.hand.moves
    spoke = sum(report is not None for report in played.reports)
    ended = played.case.cut is not None and played.case.cut[1] in {"terminate", "cancel"}
    again = ended and played.raced  # ours was ended by a person: then another may begin
    return [
        f"the move was made {made} times for {approved} approvals" if made > approved + again else "",
        f"re-driven {spoke} times" if spoke > KNOWN.attempts_per_step else "",
    ]


def _truth(lane: Lane, case: Case, played: Played, ours: list[Row]) -> list[str]:
    """Provisioned, or a person is asked; and what they are told is so."""
    if not played.reports:
        last = played.plans[-1]
        return [] if last.impossible or last.held else ["nobody was asked, and nothing was done"]
    last = played.reports[-1]
    if last is None:
        return [] if case.cut and case.cut[1] in {"terminate", "cancel"} else ["our workflow ended without a word"]
    by_people = case.racer is not None and case.racer[1] in {"human", "operator", "naive"}
    afterwards = by_people and case.racer is not None and case.racer[0].phase == "unfence"
    undone = last.outcome is LeverOutcome.VERIFIED and not played.well and not afterwards
    nothing = last.outcome is LeverOutcome.HELD and len(played.reports) == 1 and not by_people
    return [
        "no reason is given" if not last.detail else "",
        f"said verified, and it is not: {last.detail}" if undone else "",
        f"said that nothing was done ({last.detail}), but the providers were called: {[r['step'] for r in ours]}"
        if nothing and ours and case.cut != STILL_IN_THE_MOVE
        else "",
    ]


async def _fence(lane: Lane) -> list[str]:
    state = (await lane.cron()).schedule.state
    if state.paused:
        return [f"the cron is still paused: {json.dumps(state.note)}"]
    return [] if state.note == SAID_BY_CRON else [f"the cron's note is not what it was: {state.note}"]


async def _left_paused(lane: Lane, saga: WorkflowHandle[Any, Any]) -> list[str]:
    told = (await saga.describe()).raw_description
    return [f"{a.activity_type.name} is left paused" for a in told.pending_activities if a.paused]
