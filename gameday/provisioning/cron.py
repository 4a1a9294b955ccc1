"""The `reconcile-provisioning` schedule: well meant, and naive.

It looks for failed sagas and drives each again from the start. What it starts anew it starts from what visibility
knows: job, customer and plan. The paid amount is in none of these, so the quota is provisioned without one, which is 0;
and a saga that sends no keys has another deployment minted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleHandle,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    WorkflowExecution,
    WorkflowExecutionStatus,
)
from temporalio.common import RetryPolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from gameday.provisioning.contract import (
    CRON_TYPE,
    JOB,
    SCHEDULE_ID,
    TASK_QUEUE,
    WORKFLOW_TYPE,
    CronInput,
    Order,
)
from gameday.provisioning.resetting import reset_to_first_task
from gameday.provisioning.starting import start_saga

FAILED = f"WorkflowType = '{WORKFLOW_TYPE}' AND ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated')"
WITHIN = timedelta(seconds=60)


@dataclass(frozen=True)
class Failed:
    """A saga whose latest run did not end well."""

    workflow_id: str
    run_id: str
    job: str
    customer: str
    plan: str


@workflow.defn(name=CRON_TYPE)
class ReconcileProvisioning:
    """One pass; returns how many were driven again."""

    @workflow.run
    async def run(self, how: CronInput) -> int:
        once = RetryPolicy(maximum_attempts=1)
        found = await workflow.execute_activity(
            "find_failed", result_type=list[Failed], start_to_close_timeout=WITHIN, retry_policy=once
        )
        for failed in found:
            name = "reset_to_start" if how.how == "reset" else "start_again"
            arguments: list[Any] = [failed] if how.how == "reset" else [failed, how]
            await workflow.execute_activity(
                name, args=arguments, start_to_close_timeout=WITHIN, retry_policy=once, summary=failed.job
            )
        return len(found)


class Reconcile:
    """The cron's activities."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def all(self) -> list[Callable[..., Any]]:
        return [self.find_failed, self.start_again, self.reset_to_start]

    @activity.defn
    async def find_failed(self) -> list[Failed]:
        return [await _failed(run) async for run in self._client.list_workflows(FAILED) if await self._is_latest(run)]

    @activity.defn
    async def start_again(self, failed: Failed, how: CronInput) -> None:
        """A new run, from what the cron knows."""
        order = Order(job=failed.job, customer=failed.customer, plan=failed.plan, patience=how.patience)
        try:
            await start_saga(self._client, order, task_queue=activity.info().task_queue)
        except WorkflowAlreadyStartedError:
            return  # somebody was faster

    @activity.defn
    async def reset_to_start(self, failed: Failed) -> None:
        await reset_to_first_task(self._client, failed.workflow_id, failed.run_id, by=SCHEDULE_ID)

    async def _is_latest(self, run: WorkflowExecution) -> bool:
        """Not one that was driven again since."""
        latest = await self._client.get_workflow_handle(run.id).describe()
        return latest.run_id == run.run_id and latest.status != WorkflowExecutionStatus.RUNNING


async def _failed(run: WorkflowExecution) -> Failed:
    memo = await run.memo()
    job = run.typed_search_attributes.get(JOB) or ""
    return Failed(run.id, run.run_id, job, str(memo["customer"]), str(memo["plan"]))


async def create_cron(
    client: Client, every_s: float, how: CronInput | None = None, *, paused: bool = False, task_queue: str = TASK_QUEUE
) -> ScheduleHandle:
    """Every so many seconds, from 1. What is there already stays as it is: a pause outlives us."""
    action = ScheduleActionStartWorkflow(CRON_TYPE, how or CronInput(), id=f"{SCHEDULE_ID}-run", task_queue=task_queue)
    schedule = Schedule(
        action=action,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(seconds=every_s))]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
        state=ScheduleState(paused=paused, note="drives failed provisioning sagas again"),
    )
    try:
        return await client.create_schedule(SCHEDULE_ID, schedule)
    except ScheduleAlreadyRunningError:
        return client.get_schedule_handle(SCHEDULE_ID)
