"""Is a page still true? Asked anew before each message of it, unless it cannot be old yet (issue 5 §2).

How to think about it. Between the decision to page and a message of that page lie a queue, the people before this one,
a provider that does not answer. Whoever is woken by it must not find that somebody has had it for minutes. So each
message asks the incident, but for the very first one of a page that is seconds old: that one is the hot path. Who
cannot ask pages all the same, and says that it may be out of date: better woken for nothing than not at all.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from integrations.clock import utc_now

log = structlog.get_logger(__name__)

CANNOT_S = 10.0
"""Where nobody could be asked, the next messages do not wait for an answer again."""


class Overtaken(Exception):
    """The page must not go out any more; the text says why."""


class CannotAsk(Exception):
    """The incident gave no answer; the text says why."""


Ask = Callable[[], Awaitable[str]]
"""Why the page is overtaken; empty: it is still true. Raises CannotAsk."""


class Still(Protocol):
    """Asked before each message of a page."""

    async def doubt(self, *, first: bool) -> str:
        """Empty: it is still true. Words: nobody could be asked, and why. Raises Overtaken.

        `first`: of the page's first way to this person, and the first attempt.
        """
        ...


class Undoubted:
    """For pages of no incident."""

    async def doubt(self, *, first: bool) -> str:
        """Always true."""
        return ""


@dataclass
class AskedAgain:
    """Plays `Still` for a page of an incident. `fresh_until`: until then it cannot be old (aware UTC); None: it may be.

    The engine's clock set it and ours compares: a worker whose clock is behind asks that much later, no more.
    """

    ask: Ask
    fresh_until: datetime | None
    clock: Callable[[], datetime] = utc_now
    why: str = ""
    """Why it is overtaken, for good; empty: it is not, as far as anybody was asked."""
    _cannot: str = ""
    _cannot_until: float = 0.0
    _asking: asyncio.Task[str] | None = None

    async def doubt(self, *, first: bool) -> str:
        """As `Still` says."""
        if not self.why and first and self.fresh_until and self.clock() < self.fresh_until:
            return ""
        doubt = "" if self.why else await self._one_question()
        if self.why:
            raise Overtaken(self.why)
        return doubt

    async def _one_question(self) -> str:
        """Messages to several people at the same moment share one."""
        if asyncio.get_running_loop().time() < self._cannot_until:
            return self._cannot
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._question())
        return await asyncio.shield(self._asking)

    async def _question(self) -> str:
        """Whatever goes wrong with it, a slip of ours above all, is a doubt: it must not cost the page."""
        (said,) = await asyncio.gather(self.ask(), return_exceptions=True)
        if isinstance(said, str):
            self.why = said
            return ""
        self._cannot, self._cannot_until = _no_answer(said), asyncio.get_running_loop().time() + CANNOT_S
        return self._cannot


def _no_answer(said: BaseException) -> str:
    if isinstance(said, CannotAsk):
        return str(said)
    log.error("asking an incident about its page failed", because=type(said).__name__)
    return f"its incident cannot be asked: {type(said).__name__}"
