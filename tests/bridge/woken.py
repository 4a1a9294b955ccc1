"""Who was woken, and what was said, when the bridge pages by itself."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.speaking import Word
from incident.model.alarm import Alarm
from incident.model.effects import Page, Standing
from incident.model.outcomes import Arrival, Delivery


@dataclass
class Woken:
    """Plays `Deliver`, `Settle` and `Say`. `asleep`: why nobody can be reached; empty: ana can, by ntfy."""

    asleep: str = ""
    hangs: bool = False
    """No answer ever comes."""
    breaks: bool = False
    speechless: str = ""
    """Why nothing can be said in the chat."""
    pages: list[Page] = field(default_factory=list)
    repeats: list[Page] = field(default_factory=list)
    """Those that were begun by somebody who died."""
    said: list[str] = field(default_factory=list)
    rings: bool = False
    """The provider that reaches ana keeps an incident of its own."""
    deaf: str = ""
    """Why it cannot be told how that stands."""
    settled: list[tuple[str, Standing]] = field(default_factory=list)
    """By its name there."""
    left: list[Word] = field(default_factory=list)
    """Words left with the engine."""

    async def deliver(self, page: Page, *, again: bool) -> Sequence[Delivery]:
        (self.repeats if again else self.pages).append(page)
        if self.breaks:
            raise ZeroDivisionError("a bug")
        if self.hangs:
            await asyncio.Event().wait()
        if self.asleep:
            return [Delivery(person="ana", channel="ntfy", outcome=Arrival.UNREACHABLE, why=self.asleep)]
        alarm = page.alarm if self.rings else ""
        return [Delivery(person="ana", channel="ntfy", outcome=Arrival.DELIVERED, receipt="r1", alarm=alarm)]

    async def settle(self, alarms: Sequence[Alarm], standing: Standing) -> str:
        if not self.deaf:
            self.settled += [(alarm.name, standing) for alarm in alarms]
        return self.deaf

    async def leave(self, word: Word) -> None:
        self.left.append(word)

    async def say(self, line: str) -> str:
        self.said.append(line)
        return self.speechless
