"""The roles we need somebody to play. Vendors play them in files of their own; fakes in `tests/fakes.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from incident.model.card import Card, Thread
from incident.model.effects import Page, Post, SetStatusPage
from oncall.answer import Named


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The provider took it. `id` is the provider's own; `repeat`: it already had this key, nothing was sent twice."""

    id: str = ""
    repeat: bool = False


@dataclass(frozen=True, kw_only=True)
class Button:
    """One thing a person can do from a page, with one thumb."""

    label: str
    """What stands on it: `Ack`."""
    url: str
    """Where it leads. A GET of it changes nothing, a POST does (issue 5 §3); it may hold a token: never logged."""
    mine: bool = False
    """Signed for one person: never shown where others read along, even where it only opens a page."""
    acts: bool = True
    """A channel that can POST does so at once. False: only to be opened, such as the runbook."""


class Pager(Protocol):
    """Reaches a person wherever they are. `to` is the address on this channel, a secret; empty: the channel's own."""

    @property
    def remembers(self) -> bool:
        """May a page be sent again without a warning? Yes where `find` tells whether it has arrived, and where the
        provider itself drops what it has taken before.
        """
        ...

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        """Deliver `page`; `click` is where a tap leads. Raises IntegrationError."""
        ...

    async def find(self, page: Page, *, to: str) -> Receipt | None:
        """Has this very page (by its key) arrived before? None: no, or the provider cannot tell.

        Raises IntegrationError; Refused where we may send but not look.
        """
        ...


@runtime_checkable
class Settles(Protocol):
    """A provider that keeps an incident of its own, which has to end with ours. `alarm`: its name there."""

    async def acknowledged(self, alarm: str, *, to: str) -> Receipt:
        """Somebody owns it: it stops ringing. Raises IntegrationError."""
        ...

    async def resolved(self, alarm: str, *, to: str) -> Receipt:
        """It is over. Raises IntegrationError."""
        ...


class Chat(Protocol):
    """Says something where the team reads."""

    async def post(self, post: Post, *, link: str) -> Receipt:
        """Say `post`; `link` leads to the incident. Raises IntegrationError."""
        ...

    @property
    def remembers(self) -> bool:
        """Can `said` tell whether a post has arrived?"""
        ...

    async def said(self, post: Post) -> Receipt | None:
        """Has this very post (by its key) been said before? None: no, or the chat cannot tell."""
        ...


class Threads(Protocol):
    """A chat with threads: one for each incident, which begins with its live card."""

    async def show(self, card: Card, thread: Thread, *, link: str) -> str:
        """Show `card` as the first message of `thread`, edited where it is there. The thread's name.

        Raises IntegrationError.
        """
        ...

    async def find(self, thread: Thread) -> str:
        """The thread's name, found by the incident's key; empty: it is not open. Raises IntegrationError."""
        ...


class StatusPage(Protocol):
    """Tells the public. One status incident for each of ours."""

    async def show(self, effect: SetStatusPage) -> Receipt:
        """Have the page show the notice; `id` is the page's own of our status incident. Raises IntegrationError.

        Whoever is asked twice for the same notice, after a lost answer say, finds the first and says `repeat`.
        """
        ...


@dataclass(frozen=True)
class Channels:
    """Who plays which role here. An absent one is a fact, not an error: pages then go to the next channel."""

    pagers: Mapping[str, Pager] = field(default_factory=dict)
    """Name of the channel (a contact's `channel`) → pager."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Channel that nobody plays here → the settings it lacks."""
    chat: Chat | None = None
    threads: Threads | None = None
    """The same chat, where it has threads."""
    team: tuple[str, ...] = ("ntfy", "chat")
    """Channels of the whole team, in order: where pages go for whom no contacts are written down."""


class OncallSource(Protocol):
    """Somebody else's plan of who is on call: a vendor's schedule, a calendar."""

    async def at(self, where: str, at: datetime, zone: str) -> tuple[Named, ...]:
        """Whom it has on call at `at`, the likeliest first; none: nobody. Raises Unreachable, RateLimited, Refused.

        `where`: which of its schedules. `zone`: the clock of whatever has none of its own.
        """
        ...

    async def members(self, where: str, at: datetime, zone: str) -> tuple[Named, ...]:
        """Everybody who has a turn in the weeks around `at`. Raises Unreachable, RateLimited, Refused."""
        ...
