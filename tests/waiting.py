"""Waiting on a condition of another process, with a bound and a good complaint. Never a bare sleep."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Seen = TypeVar("Seen")
LOOK_AGAIN_S = 0.05


async def eventually(look: Callable[[], Awaitable[Seen]], what: str, *, within_s: float = 30.0) -> Seen:
    """The first truthy answer of `look`. Fails with `what` and the last answer when `within_s` have passed."""
    loop = asyncio.get_running_loop()
    until, seen = loop.time() + within_s, None
    while loop.time() < until:
        seen = await look()
        if seen:
            return seen
        await asyncio.sleep(LOOK_AGAIN_S)
    raise AssertionError(f"not within {within_s:g} s: {what}; last seen: {seen!r}")
