"""Workers that die with a message in their hands: before it went out, or after, when nobody wrote down that it had.

As after a kill -9, what was begun stays begun: nothing of ours runs any more at that point, and the next worker finds
what is on disk, and in the engine.
"""

import asyncio
from dataclasses import dataclass, field

from incident.model.effects import Page, Post
from integrations.ports import Button, Receipt
from tests.fakes import FakeChat, FakePager

BEFORE, AFTER = "before", "after"


@dataclass(frozen=True)
class Last:
    """The message a worker dies with: how its key begins and ends, and whether it goes out before that."""

    begins: str
    ends: str
    when: str


@dataclass
class Deaths:
    """Each strikes once."""

    planned: list[Last] = field(default_factory=list)
    struck: list[Last] = field(default_factory=list)

    def when(self, key: str) -> str:
        """`before`, `after`, or nothing; it has struck then."""
        found = [last for last in self.planned if key.startswith(last.begins) and key.endswith(last.ends)]
        fresh = [last for last in found if last not in self.struck]
        self.struck += fresh
        return fresh[0].when if fresh else ""

    async def all_struck(self) -> bool:
        return set(self.struck) == set(self.planned)


async def dies() -> None:
    """Nothing comes after this, until the worker is gone."""
    await asyncio.Event().wait()


@dataclass
class DyingPager(FakePager):
    deaths: Deaths = field(default_factory=Deaths)

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        when = self.deaths.when(page.key)
        if when == BEFORE:
            await dies()
        receipt = await super().page(page, to=to, click=click, buttons=buttons)
        if when == AFTER:
            await dies()
        return receipt


@dataclass
class DyingChat(FakeChat):
    deaths: Deaths = field(default_factory=Deaths)

    async def post(self, post: Post, *, link: str) -> Receipt:
        when = self.deaths.when(post.key)
        if when == BEFORE:
            await dies()
        receipt = await super().post(post, link=link)
        if when == AFTER:
            await dies()
        return receipt
