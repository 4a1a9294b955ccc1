"""Re-driving one step of somebody's saga: a procedure, so it reads from top to bottom (issue 4 §3).

One at a time for each (saga run, step), because its workflow id says so. It makes its one move at most once. Whatever
happens, the reconcile cron is let go in the end: by the last lines here, and where those never run (termination, a
dead engine) by the end of the lease that stands in the Schedule's own note.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError

from activities.redriving import RedriveActivities
from incident.model.lever import LeverOutcome, LeverReport
from saga.asking import UNTOUCHED, RedriveAsk, Seen
from workflows.contract import PATIENT_QUEUE

ANSWER = timedelta(seconds=60)
ONCE = RetryPolicy(maximum_attempts=1)
"""An act whose answer is lost is looked for, never made again."""
PATIENTLY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))
BEAT = timedelta(seconds=45)
LEVER = "redrive_step"
FINANCE = "finance and the ledger owner"
"""Who must hear when money is in doubt (runbook §6)."""


@workflow.defn(name="Redrive")
class RedriveWorkflow:
    @workflow.run
    async def run(self, ask: RedriveAsk) -> LeverReport:
        """What came of it, by the world's own word."""
        try:
            report = await self._driven(ask)
        finally:
            stays = await self._let_go(ask)
        return replace(report, detail=f"{report.detail[:700]}; {stays}") if stays else report

    async def _driven(self, ask: RedriveAsk) -> LeverReport:
        step = ask.plan.target.type if ask.plan.target else "the step"
        try:
            not_now = await self._not_now(ask)
            if not_now:
                return _report(LeverOutcome.HELD, not_now)
            lost = await self._act(ask)
            return _judged(await self._see(ask), step, lost)
        except ActivityError as error:
            return _report(LeverOutcome.FAILED, f"{step}: {_why(error)}; whether it ran is for a person to find out")

    async def _not_now(self, ask: RedriveAsk) -> str:
        """Why nothing is done; empty: the cron is out of the way and the plan still holds."""
        try:
            fenced = await self._do(RedriveActivities.fence_cron, ask, "pause reconcile-provisioning", attempts=4)
            if fenced.not_safe:
                return str(fenced.not_safe)
            guarded = await self._do(RedriveActivities.guard_redrive, ask, "see that the plan still holds", attempts=4)
        except ActivityError as error:
            return f"nothing was done: {_why(error)}"
        # What was asked to stop may have ended well before it heard of it.
        cancelled = workflow.cancellation_reason() is not None
        return "nothing was done: it was cancelled" if cancelled else str(guarded.no_longer)

    async def _act(self, ask: RedriveAsk) -> str:
        """The one move. Its answer may be lost: then why, and the world is asked what became of it."""
        summary = f"{ask.plan.first.move}, approved by {', '.join(ask.approved_by)}"
        try:
            await self._do(RedriveActivities.carry_out_move, ask, summary, attempts=1)
        except ActivityError as error:
            return _why(error)
        return ""

    async def _see(self, ask: RedriveAsk) -> Seen:
        seen: Seen = await workflow.execute_activity_method(
            RedriveActivities.see_what_came,
            ask,
            task_queue=PATIENT_QUEUE,
            summary="see what came of it: the saga, its deployment, its quota, the tenant",
            start_to_close_timeout=ask.patience + timedelta(minutes=2),
            heartbeat_timeout=BEAT + ask.every,
            retry_policy=PATIENTLY,
        )
        return seen

    async def _let_go(self, ask: RedriveAsk) -> str:
        """Why something stays paused until its lease ends; empty: all runs again."""
        letting_go = workflow.start_activity_method(
            RedriveActivities.unfence_cron,
            ask,
            task_queue=PATIENT_QUEUE,
            summary="let reconcile-provisioning run again",
            start_to_close_timeout=ANSWER,
            retry_policy=PATIENTLY,
        )
        try:
            await _whatever_happens(letting_go)
        except ActivityError as error:
            return f"it could not be un-paused again: {_why(error)}"
        return ""

    async def _do(self, activity: Any, ask: RedriveAsk, summary: str, *, attempts: int) -> Any:
        return await workflow.execute_activity_method(
            activity,
            ask,
            task_queue=PATIENT_QUEUE,
            summary=summary[:200],
            start_to_close_timeout=ANSWER,
            heartbeat_timeout=BEAT,
            # Cancelled, we still wait for its end: an act that goes on must not outlive the fence.
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            retry_policy=ONCE if attempts == 1 else RetryPolicy(maximum_attempts=attempts),
        )


async def _whatever_happens(doing: workflow.ActivityHandle[None]) -> None:
    """To its end, cancelled or not: a workflow is cancelled once."""
    try:
        await asyncio.shield(doing)
    except asyncio.CancelledError:
        await doing


def _judged(seen: Seen, step: str, lost: str) -> LeverReport:
    match seen.judgement:
        case "ok":
            return _report(LeverOutcome.VERIFIED, f"{step} was re-driven: {seen.says}")
        case value if value == UNTOUCHED:
            return _report(LeverOutcome.HELD, f"the saga stands as before ({lost or 'it did not move'}); plan it again")
    to = FINANCE if seen.money_in_doubt else ""
    return _report(LeverOutcome.FAILED, f"{step}: {seen.says}" + (f" ({lost})" if lost else ""), to)


def _report(outcome: LeverOutcome, detail: str, widen_to: str = "") -> LeverReport:
    return LeverReport(lever=LEVER, outcome=outcome, detail=detail[:1000], widen_to=widen_to)


def _why(error: ActivityError) -> str:
    cause = error.cause
    if isinstance(cause, CancelledError):
        return "it was cancelled"
    return cause.message if isinstance(cause, ApplicationError) else f"no answer in time ({type(cause).__name__})"
