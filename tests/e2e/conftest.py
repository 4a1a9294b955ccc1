"""Stories are played side by side, for most of each is waiting: a test names the one it is about, and judges it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.e2e.stories import STORIES, Hands, Restarted, Story

SIDE_BY_SIDE = 5
"""Each brings an engine, a worker, a bridge and a practice world: more would only slow each other down."""


@pytest.fixture(scope="session")
async def stories(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, "asyncio.Task[Any]"]]:
    """Those that a collected test asks for, all begun."""
    wanted = set().union(*(_names(item) for item in request.session.items))
    slots = asyncio.Semaphore(SIDE_BY_SIDE)

    async def play(name: str, story: Story) -> Any:
        async with slots:
            return await story(tmp_path_factory.mktemp(name) / "home")

    tasks = {name: asyncio.create_task(play(name, story)) for name, story in STORIES.items() if name in wanted}
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


def _names(item: pytest.Item) -> set[str]:
    """Fixtures and parameters of a test: a story is asked for by name, as the one or the other."""
    told = getattr(item, "callspec", None)
    return {*getattr(item, "fixturenames", ()), *map(str, told.params.values() if told else ())}


@pytest.fixture
async def interrupted(stories: dict[str, "asyncio.Task[Any]"]) -> Restarted:
    """`incidents up --once`, Ctrl-C, and again."""
    told: Restarted = await stories["interrupted"]
    return told


@pytest.fixture
async def hands_on(stories: dict[str, "asyncio.Task[Any]"]) -> Hands:
    """`incidents up --hands-on --once`."""
    told: Hands = await stories["hands_on"]
    return told
