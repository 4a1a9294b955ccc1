"""The worker: settings → clients → activities → three queues. `incidents worker`, or `python -m worker`."""

import asyncio
import signal
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.worker import Worker, WorkflowRunner

from activities.provide import Activities, provide
from worker.connecting import connect, metered
from worker.engine_needs import register_attributes
from worker.logging import configure_logging
from worker.processes import stay_quick
from worker.refreshing import refreshing
from worker.right_of_way import GivesWay, RightOfWay
from worker.sandbox import sandbox
from worker.settings import Settings, load_settings
from worker.sweeping import sweeping
from worker.weekly_test import weekly_testing
from worker.wiring import outside_world
from workflows.contract import BACKGROUND_QUEUE, PATIENT_QUEUE, TASK_QUEUE
from workflows.incident import IncidentWorkflow
from workflows.redrive import RedriveWorkflow
from workflows.weekly_test import WeeklyTestWorkflow

GRACE = timedelta(seconds=20)
"""What runs may finish when we are asked to stop; the default of 0 would cancel it at once (temporal-guide §5)."""
BACKGROUND_SLOTS = 2
"""Few on purpose: background work must never slow a page (engine.md §2)."""
PATIENT_SLOTS = 200
REMEMBERED = 1000
"""Incidents kept in memory between two tasks; any other is replayed from its history first."""
POLLS = 10
NEW_ONES_FIRST = 0.7
"""Share of the polls that ask for incidents this worker does not know yet: somebody waits for their first page, while
those it knows have paged. The SDK's 0.2 let a burst of 300 page at half the rate; with one poll for those it knows they
waited ten seconds when the machine was full, and were replayed for it (docs/decisions/0024)."""

log = structlog.get_logger(__name__)


async def run(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM. Raises NoEngine, EngineLacks, NoMetrics."""
    client = await connect(settings, runtime=metered(settings))
    await register_attributes(client)
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(outside_world(settings))
        await stack.enter_async_context(sweeping(world.outside.sagas))
        for worker in workers(client, provide(world)):
            await stack.enter_async_context(worker)
        await stack.enter_async_context(refreshing(world.on_duty, settings.oncall))
        await stack.enter_async_context(weekly_testing(client, settings.oncall.weekly_test))
        stay_quick()
        log.info("worker ready", queues=[TASK_QUEUE, BACKGROUND_QUEUE, PATIENT_QUEUE], home=str(settings.home))
        await _asked_to_stop()
        log.info("worker stops", grace_s=GRACE.total_seconds())


def workers(
    client: Client,
    activities: Activities,
    *,
    grace: timedelta = GRACE,
    remembered: int = REMEMBERED,
    runner: WorkflowRunner | None = None,
) -> tuple[Worker, Worker, Worker]:
    """One per queue: what must be fast shares nothing with what may be slow. `runner`: None is `sandbox()`."""
    common: dict[str, Any] = {"graceful_shutdown_timeout": grace, "interceptors": [GivesWay(RightOfWay())]}
    return (
        Worker(
            client,
            task_queue=TASK_QUEUE,
            workflows=[IncidentWorkflow, RedriveWorkflow, WeeklyTestWorkflow],
            activities=activities.hot,
            workflow_runner=runner or sandbox(),
            max_cached_workflows=remembered,
            max_concurrent_workflow_task_polls=POLLS,
            nonsticky_to_sticky_poll_ratio=NEW_ONES_FIRST,
            **common,
        ),
        Worker(
            client,
            task_queue=BACKGROUND_QUEUE,
            activities=activities.background,
            max_concurrent_activities=BACKGROUND_SLOTS,
            **common,
        ),
        Worker(
            client,
            task_queue=PATIENT_QUEUE,
            activities=activities.patient,
            max_concurrent_activities=PATIENT_SLOTS,
            **common,
        ),
    )


async def _asked_to_stop() -> None:
    asked, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, asked.set)
    await asked.wait()


def main() -> None:
    configure_logging()
    asyncio.run(run(load_settings()))


if __name__ == "__main__":
    main()
