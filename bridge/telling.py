"""Telling an operator, in the chat, that the bridge could not understand something: at most one line a minute."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

Say = Callable[[str], Awaitable[str]]
"""Posts a line; answers why it could not, empty: it did."""
EVERY_S = 60.0
log = structlog.get_logger(__name__)


class Operator:
    """Never makes a caller wait: an alert's answer must not depend on the chat."""

    def __init__(self, say: Say, every_s: float = EVERY_S) -> None:
        self._say, self._every_s = say, every_s
        self._unsaid: list[str] = []
        self._teller: asyncio.Task[None] | None = None

    def tell(self, line: str) -> None:
        self._unsaid.append(line)
        if self._teller is None or self._teller.done():
            self._teller = asyncio.create_task(self._tell_all())

    async def _tell_all(self) -> None:
        """The first line at once; what comes within the next minute as one line, with its count."""
        while self._unsaid:
            lines, self._unsaid = self._unsaid, []
            more = f" (and {len(lines) - 1} more like it)" if len(lines) > 1 else ""
            why_not = await self._say(lines[0] + more)
            if why_not:
                log.warning("operator not told", line=lines[0], because=why_not)
            await asyncio.sleep(self._every_s)

    async def close(self) -> None:
        if self._teller:
            self._teller.cancel()
