"""Saying something in the incident's thread, and keeping its first message, the live card, up to date."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from temporalio import activity

from activities.failures import as_failure, not_set
from activities.ledger import Earlier, Ledger
from activities.links import Links
from incident.model.card import Card, Thread
from incident.model.effects import Brief, Post, ShowCard
from incident.model.outcomes import CardShown, Posted
from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.ports import Channels, Chat, Receipt

REPEAT = "(This may be a repeat: the answer to an earlier attempt was lost.)"
SETTINGS = "INCIDENTS_CHAT__BOT_TOKEN and INCIDENTS_CHAT__CHANNEL, or INCIDENTS_CHAT__WEBHOOK_URL"
WAITS_FOR_ITS_THREAD = 2
"""Attempts. Whoever opens the thread is quick; after that it is said outside, because words must get out."""

TRIES, LONGEST_WAIT_S = 3, 15.0
"""How often, and how long at most between two, first words are tried by an activity that has more to do."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The thread is open. `not_posted`: why it is not; empty: it is. `thread`: its name, where the chat has threads."""

    thread: str = ""
    not_posted: str = ""


@dataclass(frozen=True)
class ChatActivities:
    channels: Channels
    ledger: Ledger
    links: Links

    @activity.defn
    async def post(self, effect: Post) -> Posted:
        """Say it, once. Raises ApplicationError: Unreachable, RateLimited (tried again), Refused, NotSet."""
        try:
            await self._say(await self._in_its_thread(effect))
        except IntegrationError as error:
            raise as_failure(error) from error
        return Posted(key=effect.key)

    @activity.defn
    async def show_card(self, effect: ShowCard) -> CardShown:
        """Show it; a chat without threads shows nothing. Raises ApplicationError: Unreachable, RateLimited, Refused."""
        try:
            thread = await self._show(effect.card, effect.thread)
        except IntegrationError as error:
            raise as_failure(error) from error
        return CardShown(number=effect.number, thread=thread)

    async def open(self, brief: Brief) -> Opened:
        """Card and first words, for those who have more to do than to speak: what went wrong is an answer."""
        if self.channels.chat is None:
            return Opened(not_posted=f"no chat is set: set {SETTINGS}")
        opened = await self._patiently(self._open_thread, brief)
        post = brief.post
        if post.thread:
            post = replace(post, thread=replace(post.thread, at=opened.thread))
        said = await self._patiently(self._say_first, replace(brief, post=post))
        return Opened(thread=opened.thread, not_posted=opened.not_posted or said.not_posted)

    async def _open_thread(self, brief: Brief) -> Opened:
        thread = brief.post.thread
        return Opened(thread=await self._show(brief.card, thread)) if brief.card and thread else Opened()

    async def _say_first(self, brief: Brief) -> Opened:
        await self._say(brief.post)
        return Opened()

    async def _patiently(self, act: Callable[[Brief], Awaitable[Opened]], brief: Brief) -> Opened:
        """A chat that asks for patience gets some: in a storm of incidents every one of them opens a thread."""
        for _ in range(TRIES - 1):
            try:
                return await act(brief)
            except RateLimited as later:
                await asyncio.sleep(min(later.retry_after_s, LONGEST_WAIT_S))
            except IntegrationError as error:
                return Opened(not_posted=str(error))
        try:
            return await act(brief)
        except IntegrationError as error:
            return Opened(not_posted=str(error))

    async def _show(self, card: Card, thread: Thread) -> str:
        if self.channels.threads is None:
            return ""
        return await self.channels.threads.show(card, thread, link=self.links.here())

    async def _in_its_thread(self, post: Post) -> Post:
        """What was decided before the thread was known goes into it all the same."""
        threads, thread = self.channels.threads, post.thread
        if threads is None or thread is None or thread.at:
            return post
        at = await threads.find(thread)
        if not at and activity.info().attempt <= WAITS_FOR_ITS_THREAD:
            raise Unreachable("its thread is not open yet")
        return replace(post, thread=replace(thread, at=at))

    async def _say(self, post: Post) -> None:
        chat = self.channels.chat
        if chat is None:
            raise not_set("chat", SETTINGS)
        earlier = await self.ledger.begin_anyway(post.key)
        if earlier and earlier.done:
            return
        try:
            receipt = await self._once_more(chat, post, earlier)
        except (Refused, RateLimited):
            await self.ledger.forget_anyway(post.key)
            raise
        await self.ledger.done_anyway(post.key, receipt.id)

    async def _once_more(self, chat: Chat, post: Post, earlier: Earlier | None) -> Receipt:
        """Were we here before? The chat is asked; one that cannot tell gets a post that is honest about itself."""
        again = earlier is not None or activity.info().attempt > 1
        found = await chat.said(post) if again else None
        if found:
            return found
        said = replace(post, lines=(*post.lines, REPEAT)) if earlier and not chat.remembers else post
        return await chat.post(said, link=self.links.here())
