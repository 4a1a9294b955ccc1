"""The acts of one re-drive: out of the cron's way, still true, act, see what came of it (issue 4 §3).

Each asks the engine anew; nothing is remembered between them but the approved plan. An act is made at most once: when
its answer is lost, the next thing done is to look, never to act again (engine.md §5: a retried reset is another reset).
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from temporalio import activity
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.failures import as_failure
from activities.moving import leave_nothing_paused, make
from activities.saga_desk import SagaDesk
from activities.saga_fence import let_go, stand_aside
from integrations.clock import utc_now
from integrations.errors import IntegrationError
from integrations.sagas import PATIENCE, Execution, meaning
from saga.asking import UNTOUCHED, Acted, Fenced, Guarded, RedriveAsk, Seen
from saga.diagnosis import diagnose
from saga.fence import Lease
from saga.guards import still_true
from saga.run import SagaRun
from saga.verdict import Judgement, Verdict, verified

FINAL = {Judgement.OK, Judgement.BAD}


@dataclass(frozen=True)
class RedriveActivities:
    desk: SagaDesk | None

    @activity.defn
    async def fence_cron(self, ask: RedriveAsk) -> Fenced:
        """Pause the reconcile cron, and wait until a run of it has ended. Raises ApplicationError."""
        desk = self._desk()
        try:
            return await stand_aside(desk, _lease(ask), activity.heartbeat)
        except IntegrationError as error:
            raise as_failure(error) from error

    @activity.defn
    async def unfence_cron(self, ask: RedriveAsk) -> None:
        """Let the step and the cron run again, unless somebody else holds them. Raises ApplicationError."""
        desk = self._desk()
        try:
            await leave_nothing_paused(ask, desk)
            await let_go(desk, ask.holder)
        except IntegrationError as error:
            raise as_failure(error) from error

    @activity.defn
    async def guard_redrive(self, ask: RedriveAsk) -> Guarded:
        """Is everything as it was when the plan was approved? Raises ApplicationError."""
        try:
            return Guarded(no_longer=await _no_longer(ask, self._desk()))
        except IntegrationError as error:
            raise as_failure(error) from error

    @activity.defn
    async def carry_out_move(self, ask: RedriveAsk) -> Acted:
        """The one move of the plan. Never tried again by the engine. Raises ApplicationError."""
        desk = self._desk()
        try:
            # Once more, at the last moment: a lease may have ended while nothing of ours ran.
            fenced = await stand_aside(desk, _lease(ask), activity.heartbeat)
            wrong = fenced.not_safe or await _no_longer(ask, desk) or await _not_wanted()
            if wrong:
                raise ApplicationError(wrong, type="NoLongerTrue", non_retryable=True)
            return Acted(says=await make(ask, desk), at=utc_now())
        except IntegrationError as error:
            raise as_failure(error) from error

    @activity.defn
    async def see_what_came(self, ask: RedriveAsk) -> Seen:
        """Look until it is well, or certainly not, or patience is at its end. Raises ApplicationError."""
        desk, until = self._desk(), utc_now() + ask.patience
        while True:
            seen = await self._look(ask, desk)
            if seen.judgement in FINAL or utc_now() >= until:
                return seen
            if activity.is_worker_shutdown():
                raise ApplicationError("this worker stops: another one looks on", type="WorkerStops")
            activity.heartbeat()
            await _pause(ask.every.total_seconds())

    async def _look(self, ask: RedriveAsk, desk: SagaDesk) -> Seen:
        try:
            after = await desk.read(await desk.current(ask.plan.run.workflow_id))
            if _is_untouched(ask, after, desk, utc_now()):
                return Seen(judgement=UNTOUCHED, says="the saga stands exactly as before")
            return _told(verified(ask.plan, after, await desk.world(ask.plan.facts)))
        except IntegrationError as error:
            return Seen(judgement=Judgement.UNKNOWN, says=str(error))

    def _desk(self) -> SagaDesk:
        if self.desk is None:
            raise ApplicationError("no saga is set here: set INCIDENTS_PROVISIONING__TEMPORAL_ADDRESS", type="NotSet")
        return self.desk


async def _no_longer(ask: RedriveAsk, desk: SagaDesk) -> str:
    """Why the plan must not be carried out any more; empty: it holds. The saga is looked at last."""
    answer = await desk.reconciled(ask.plan)
    return still_true(ask.plan, await desk.diagnosed(_run(ask)), answer)


async def _not_wanted() -> str:
    """Why nobody waits for this attempt any more; empty: somebody does. Asked of our own engine, just before acting.

    A process that stood still may wake when its attempt was given up, and a terminated procedure tells nobody.
    """
    info = activity.info()
    handle = activity.client().get_workflow_handle(info.workflow_id or "", run_id=info.workflow_run_id)
    try:
        told = await handle.describe(rpc_timeout=PATIENCE)
    except (RPCError, RuntimeError) as error:
        raise meaning(error) from None
    if told.status is not WorkflowExecutionStatus.RUNNING:  # an ended one lists its activities all the same (1.29.1)
        return "the procedure was ended by somebody"
    waits = {(one.activity_id, one.attempt, one.state) for one in told.raw_description.pending_activities}
    mine = (info.activity_id, info.attempt, PendingActivityState.PENDING_ACTIVITY_STATE_STARTED)
    return "" if mine in waits else "nobody waits for this attempt any more"


def _is_untouched(ask: RedriveAsk, after: SagaRun, desk: SagaDesk, now: datetime) -> bool:
    same_run = after.described.run_id == ask.plan.run.run_id
    return same_run and not still_true(ask.plan, diagnose(after, desk.knowledge, now))


def _told(verdict: Verdict) -> Seen:
    wrong = [point.says for point in verdict.points if point.judgement is not Judgement.OK]
    says = wrong if wrong else [point.says for point in verdict.points]
    return Seen(judgement=verdict.judgement, says="; ".join(says), money_in_doubt=verdict.money_in_doubt)


def _run(ask: RedriveAsk) -> Execution:
    return Execution(workflow_id=ask.plan.run.workflow_id, run_id=ask.plan.run.run_id)


def _lease(ask: RedriveAsk) -> Lease:
    return Lease(holder=ask.holder, incident=ask.incident, until=utc_now() + ask.lease)


async def _pause(seconds: float) -> None:
    """Until the next look, or until this worker is asked to stop: another one then looks on."""
    stopping = asyncio.create_task(activity.wait_for_worker_shutdown())
    await asyncio.wait([stopping], timeout=seconds)
    stopping.cancel()
