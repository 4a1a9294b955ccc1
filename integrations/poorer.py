"""Two ways into the same chat: the good one, and a poorer one for when the good one says no."""

from dataclasses import dataclass

import structlog

from incident.model.effects import Post
from integrations.errors import Refused
from integrations.ports import Chat, Receipt

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class WithPoorer:
    """Plays `Chat`. A no is final and nothing was said, so the other one may say it; silence may have been heard."""

    good: Chat
    poorer: Chat

    @property
    def remembers(self) -> bool:
        return self.good.remembers

    async def post(self, post: Post, *, link: str) -> Receipt:
        """Say it, one way or the other. Raises Unreachable, RateLimited, Refused."""
        try:
            return await self.good.post(post, link=link)
        except Refused as no:
            log.warning("said the poorer way", key=post.key, because=str(no))
            return await self.poorer.post(post, link=link)

    async def said(self, post: Post) -> Receipt | None:
        """As far as the good one can tell."""
        return await self.good.said(post)
