"""Waiting on a condition of another process, with a bound and a good complaint. Never a bare sleep."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio.client import WorkflowHandle, WorkflowQueryFailedError

Seen = TypeVar("Seen")
LOOK_AGAIN_S = 0.05
SELDOM_S = 0.25
"""What takes long is looked at less and less often: many wait side by side, and looking costs them all."""
PATIENTLY_S = 90.0
"""A bound for what is certain to come, and cheap where it comes: a machine may be busy with much else."""
ASK_AGAIN = 5
"""A worker that is killed again and again stands still more than once."""


async def eventually(look: Callable[[], Awaitable[Seen]], what: str, *, within_s: float = PATIENTLY_S) -> Seen:
    """The first truthy answer of `look`. Fails with `what` and the last answer when `within_s` have passed."""
    loop = asyncio.get_running_loop()
    until, seen, pause = loop.time() + within_s, None, LOOK_AGAIN_S
    while loop.time() < until:
        seen = await look()
        if seen:
            return seen
        await asyncio.sleep(pause)
        pause = min(pause * 1.2, SELDOM_S)
    raise AssertionError(f"not within {within_s:g} s: {what}; last seen: {seen!r}")


async def asked(handle: WorkflowHandle[Any, Any], query: str) -> Any:
    """Asked again where a worker that had to replay first could not answer (docs/decisions/0013)."""
    for _ in range(ASK_AGAIN):
        try:
            return await handle.query(query)
        except WorkflowQueryFailedError as error:
            if "the clock stood still" not in str(error):
                raise
    return await handle.query(query)
