"""Pages have the right of way over background work (docs/decisions/0025)."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from temporalio import activity
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.paging import PagingActivities
from worker.right_of_way import PAGE, GivesWay, RightOfWay
from workflows.contract import BACKGROUND_QUEUE, PATIENT_QUEUE, TASK_QUEUE

LONG_S = 60.0
"""Never over within a test."""
SHORT_S = 0.02


def passing(longest_s: float = LONG_S) -> RightOfWay:
    """A flock of two that has just begun."""
    way = RightOfWay(flock=2, span_s=LONG_S, lasts_s=LONG_S, longest_s=longest_s)
    way.page_begins()
    way.page_begins()
    return way


async def is_held(way: RightOfWay) -> bool:
    """Whether somebody who asks now has to wait."""
    asking = asyncio.create_task(way.clear())
    await asyncio.wait({asking}, timeout=5 * SHORT_S)
    held = not asking.done()
    asking.cancel()
    return held


async def test_background_work_goes_at_once_when_nobody_is_paged() -> None:
    assert not await is_held(RightOfWay())


async def test_a_few_pages_hold_nothing_up() -> None:
    way = RightOfWay(flock=3, span_s=LONG_S, lasts_s=LONG_S)
    way.page_begins()
    way.page_begins()

    assert not await is_held(way)


async def test_pages_that_come_one_by_one_hold_nothing_up() -> None:
    way = RightOfWay(flock=2, span_s=SHORT_S / 4, lasts_s=LONG_S)
    way.page_begins()
    await asyncio.sleep(SHORT_S)
    way.page_begins()

    assert not await is_held(way)


async def test_background_work_waits_while_a_flock_passes() -> None:
    assert await is_held(passing())


async def test_a_flock_is_over_when_no_page_belonged_to_it_for_a_while() -> None:
    way = RightOfWay(flock=1, span_s=LONG_S, lasts_s=SHORT_S)
    way.page_begins()

    assert not await is_held(way)


async def test_background_work_waits_so_long_and_no_longer() -> None:
    """The thread must open all the same."""
    assert not await is_held(passing(longest_s=SHORT_S))


async def test_while_a_flock_passes_background_work_goes_one_by_one() -> None:
    way, went = passing(longest_s=0.1), list[float]()

    async def go() -> None:
        await way.clear()
        went.append(asyncio.get_running_loop().time())

    await asyncio.gather(go(), go())
    assert went[1] - went[0] >= 0.09


class Does(ActivityInboundInterceptor):
    """What would run."""

    def __init__(self) -> None:
        self.ran = False

    async def execute_activity(self, input: ExecuteActivityInput) -> None:  # noqa: A002 - the SDK's name
        self.ran = True


async def runs(way: RightOfWay, name: str, queue: str) -> bool:
    """Whether such an activity runs at once."""
    environment, does = ActivityEnvironment(), Does()
    environment.info = replace(environment.info, activity_type=name, task_queue=queue)
    given: Any = None
    running = asyncio.ensure_future(environment.run(GivesWay(way).intercept_activity(does).execute_activity, given))
    await asyncio.wait({running}, timeout=5 * SHORT_S)
    running.cancel()
    return does.ran


@pytest.mark.parametrize(
    ("name", "queue", "at_once"),
    [(PAGE, TASK_QUEUE, True), ("look", PATIENT_QUEUE, True), ("brief", BACKGROUND_QUEUE, False)],
)
async def test_only_the_background_gives_way(name: str, queue: str, at_once: bool) -> None:
    assert await runs(passing(), name, queue) == at_once


async def test_a_page_is_what_others_give_way_to() -> None:
    way = RightOfWay(flock=1, span_s=LONG_S, lasts_s=LONG_S)
    await runs(way, PAGE, TASK_QUEUE)

    assert await is_held(way)


def test_it_knows_a_page_by_its_name() -> None:
    definition: Any = activity._Definition.must_from_callable(PagingActivities.page)
    assert definition.name == PAGE
