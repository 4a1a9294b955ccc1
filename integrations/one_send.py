"""One message of a page, on one way to one person, at most once where that can be known.

It has a key of its own, written down before and after (`Memory`). Whoever finds it begun asks the provider whether it
arrived, and a provider that cannot tell gets a message that says it may be a repeat.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from incident.model.effects import Page
from integrations.errors import IntegrationError, Refused, Unreachable
from integrations.freshness import Overtaken, Still
from integrations.ports import Button, Pager, Receipt, Settles
from integrations.wording import alarm_of
from oncall.audience import Way

REPEAT = "This may be a repeat: the answer to an earlier attempt was lost."
OUT_OF_DATE = "This may be out of date: the incident could not be asked just now."
LONGEST_SEND_S = 10.0
"""A provider that takes longer for one answer is away."""
LONGEST_LOOK_S = 3.0
"""So long a page waits to hear whether somebody else has sent it."""


class Earlier(Protocol):
    """An attempt before this one. `done`: it is known to have arrived, with `result`."""

    @property
    def done(self) -> bool: ...
    @property
    def result(self) -> str: ...
    @property
    def begun_at(self) -> datetime: ...


class Memory(Protocol):
    """What was sent, by key. None of these raises: a full disk must not keep anybody asleep."""

    async def begin_anyway(self, key: str) -> Earlier | None: ...
    async def done_anyway(self, key: str, result: str = "") -> None: ...
    async def forget_anyway(self, key: str) -> None: ...


@dataclass
class OneSend:
    """One message on one way."""

    page: Page
    """With the key of this very send."""
    pager: Pager
    way: Way
    buttons: tuple[Button, ...]
    click: str
    memory: Memory
    still: Still
    again: bool = False
    """Another attempt, perhaps of another machine, may have sent it: the provider is asked first."""
    look_first: bool = False
    """Somebody else may have sent the very same: the provider is asked first; one that cannot tell just gets it."""
    begun: bool = False
    """An attempt of it was begun before, and nobody knows what came of it."""
    doubt: str = ""
    """Why it could not be asked whether the page is still true; empty: it is."""

    @property
    def alarm(self) -> str:
        """Name of the incident its provider keeps of ours from now on; empty: it keeps none."""
        return alarm_of(self.page) if isinstance(self.pager, Settles) else ""

    @property
    def unclear(self) -> bool:
        """May it have arrived already? An attempt of another machine left no row here."""
        return self.begun or bool(self.again and self.alarm)

    async def once(self, *, first: bool) -> Receipt:
        """Send it, unless it has arrived. Raises Unreachable, RateLimited, Refused, Overtaken."""
        earlier = await self.memory.begin_anyway(self.page.key)
        if earlier and earlier.done:
            return Receipt(id=earlier.result, repeat=True)
        self.begun = earlier is not None
        # An attempt of another machine left no row here, so being tried again is reason enough to ask.
        again = self.begun or self.again
        try:
            receipt = await self._found_first() if self.look_first and not again else None
            receipt = receipt or await _in_time(
                self._once_more if again else partial(self._send, self.page, first=first)
            )
        except Refused:
            await self.memory.forget_anyway(self.page.key)
            raise
        except Overtaken:
            if not self.begun:
                await self.memory.forget_anyway(self.page.key)
            raise
        await self.memory.done_anyway(self.page.key, receipt.id)
        return receipt

    async def _send(self, page: Page, *, first: bool = False) -> Receipt:
        self.doubt = await self.still.doubt(first=first)
        told = replace(page, text=f"{page.text}\n{OUT_OF_DATE}") if self.doubt else page
        return await self.pager.page(told, to=self._to, click=self.click, buttons=self.buttons)

    async def _found_first(self) -> Receipt | None:
        """Whatever keeps a provider from telling must not cost the page, nor much time."""
        try:
            async with asyncio.timeout(LONGEST_LOOK_S):
                return await self.pager.find(self.page, to=self._to)
        except (IntegrationError, TimeoutError):
            return None

    async def _once_more(self) -> Receipt:
        """We were here before. Did it arrive? The provider is asked; one that cannot tell gets a page that says so."""
        try:
            found, sure = await self.pager.find(self.page, to=self._to), self.pager.remembers
        except Refused:  # we may send but not look: that must not cost the page
            found, sure = None, False
        if found:
            return found
        return await self._send(self.page if sure else replace(self.page, text=f"{self.page.text}\n{REPEAT}"))

    @property
    def _to(self) -> str:
        return self.way.to.get_secret_value()


async def _in_time(send: Callable[[], Awaitable[Receipt]]) -> Receipt:
    try:
        async with asyncio.timeout(LONGEST_SEND_S):
            return await send()
    except TimeoutError:
        raise Unreachable(f"no answer within {LONGEST_SEND_S:g} s") from None
