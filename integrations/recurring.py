"""Something that is done again and again beside everything else, for the length of a block."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

log = structlog.get_logger(__name__)


@asynccontextmanager
async def recurring(step: Callable[[], Awaitable[None]], every_s: float, wrong: str) -> AsyncIterator[None]:
    """Do it at once, and again every so many seconds. `wrong`: what the log says when it fails."""
    task = asyncio.create_task(_again_and_again(step, every_s, wrong))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _again_and_again(step: Callable[[], Awaitable[None]], every_s: float, wrong: str) -> None:
    while True:
        # Gathered, so that no error of a kind nobody thought of ends it.
        (error,) = await asyncio.gather(step(), return_exceptions=True)
        if isinstance(error, Exception):
            log.error(wrong, because=f"{type(error).__name__}: {error}")
        await asyncio.sleep(every_s)
