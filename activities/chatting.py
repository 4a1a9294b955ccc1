"""Saying something in the incident's thread."""

from dataclasses import dataclass, replace

from temporalio import activity

from activities.failures import as_failure, not_set
from activities.ledger import Ledger
from activities.links import Links
from incident.model.effects import Post
from incident.model.outcomes import Posted
from integrations.errors import IntegrationError, RateLimited, Refused
from integrations.ports import Channels

REPEAT = "(This may be a repeat: the answer to an earlier attempt was lost.)"


@dataclass(frozen=True)
class ChatActivities:
    channels: Channels
    ledger: Ledger
    links: Links

    @activity.defn
    async def post(self, effect: Post) -> Posted:
        """Say it, once. Raises ApplicationError: Unreachable, RateLimited (tried again), Refused, NotSet."""
        try:
            await self._say(effect)
        except IntegrationError as error:
            raise as_failure(error) from error
        return Posted(key=effect.key)

    async def say(self, post: Post) -> str:
        """The same, for those who have more to do than to speak: why it could not be said; empty: it was."""
        if self.channels.chat is None:
            return "no chat is set: set INCIDENTS_CHAT__WEBHOOK_URL"
        try:
            await self._say(post)
        except IntegrationError as error:
            return str(error)
        return ""

    async def _say(self, post: Post) -> None:
        if self.channels.chat is None:
            raise not_set("chat", "INCIDENTS_CHAT__WEBHOOK_URL")
        earlier = await self.ledger.begin_anyway(post.key)
        if earlier and earlier.done:
            return
        # A webhook cannot be asked what it took, so a second try is honest about itself.
        said = replace(post, lines=(*post.lines, REPEAT)) if earlier else post
        try:
            receipt = await self.channels.chat.post(said, link=self.links.here())
        except (Refused, RateLimited):
            await self.ledger.forget_anyway(post.key)
            raise
        await self.ledger.done_anyway(post.key, receipt.id)
