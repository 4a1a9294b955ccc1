"""The roles we need somebody to play. Vendors play them in files of their own; fakes in `tests/fakes.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from incident.model.effects import Page, Post


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The provider took it. `id` is the provider's own; `repeat`: it already had this key, nothing was sent twice."""

    id: str = ""
    repeat: bool = False


class Pager(Protocol):
    """Reaches a person wherever they are."""

    @property
    def remembers(self) -> bool:
        """Can `find` tell whether a page has arrived?"""
        ...

    async def page(self, page: Page, *, click: str) -> Receipt:
        """Deliver `page`; `click` is where a tap leads. Raises IntegrationError."""
        ...

    async def find(self, page: Page) -> Receipt | None:
        """Has this very page (by its key) arrived before? None: no, or the provider cannot tell."""
        ...


class Chat(Protocol):
    """Says something where the team reads."""

    async def post(self, post: Post, *, link: str) -> Receipt:
        """Say `post`; `link` leads to the incident. Raises IntegrationError."""
        ...


@dataclass(frozen=True)
class Channels:
    """Who plays which role here. An absent one is a fact, not an error: pages then go to the next channel."""

    pagers: Mapping[str, Pager] = field(default_factory=dict)
    """Channel name (as in the response policy's `page_channels`) → pager."""
    chat: Chat | None = None
