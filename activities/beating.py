"""A sign of life while something is under way, so that a worker that dies is noticed whatever it waited for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity

EVERY_S = 3.0


@asynccontextmanager
async def beating(every_s: float = EVERY_S) -> AsyncIterator[None]:
    """Heartbeats until the block ends. It beats in the worker's own loop: a worker that hangs falls silent too."""
    ticker = asyncio.create_task(_beat(every_s))
    try:
        yield
    finally:
        ticker.cancel()


async def _beat(every_s: float) -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(every_s)
