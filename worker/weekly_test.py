"""Begins the weekly test of paging when its hour has come. Every worker looks; the week's name lets only one begin."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from incident.model.weekly_test import Week
from integrations.clock import utc_now
from oncall.weekly_test import WeeklyTest, due
from workflows.contract import TASK_QUEUE
from workflows.weekly_test import WeeklyTestWorkflow

EVERY_S = 60.0

log = structlog.get_logger(__name__)


@asynccontextmanager
async def weekly_testing(client: Client, weekly: WeeklyTest | None, every_s: float = EVERY_S) -> AsyncIterator[None]:
    """Look for the length of the block. `weekly` None: nobody wants a test."""
    task = asyncio.create_task(_keep_looking(client, weekly, every_s)) if weekly else None
    try:
        yield
    finally:
        if task:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _keep_looking(client: Client, weekly: WeeklyTest, every_s: float) -> None:
    begun = ""
    while True:
        week = due(weekly, utc_now())
        if week and week.name != begun:
            # Gathered, so that no error of a kind nobody thought of ends the looking.
            (has_begun,) = await asyncio.gather(begin(client, week), return_exceptions=True)
            if isinstance(has_begun, Exception):
                log.error("weekly test of paging could not begin", because=type(has_begun).__name__)
            begun = week.name if has_begun is True else ""
        await asyncio.sleep(every_s)


async def begin(client: Client, week: Week) -> bool:
    """Begin this week's, unless it has begun. False: the engine does not answer, so look again."""
    try:
        await client.start_workflow(
            WeeklyTestWorkflow.run,
            week,
            id=f"weekly-test-{week.name}",
            task_queue=TASK_QUEUE,
            # The engine forgets it after its retention, a day at least: longer than a test may begin late.
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )
        log.info("weekly test of paging begins", week=week.name)
    except WorkflowAlreadyStartedError:
        log.info("weekly test of paging has begun already", week=week.name)
    except RPCError as error:
        log.warning("weekly test of paging could not begin", week=week.name, because=error.message)
        return False
    return True
