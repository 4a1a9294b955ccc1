"""Small sagas for the real engine: one for each shape. Each step's executions are counted outside of Temporal."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest, ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from saga.described import described
from saga.history import read_pages
from saga.run import SagaRun
from saga.words import SagaKnowledge

QUEUE = "provisioning"
ONCE = RetryPolicy(maximum_attempts=1)
SOON = timedelta(seconds=5)
EXCLUDED = [
    ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL,
    ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE,
]


@dataclass
class Provider:
    """What was really done, and which step is broken how often."""

    ran: Counter[str] = field(default_factory=Counter)
    broken: dict[str, int] = field(default_factory=dict)
    hang_s: float = 0

    async def step(self, name: str) -> str:
        self.ran[name] += 1
        if self.broken.get(name, 0) > 0:
            self.broken[name] -= 1
            await asyncio.sleep(self.hang_s)
            raise ApplicationError(f"{name}: postgres://u:hunter2@db is down", type="DbError")
        return f"{name}-ok"

    @property
    def activities(self) -> list[Any]:
        return [self._named(name) for name in ("reserve", "mint", "set_quota", "create_database", "dns", "release")]

    def _named(self, name: str) -> Any:
        @activity.defn(name=name)
        async def run(job: dict[str, str]) -> str:
            return await self.step(name)

        return run


async def step(name: str, job: dict[str, str], **more: Any) -> str:
    options = {"start_to_close_timeout": SOON, "retry_policy": ONCE, **more}
    return str(await workflow.execute_activity(name, job, **options))


async def local(name: str, job: dict[str, str]) -> str:
    return str(await workflow.execute_local_activity(name, job, start_to_close_timeout=SOON, retry_policy=ONCE))


@workflow.defn(name="Region")
class Region:
    @workflow.run
    async def run(self, job: dict[str, str]) -> str:
        await step("set_quota", job)
        return await step("create_database", job)


@workflow.defn(name="ProvisionTenant")
class ProvisionTenant:
    """`job["shape"]` says which of the shapes it plays."""

    def __init__(self) -> None:
        self.told = False

    @workflow.run
    async def run(self, job: dict[str, str]) -> str:
        await step("reserve", job)
        await getattr(self, job["shape"])(job)
        await step("dns", job)
        return "provisioned"

    async def sequential(self, job: dict[str, str]) -> None:
        await step("mint", job)
        await step("set_quota", job)
        await step("create_database", job)

    async def parallel(self, job: dict[str, str]) -> None:
        done = await asyncio.gather(step("mint", job), step("create_database", job), return_exceptions=True)
        for error in done:
            if isinstance(error, BaseException):
                raise error

    async def compensated(self, job: dict[str, str]) -> None:
        await step("mint", job)
        try:
            await step("create_database", job)
        except ActivityError:
            await step("release", job)
            raise

    async def local_before(self, job: dict[str, str]) -> None:
        await local("set_quota", job)
        await step("create_database", job)

    async def local_failed(self, job: dict[str, str]) -> None:
        await step("mint", job)
        await local("create_database", job)

    async def child(self, job: dict[str, str]) -> None:
        await workflow.execute_child_workflow("Region", job, id=f"{workflow.info().workflow_id}-region")

    async def timed_out(self, job: dict[str, str]) -> None:
        await step("mint", job, start_to_close_timeout=timedelta(seconds=1))

    async def never_taken(self, job: dict[str, str]) -> None:
        await step("mint", job, schedule_to_start_timeout=timedelta(seconds=1), task_queue="nobody")

    async def back_off(self, job: dict[str, str]) -> None:
        slow = RetryPolicy(maximum_attempts=20, initial_interval=timedelta(hours=1))
        await step("create_database", job, retry_policy=slow)

    async def parked(self, job: dict[str, str]) -> None:
        while True:
            try:
                await step("create_database", job)
                return
            except ActivityError:
                self.told = False
                await workflow.wait_condition(lambda: self.told)

    @workflow.update
    async def retry_step(self, ask: dict[str, str]) -> str:
        self.told = True
        return ask["step"]


@asynccontextmanager
async def worker(client: Client, provider: Provider):
    kinds = [ProvisionTenant, Region]
    runner = UnsandboxedWorkflowRunner()
    async with Worker(
        client, task_queue=QUEUE, workflows=kinds, activities=provider.activities, workflow_runner=runner
    ):
        yield


async def provision(client: Client, shape: str) -> str:
    """Starts one and waits until it has failed; its workflow id."""
    job = {"job": "7f3", "customer": "ACME", "plan": "L", "shape": shape}
    handle = await client.start_workflow("ProvisionTenant", job, id=f"saga-{shape}", task_queue=QUEUE)
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    return handle.id


async def looked_at(client: Client, workflow_id: str, knowledge: SagaKnowledge, run_id: str = "") -> SagaRun:
    """As the shell will read it: describe the run, describe the current one, read the history."""
    current = (await client.get_workflow_handle(workflow_id).describe()).run_id
    wanted = run_id or current
    request = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id, run_id=wanted)
    )
    answer = await client.workflow_service.describe_workflow_execution(request)
    seen = described(answer, current or "", knowledge.sources)
    events = client.get_workflow_handle(workflow_id, run_id=wanted).fetch_history_events(page_size=3)
    return await read_pages(events, seen, knowledge.sources)


async def reset(client: Client, run: SagaRun, event_id: int, request_id: str) -> str:
    """Once, and never again."""
    request = ResetWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=run.ref.workflow_id, run_id=run.ref.run_id),
        reason="test",
        workflow_task_finish_event_id=event_id,
        request_id=request_id,
        reset_reapply_exclude_types=EXCLUDED,
    )
    answer = await client.workflow_service.reset_workflow_execution(request, retry=False)
    await client.get_workflow_handle(run.ref.workflow_id, run_id=answer.run_id).result()
    return answer.run_id
