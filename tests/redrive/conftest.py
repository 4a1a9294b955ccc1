"""Lanes for the cases of this folder: a few side by side on the one engine."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.conftest import Engine
from tests.redrive.lane import Lane, new_lane, quickly

LANES = 10


@pytest.fixture(scope="session")
async def lanes(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[Lane]]:
    """Made once; each holds whatever cases come."""
    with quickly():
        async with AsyncExitStack() as stack:
            yield [
                await stack.enter_async_context(new_lane(engine, tmp_path_factory.mktemp("lane"))) for _ in range(LANES)
            ]


@pytest.fixture
async def lane(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lane]:
    """One of its own: for what pauses, breaks or mutates."""
    with quickly():
        async with new_lane(engine, tmp_path_factory.mktemp("lane")) as own:
            yield own
