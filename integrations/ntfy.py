"""ntfy: a push message on the phone. Facts from ntfy's pages "Publish as JSON", "Limitations", "Poll for messages"."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from incident.model.effects import Page
from integrations.http import failure_of, unreachable
from integrations.ports import Receipt

MOST_MESSAGE_BYTES = 4096
"""Longer messages become attachments ("Limitations": message length)."""
MOST_TITLE_BYTES = 250
"""Ours: a phone shows less than that."""
URGENT, HIGH = 5, 4
LOOK_BACK = "12h"
"""How far back a lost answer is looked for: a server keeps messages 12 h by default ("Message caching")."""


@dataclass(frozen=True)
class NtfyPager:
    """Plays `Pager`. `topic_url` is a topic's address, such as https://ntfy.example.org/oncall."""

    http: httpx.AsyncClient
    topic_url: str
    token: SecretStr | None = None
    remembers: ClassVar[bool] = True

    async def page(self, page: Page, *, click: str) -> Receipt:
        """Publish. Raises Unreachable, RateLimited, Refused."""
        root, topic = self._root_and_topic()
        body = {
            "topic": topic,
            "title": cut(page.title, MOST_TITLE_BYTES),
            "message": cut(page.text, MOST_MESSAGE_BYTES),
            "priority": URGENT if page.urgent else HIGH,
            "tags": ["rotating_light" if page.urgent else "warning"],
            "click": click,
        }
        try:
            answer = await self.http.post(root, json=body, headers=self._headers() | {"Idempotency-Key": page.key})
        except httpx.HTTPError as error:
            raise unreachable("ntfy", error) from None
        failure = failure_of("ntfy", answer, _error(answer))
        if failure:
            raise failure
        return Receipt(id=str(_read(answer).get("id", "")))

    async def find(self, page: Page) -> Receipt | None:
        """Ask the topic whether this very page arrived. Raises Unreachable, RateLimited, Refused."""
        query = {"poll": "1", "since": LOOK_BACK}
        try:
            answer = await self.http.get(f"{self.topic_url}/json", params=query, headers=self._headers())
        except httpx.HTTPError as error:
            raise unreachable("ntfy", error) from None
        failure = failure_of("ntfy", answer, _error(answer))
        if failure:
            raise failure
        mark = f"Page {page.number} of {page.incident_id},"
        found = [m for m in _messages(answer.text) if mark in m.get("message", "") and _same(m, page)]
        return Receipt(id=str(found[0].get("id", "")), repeat=True) if found else None

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"} if self.token else {}

    def _root_and_topic(self) -> tuple[str, str]:
        parts = urlsplit(self.topic_url)
        base, _, topic = parts.path.strip("/").rpartition("/")
        return f"{parts.scheme}://{parts.netloc}/{base}", topic


def cut(text: str, most_bytes: int) -> str:
    """At most so many bytes of UTF-8, never half a character."""
    raw = text.encode()
    return text if len(raw) <= most_bytes else raw[: most_bytes - 3].decode(errors="ignore") + "…"


def _same(message: dict[str, Any], page: Page) -> bool:
    """The id of an incident comes back next week; its pages of last week are not this one."""
    return int(message.get("time", 0)) >= int(page.not_before.timestamp()) - 1


def _messages(lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines() if line.startswith("{")]


def _read(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _error(answer: httpx.Response) -> str:
    return str(_read(answer).get("error", "")) if answer.is_error else ""
