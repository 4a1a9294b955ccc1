"""Begins the weekly test of paging when its hour has come. Every worker looks; the week's name lets only one begin."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from incident.model.weekly_test import Week
from integrations.clock import utc_now
from integrations.recurring import recurring
from oncall.weekly_test import WeeklyTest, due
from workflows.contract import TASK_QUEUE
from workflows.weekly_test import WeeklyTestWorkflow

EVERY_S = 60.0

log = structlog.get_logger(__name__)


@asynccontextmanager
async def weekly_testing(client: Client, weekly: WeeklyTest | None, every_s: float = EVERY_S) -> AsyncIterator[None]:
    """Look for the length of the block. `weekly` None: nobody wants a test."""
    if weekly is None:
        yield
        return
    begun = ""

    async def look() -> None:
        nonlocal begun
        week = due(weekly, utc_now())
        if week and week.name != begun and await begin(client, week):
            begun = week.name

    async with recurring(look, every_s, "weekly test of paging could not begin"):
        yield


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
