"""Pages have the right of way: while people are being paged one after the other, background work steps aside.

How to think about it. What follows a first page (the thread, a look at the world) costs engine and worker about as much
as the page itself. When many alerts come at once both run out of machine, and the work for those who have been paged
slows the pages of those who have not. Nobody can see a page coming, but they come in flocks: while one passes, one
piece of background work a second goes through and no more (docs/decisions/0025).
"""

import asyncio
import math
from collections import deque
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from workflows.contract import BACKGROUND_QUEUE

PAGE = "page"
"""Activity type of what has the right of way (`activities/paging.py`)."""
FLOCK = 8
"""So many pages within `SPAN_S` are a flock; two cores page and look after fewer without waiting."""
SPAN_S = 1.0
LASTS_S = 5.0
"""It is not over because pages come slowly for a moment: that is what it looks like when the machine is full."""
LONGEST_S = 1.0
"""A piece of background work waits no longer, however many pages there are: the thread must open all the same."""


class RightOfWay:
    """Shared by all workers of a process."""

    def __init__(
        self, *, flock: int = FLOCK, span_s: float = SPAN_S, lasts_s: float = LASTS_S, longest_s: float = LONGEST_S
    ) -> None:
        self._span_s, self._lasts_s, self._longest_s = span_s, lasts_s, longest_s
        self._began: deque[float] = deque([-math.inf] * flock, maxlen=flock)
        """When the last `flock` pages began, by the loop's clock."""
        self._clear_at = -math.inf
        self._turn = asyncio.Lock()

    def page_begins(self) -> None:
        """What comes behind may have to wait from now on."""
        now = asyncio.get_running_loop().time()
        self._began.append(now)
        if now - self._began[0] < self._span_s:
            self._clear_at = now + self._lasts_s

    async def clear(self) -> None:
        """Return when no flock is passing, or after `longest_s`; one waits at a time, the others behind it."""
        loop = asyncio.get_running_loop()
        async with self._turn:
            until = loop.time() + self._longest_s
            while (wait := min(self._clear_at, until) - loop.time()) > 0:  # noqa: ASYNC110 - the instant is known
                await asyncio.sleep(wait)


class GivesWay(Interceptor):
    """For the workers of pages and of background work, with one `way` for both."""

    def __init__(self, way: RightOfWay) -> None:
        self._way = way

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """The SDK's hook."""
        return _GivesWay(next, self._way)


class _GivesWay(ActivityInboundInterceptor):
    def __init__(self, follows: ActivityInboundInterceptor, way: RightOfWay) -> None:
        super().__init__(follows)
        self._way = way

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        info = activity.info()
        if info.activity_type == PAGE:
            self._way.page_begins()
        elif info.task_queue == BACKGROUND_QUEUE:
            await self._way.clear()
        return await super().execute_activity(input)
