"""A lane: both sides on one engine, and a hand on every call that our side makes of theirs.

Cases in one lane run one after the other; lanes run side by side, each with its own namespaces, providers and workers.
What is patched here (time-outs, no sandbox) only makes the same code run in seconds: nothing of it decides.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    UnsandboxedWorkflowRunner,
    Worker,
)

import workflows.redrive as procedure
from activities.levers import redrive_step
from activities.outside import Ask, Outside
from activities.redriving import RedriveActivities
from activities.saga_desk import SagaDesk
from gameday.provisioning.contract import SCHEDULE_ID, CronInput, Patience
from gameday.provisioning.cron import create_cron
from gameday.provisioning.providers import ON_CONFLICT
from incident.model.alert import Alert
from incident.model.lever import LeverPlan, LeverReport
from integrations.aws import Aws
from integrations.clock import utc_now
from integrations.errors import Unreachable
from integrations.settings import AwsSettings, MetricsSettings
from runbook.provisioning import SAGA
from saga.asking import PLAN, RedriveAsk
from saga.words import SagaKnowledge, StuckRules
from tests.conftest import Engine
from tests.redrive.rig import Rig, new_rig
from workflows.contract import DATA_CONVERTER, PATIENT_QUEUE, TASK_QUEUE

PHASES = {
    "fence_cron": "fence",
    "guard_redrive": "guard",
    "carry_out_move": "act",
    "see_what_came": "see",
    "unfence_cron": "unfence",
}
MOVES = {"update", "signal", "reset", "pause_activity", "reset_activity", "complete_activity", "start_like"}
ANSWERED = {
    *("found", "described", "schedule", "replace_schedule", "allow_attempts", "unpause_activity", *MOVES),
    *("jobs", "look_up", "answers_ok"),
}
MOVE = "move"
"""A place by name: just before the one call that changes something."""
QUICKLY = {"BEAT": timedelta(seconds=5), "ANSWER": timedelta(seconds=20)}
"""The procedure's own patience, in seconds instead of a minute: a killed worker is missed sooner."""
LET_GO_WITHIN_S = 10.0
"""The SDK's own patience with an attempt that timed out is five seconds, from when it did."""
PATIENCE = timedelta(seconds=3)
"""How long a re-drive is watched."""
KNOWN: SagaKnowledge = replace(SAGA, stuck=StuckRules(attempts=2))
SAID_BY_CRON = "drives failed provisioning sagas again"
CRON = CronInput(patience=Patience(attempts=1, attempt_s=5, first_wait_s=0.02))


class Dead(Exception):
    """Raised in an activity of a killed worker when its lane ends: nobody hears it."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The `number`-th call of a phase, over all its attempts; or the one that acts (`move`)."""

    phase: str
    number: int | str

    def __str__(self) -> str:
        return f"{self.phase}.{self.number}"

    def is_here(self, phase: str, number: int, name: str) -> bool:
        if self.phase != phase:
            return False
        return name in MOVES if self.number == MOVE else number == self.number


@dataclass
class Stop:
    """What happens at one place, once."""

    place: Place
    do: Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
    """Given the call: makes it, or not."""
    reached: bool = False


@dataclass
class Hand:
    """Sees each call of ours. `moves`: how many that change something were reached by the procedure."""

    stops: list[Stop] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    calls: list[str] = field(default_factory=list)
    moves: int = 0
    under_way: int = 0
    """Activities of ours."""

    def begin(self, *stops: Stop) -> None:
        """A new case."""
        self.stops, self.counts, self.calls, self.moves = list(stops), Counter(), [], 0

    async def around(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        phase = PHASES.get(activity.info().activity_type, "other") if activity.in_activity() else "plan"
        number = self.counts[phase]
        self.counts[phase] += 1
        self.calls.append(f"{phase}.{number} {name}")
        self.moves += phase == "act" and name in MOVES
        here = [stop for stop in self.stops if not stop.reached and stop.place.is_here(phase, number, name)]
        for stop in here:
            stop.reached = True
            call = _bound(stop.do, call)
        return await call()


def _bound(do: Callable[..., Awaitable[Any]], call: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    return lambda: do(call)


class Watched:
    """`Sagas` or `Platform` with the hand on it."""

    def __init__(self, inner: Any, hand: Hand) -> None:
        self._inner, self._hand = inner, hand

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._inner, name)
        if name == "history":
            return self._pages
        if name not in ANSWERED:
            return real

        async def call(*given: Any, **more: Any) -> Any:
            return await self._hand.around(name, lambda: real(*given, **more))

        return call

    async def _pages(self, run: Any) -> AsyncIterator[Any]:
        async def all_of_it() -> list[Any]:
            return [page async for page in self._inner.history(run)]

        for page in await self._hand.around("history", all_of_it):
            yield page


class Counting(Interceptor):
    """Knows how many activities are under way."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    def intercept_activity(self, following: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        hand = self._hand

        class Counted(ActivityInboundInterceptor):
            async def execute_activity(self, given: ExecuteActivityInput) -> Any:
                hand.under_way += 1
                try:
                    return await super().execute_activity(given)
                finally:
                    hand.under_way -= 1

        return Counted(following)


@dataclass
class Lane:
    rig: Rig
    hand: Hand
    knowledge: SagaKnowledge = KNOWN
    workflow: type = procedure.RedriveWorkflow
    one_at_a_time: bool = True
    """False only in a mutation: each incident's procedure has an id of its own."""
    dead: int = 0
    """Activities that a kill cut off: they never end, and do nothing more."""
    _working: list[Worker] = field(default_factory=list)
    _ending: list[asyncio.Task[None]] = field(default_factory=list)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def desk(self) -> SagaDesk:
        """Ours, with the hand on its calls."""
        plain = replace(self.rig.desk, knowledge=self.knowledge)
        return SagaDesk(Watched(plain.sagas, self.hand), Watched(plain.platform, self.hand), self.knowledge)  # type: ignore[arg-type]

    # ── our worker ──────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self) -> None:
        """Over a connection of its own, as another process: one connection takes one worker for a queue."""
        address = self.rig.ours.service_client.config.target_host
        client = await Client.connect(address, namespace=self.rig.ours.namespace, data_converter=DATA_CONVERTER)
        doing = RedriveActivities(self.desk)
        acts = [doing.fence_cron, doing.guard_redrive, doing.carry_out_move, doing.see_what_came, doing.unfence_cron]
        # So long that the engine hears nothing of what a kill cuts off: with no grace, the SDK itself answers for it.
        common: dict[str, Any] = {"graceful_shutdown_timeout": timedelta(hours=1)}
        deciding = Worker(
            client,
            task_queue=TASK_QUEUE,
            workflows=[self.workflow],
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_cached_workflows=0,  # every task replays the procedure: what is not deterministic is found
            **common,
        )
        acting = Worker(client, task_queue=PATIENT_QUEUE, activities=acts, interceptors=[Counting(self.hand)], **common)
        self._working = [deciding, acting]
        self._ending += [asyncio.create_task(worker.run()) for worker in self._working]

    def kill(self) -> None:
        """As `kill -9` looks from the engine: no more polls, no more beats, no answer for what was under way."""
        for worker in self._working:
            self._ending.append(asyncio.create_task(worker.shutdown()))
        self._working = []

    async def stop(self) -> None:
        self.kill()
        self._over.set()
        for task in self._ending:
            with suppress(Dead, asyncio.CancelledError):
                await task

    async def die_here(self) -> None:
        """In the activity that is being killed: a dead process does not answer."""
        self.dead += 1
        self.kill()
        self._ending.append(asyncio.create_task(self.start()))  # not in here: what is killed may be cancelled
        await hold_on(self._over)
        raise Dead

    # ── one case ────────────────────────────────────────────────────────────────────────────────────────────────

    async def reset(self) -> None:
        """No faults, an unforgiving database provider, and the cron as it was."""
        self.rig.providers.faults.switch_all_off()
        self.rig.providers.store.put("settings", name=ON_CONFLICT, value="second")
        self.hand.begin()

    async def planned(self, workflow_id: str) -> LeverPlan:
        """What the lever would propose for this job."""
        outside = Outside(
            http=self.rig.http, aws=Aws(AwsSettings()), apps=(), metrics=MetricsSettings(), sagas=self.desk
        )
        alert = Alert(name="ProvisioningJobsStuck", summary="stuck", fingerprint="f")
        found = await redrive_step.plan(Ask(alert=alert, since=utc_now(), subjects_asked=(workflow_id,)), outside)
        return found[0] if isinstance(found, tuple) else found

    async def redrive(self, plan: LeverPlan, incident: str = "incident-1", **given: Any) -> WorkflowHandle[Any, Any]:
        """Start the procedure as `workflows.effects` does. Raises WorkflowAlreadyStartedError."""
        name = f"redrive-{plan.target}" + ("" if self.one_at_a_time else f"-{incident}")
        ask = RedriveAsk(
            holder=name,
            incident=incident,
            plan=PLAN.validate_python(plan.carries),
            approved_by=("ana",),
            patience=given.pop("patience", PATIENCE),
            every=timedelta(milliseconds=200),
        )
        return await self.rig.ours.start_workflow(
            "Redrive", ask, id=name, task_queue=TASK_QUEUE, result_type=LeverReport, **given
        )

    async def cron(self) -> Any:
        """The schedule as it stands."""
        return await self.rig.sagas.get_schedule_handle(SCHEDULE_ID).describe()


async def hold_on(until: asyncio.Event) -> bool:
    """Whoever asks us to stop is not heard: our process is dead, or stands still. Whether anybody asked."""
    asked = False
    while not until.is_set():
        try:
            await until.wait()
        except asyncio.CancelledError:
            asked = True
    return asked


async def stand_still(seconds: float) -> None:
    """As a process that was stopped (SIGSTOP, a frozen machine) and goes on later.

    The SDK, which does not stand still here, asks the attempt to stop some seconds after it timed out. That must fall
    into the standstill: a frozen process hears nothing, and asked just afterwards it would stop by luck.
    """
    loop, until = asyncio.get_running_loop(), asyncio.Event()
    loop.call_later(seconds, until.set)
    if not await hold_on(until):
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(LET_GO_WITHIN_S)


async def unanswered(call: Callable[[], Awaitable[Any]]) -> Any:
    """Not made."""
    raise Unreachable("injected: nobody answers")


async def lost(call: Callable[[], Awaitable[Any]]) -> Any:
    """Made, and its answer is lost."""
    await call()
    raise Unreachable("injected: the answer was lost")


async def reported(handle: WorkflowHandle[Any, Any], within_s: float = 90) -> LeverReport | None:
    """None: it was ended by somebody (terminated), and says nothing. Raises TimeoutError with its story."""
    try:
        report: LeverReport = await asyncio.wait_for(handle.result(), within_s)
    except WorkflowFailureError:
        return None
    except TimeoutError:
        raise TimeoutError(await story(handle)) from None
    return report


async def story(handle: WorkflowHandle[Any, Any]) -> str:
    """What a procedure of ours went through, for a complaint."""
    lines = []
    async for event in handle.fetch_history_events():
        said = event.WhichOneof("attributes") or ""
        kind = getattr(getattr(event, said), "activity_type", None)
        lines.append(f"{event.event_time.ToDatetime():%M:%S.%f} {said.removesuffix('_event_attributes')} {kind or ''}")
    told = (await handle.describe()).raw_description
    pending = [
        f"{a.activity_type.name} {a.state} attempt {a.attempt} {a.last_failure.message}"
        for a in told.pending_activities
    ]
    return "\n".join([*(line.strip() for line in lines if "workflow_task" not in line), *pending])


@contextmanager
def quickly() -> Iterator[None]:
    """Seconds instead of minutes, for the length of the block."""
    before = {name: getattr(procedure, name) for name in QUICKLY}
    for name, value in QUICKLY.items():
        setattr(procedure, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(procedure, name, value)


@asynccontextmanager
async def new_lane(engine: Engine, home: Path, **given: Any) -> AsyncIterator[Lane]:
    """With a cron that fires only when a test triggers it. Inside of `quickly`."""
    async with new_rig(engine, home) as rig:
        await create_cron(rig.sagas, 86400, CRON)
        lane = Lane(rig, Hand(), **given)
        await lane.start()
        try:
            yield lane
        finally:
            await lane.stop()
