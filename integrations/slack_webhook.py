"""A Slack-compatible incoming webhook: the thread people read. Facts from Slack's pages "Incoming webhooks",
"Block Kit: blocks" and "Formatting text".

A webhook has no threads and cannot be asked what it took: each message carries the incident id, and a repeat says so.
"""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr

from incident.model.effects import Page, Post
from integrations.http import failure_of, unreachable
from integrations.ports import Receipt

MOST_HEADER = 150
MOST_SECTION = 3000
MOST_CONTEXT = 2000
MOST_BLOCKS = 50
EVERYBODY = "<!channel>"
Block = dict[str, Any]


@dataclass(frozen=True)
class SlackWebhook:
    """Plays `Chat`, and `Pager` where no better channel delivers."""

    http: httpx.AsyncClient
    url: SecretStr
    remembers: ClassVar[bool] = False

    async def post(self, post: Post, *, link: str) -> Receipt:
        """Say it. Raises Unreachable, RateLimited, Refused."""
        return await self._send(message_of(post, link), post.key)

    async def page(self, page: Page, *, click: str) -> Receipt:
        """Wake the channel. Raises Unreachable, RateLimited, Refused."""
        blocks = [
            _header(page.title),
            _section(f"{EVERYBODY} {escape(page.text)}"),
            _context(page.incident_id, click),
        ]
        return await self._send({"text": f"{EVERYBODY} {escape(page.title)}", "blocks": blocks}, page.key)

    async def find(self, page: Page) -> Receipt | None:
        """A webhook cannot tell: None."""
        return None

    async def _send(self, body: dict[str, Any], key: str) -> Receipt:
        try:
            answer = await self.http.post(self.url.get_secret_value(), json=body, headers={"Idempotency-Key": key})
        except httpx.HTTPError as error:
            raise unreachable("the chat webhook", error) from None
        failure = failure_of("the chat webhook", answer, answer.text if answer.is_error else "")
        if failure:
            raise failure
        return Receipt()


def message_of(post: Post, link: str) -> dict[str, Any]:
    """A post as blocks, within Slack's limits; `text` is what a notification shows."""
    call = f"{EVERYBODY} " if post.broadcast else ""
    lines = [_section(call * (n == 0) + escape(line)) for n, line in enumerate(post.lines)]
    if post.broadcast and not post.lines:
        lines = [_section(EVERYBODY)]
    commands = [_section(f"```{escape(line)}```") for line in post.commands]
    links = [_section(" · ".join(f"<{x.url}|{escape(x.label)}>" for x in post.links))] if post.links else []
    middle = [*lines, *links, *commands][: MOST_BLOCKS - 2]
    blocks = [_header(post.title), *middle, _context(post.incident_id, link)]
    return {"text": f"{post.incident_id}: {call}{escape(post.title)}"[:MOST_SECTION], "blocks": blocks}


def escape(text: str) -> str:
    """Slack's three control characters; otherwise an alert's text could ping people or fake a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _header(title: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": _cut(title, MOST_HEADER), "emoji": False}}


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": _cut(text, MOST_SECTION)}}


def _context(incident_id: str, link: str) -> Block:
    words = f"{escape(incident_id)} · <{link}|story in the Web UI>"
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": _cut(words, MOST_CONTEXT)}]}


def _cut(text: str, most: int) -> str:
    """At most so many characters, never half an escaped one; a code block that is cut is closed again."""
    if len(text) <= most:
        return text
    fence = "```" if text.startswith("```") else ""
    return re.sub(r"&[a-z]{0,3}$", "", text[: most - 1 - len(fence)]) + "…" + fence
