"""Slack's Web API with a bot token: one thread per incident, its first message the live card. Facts from Slack's pages
"chat.postMessage", "chat.update", "conversations.history", "conversations.replies", "Using message metadata"
and "Rate limits".

The bot needs the scopes `chat:write`, `channels:history` (`groups:history` for a private channel), and has to be a
member of the channel. A message carries our key as metadata, which people do not see: by it a thread, and each message
in it, is found again after a crash, so that nothing is said twice.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr

from incident.model.card import Card, Press, Thread
from incident.model.effects import Post
from integrations.errors import Refused
from integrations.ports import Receipt
from integrations.slack_buttons import MOST_BUTTONS, Tap, button
from integrations.slack_web import call
from integrations.slack_webhook import Block, escape, header_of, message_of, sections_of, story_of

API = "https://slack.com/api"
ROOT, REPLY = "incident", "incident_post"
"""`event_type` of the metadata of a thread's first message, and of one in it."""
PAGE, MOST_PAGES = 200, 20
"""Messages asked for at once (Slack recommends no more), and how often we read on."""
BEFORE = timedelta(minutes=5)
"""How far Slack's clock may be behind ours."""
GONE = frozenset({"message_not_found", "thread_not_found"})
"""Somebody has deleted it."""


@dataclass(frozen=True)
class SlackApi:
    """Plays `Chat` and `Threads`. `channel` is a channel's id, such as C0123ABC."""

    http: httpx.AsyncClient
    token: SecretStr
    channel: str
    users: Mapping[str, str] = field(default_factory=dict)
    """Name of a person → their Slack user id: who is known is called by `@`."""
    url: str = API
    buttons: bool = False
    """Slack knows where taps go: its app's interactivity leads to the bridge."""
    remembers: ClassVar[bool] = True

    async def post(self, post: Post, *, link: str) -> Receipt:
        """Say it, in its thread where that is open. Raises Unreachable, RateLimited, Refused."""
        channel, ts = self._place(post.thread)
        reply = {"thread_ts": ts, "reply_broadcast": post.broadcast} if ts else {}
        said = message_of(post, link, call=self._call(post), buttons=self.buttons)
        body = {"channel": channel, **said, **reply, **_metadata(REPLY, post.key)}
        answer = await self._ask("chat.postMessage", body, key=post.key)
        return Receipt(id=str(answer.get("ts", "")))

    async def said(self, post: Post) -> Receipt | None:
        """Is this very post in its thread (or, where there is none, in the channel)? Raises IntegrationError."""
        channel, ts = self._place(post.thread)
        since = post.thread.since if post.thread else None
        query: dict[str, Any] = {"channel": channel} | ({"ts": ts} if ts else {})
        if since and not ts:
            query["oldest"] = f"{(since - BEFORE).timestamp():.6f}"
        messages = self._pages("conversations.replies" if ts else "conversations.history", query)
        found = [str(m["ts"]) async for m in messages if _is(m, REPLY, post.key)]
        return Receipt(id=found[0], repeat=True) if found else None

    async def show(self, card: Card, thread: Thread, *, link: str) -> str:
        """The card as the thread's first message: edited where there is one, else posted. The thread's name.

        Raises Unreachable, RateLimited, Refused.
        """
        at = thread.at or await self.find(thread)
        body = _card(card, thread, link, buttons=self.buttons)
        if at and await self._edited(at, body):
            return at
        answer = await self._ask("chat.postMessage", {"channel": self.channel, **body}, key=f"{thread.key}/thread")
        return f"{answer.get('channel', self.channel)}/{answer['ts']}"

    async def find(self, thread: Thread) -> str:
        """Name of the incident's thread, found by its first message; empty: there is none. Raises IntegrationError."""
        oldest = f"{(thread.since - BEFORE).timestamp():.6f}"
        messages = self._pages("conversations.history", {"channel": self.channel, "oldest": oldest})
        found = [str(m["ts"]) async for m in messages if _is(m, ROOT, thread.key)]
        return f"{self.channel}/{min(found)}" if found else ""

    async def incident_of(self, channel: str, ts: str) -> str:
        """Key of the incident whose thread begins with this message; empty: none of ours. Raises IntegrationError."""
        query = {"channel": channel, "ts": ts, "limit": 1, "include_all_metadata": True}
        try:
            answer = await self._ask("conversations.replies", query, read=True)
        except Refused as no:
            if str(no).endswith("thread_not_found"):
                return ""
            raise
        first: dict[str, Any] = next((m for m in answer.get("messages", []) if m.get("ts") == ts), {})
        metadata = first.get("metadata") or {}
        key = (metadata.get("event_payload") or {}).get("key", "")
        return str(key) if metadata.get("event_type") == ROOT else ""

    async def _edited(self, at: str, body: dict[str, Any]) -> bool:
        """False: it is gone. Metadata that is not sent stays as it is ("chat.update")."""
        channel, _, ts = at.partition("/")
        try:
            await self._ask("chat.update", {"channel": channel, "ts": ts, **body})
        except Refused as no:
            if str(no).rpartition(" ")[2] in GONE:
                return False
            raise
        return True

    def _place(self, thread: Thread | None) -> tuple[str, str]:
        channel, _, ts = (thread.at if thread else "").partition("/")
        return (channel, ts) if ts else (self.channel, "")

    def _call(self, post: Post) -> str:
        return " ".join(f"<@{self.users[who]}>" for who in dict.fromkeys(post.mentions) if self.users.get(who))

    async def _pages(self, method: str, query: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        asked: dict[str, Any] = query | {"limit": PAGE, "include_all_metadata": True}
        for _ in range(MOST_PAGES):
            answer = await self._ask(method, asked, read=True)
            for message in answer.get("messages", []):
                yield message
            cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return
            asked = asked | {"cursor": cursor}

    async def _ask(self, method: str, given: dict[str, Any], *, key: str = "", read: bool = False) -> dict[str, Any]:
        """One call. Raises Unreachable, RateLimited, Refused."""
        verb, request = ("GET", {"params": given}) if read else ("POST", {"json": given})
        return await call(self.http, self.url, self.token, verb, method, key=key, **request)


def _metadata(event_type: str, key: str) -> dict[str, Any]:
    return {"metadata": {"event_type": event_type, "event_payload": {"key": key}}}


def _is(message: dict[str, Any], event_type: str, key: str) -> bool:
    metadata = message.get("metadata") or {}
    return metadata.get("event_type") == event_type and (metadata.get("event_payload") or {}).get("key") == key


def _card(card: Card, thread: Thread, link: str, *, buttons: bool) -> dict[str, Any]:
    taps = [_button(press, thread.key) for press in card.presses[:MOST_BUTTONS]] if buttons else []
    blocks: list[Block] = [
        header_of(card.title),
        *sections_of([escape(line) for line in card.lines]),
        *([{"type": "actions", "elements": taps}] if taps else []),
        story_of(card.incident_id, link),
    ]
    return {"text": escape(card.title), "blocks": blocks, **_metadata(ROOT, thread.key)}


def _button(press: Press, incident: str) -> dict[str, Any]:
    style = "primary" if press.main else "danger" if press.no else ""
    tap = Tap(action=press.action, incident=incident, about=press.about)
    return button(press.label, tap, style=style)
