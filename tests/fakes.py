"""Who plays the ports in tests: they remember what was asked of them, and fail when told to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from incident.model.card import Card, Thread
from incident.model.effects import Page, Post, SetStatusPage
from integrations.errors import IntegrationError, Unreachable
from integrations.ports import Button, Receipt
from oncall.answer import Named


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What a pager was given."""

    page: Page
    to: str
    click: str
    buttons: tuple[Button, ...] = ()


@dataclass
class FakePager:
    """A provider that takes every page, unless `fails` answers with an error. `lost`: it took it, nobody heard."""

    fails: Callable[[Page], IntegrationError | None] = lambda _: None
    lost: Callable[[Page], bool] = lambda _: False
    remembers: bool = True
    sent: list[Sent] = field(default_factory=list)

    @property
    def pages(self) -> list[Page]:
        return [sent.page for sent in self.sent]

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        failure = self.fails(page)
        if failure:
            raise failure
        self.sent.append(Sent(page=page, to=to, click=click, buttons=buttons))
        if self.lost(page):
            raise Unreachable("its answer was lost")
        return Receipt(id=f"receipt-{len(self.sent)}")

    async def find(self, page: Page, *, to: str) -> Receipt | None:
        arrived = [n for n, known in enumerate(self.sent, 1) if (known.page.key, known.to) == (page.key, to)]
        return Receipt(id=f"receipt-{arrived[0]}", repeat=True) if arrived and self.remembers else None

    def of(self, incident_id: str) -> list[Page]:
        return [page for page in self.pages if page.incident_id == incident_id]


@dataclass
class FakeChat:
    """A chat that takes every post, unless `fails` answers with an error. It has threads; `remembers`: it can tell."""

    fails: Callable[[Post], IntegrationError | None] = lambda _: None
    posts: list[Post] = field(default_factory=list)
    remembers: bool = False
    cards: dict[str, Card] = field(default_factory=dict)
    """Incident's key → what the first message of its thread shows."""

    async def post(self, post: Post, *, link: str) -> Receipt:
        failure = self.fails(post)
        if failure:
            raise failure
        self.posts.append(post)
        return Receipt()

    async def said(self, post: Post) -> Receipt | None:
        known = self.remembers and any(p.key == post.key for p in self.posts)
        return Receipt(repeat=True) if known else None

    async def show(self, card: Card, thread: Thread, *, link: str) -> str:
        self.cards[thread.key] = card
        return f"fake/{thread.key}"

    async def find(self, thread: Thread) -> str:
        return f"fake/{thread.key}" if thread.key in self.cards else ""

    def of(self, incident_id: str) -> list[Post]:
        return [post for post in self.posts if post.incident_id == incident_id]


@dataclass
class FakeSource:
    """Somebody else's plan: says what it is told to, whatever it is asked about."""

    says: tuple[Named, ...] | Exception = ()
    has: tuple[Named, ...] = ()
    """Its members."""
    asked: list[str] = field(default_factory=list)
    """Which of its schedules."""

    async def at(self, where: str, at: datetime, zone: str) -> tuple[Named, ...]:
        self.asked.append(where)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    async def members(self, where: str, at: datetime, zone: str) -> tuple[Named, ...]:
        if isinstance(self.says, Exception):
            raise self.says
        return self.has


@dataclass
class FakeStatusPage:
    """A status page that shows everything, unless `fails` answers with an error."""

    fails: Callable[[SetStatusPage], IntegrationError | None] = lambda _: None
    shown: dict[str, list[SetStatusPage]] = field(default_factory=dict)
    """By mark: one status incident each, oldest notice first."""

    async def show(self, effect: SetStatusPage) -> Receipt:
        failure = self.fails(effect)
        if failure:
            raise failure
        notices = self.shown.setdefault(effect.mark, [])
        repeat = any(known.number >= effect.number for known in notices)
        if not repeat:
            notices.append(effect)
        return Receipt(id=f"status-{list(self.shown).index(effect.mark) + 1}", repeat=repeat)
