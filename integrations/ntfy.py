"""ntfy: a push message on the phone. Facts from ntfy's pages "Publish as JSON", "Limitations", "Fetch cached messages"
and "Release notes".
"""

import json
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from incident.model.effects import Page
from integrations.errors import Refused
from integrations.http import failure_of, key_header, unreachable
from integrations.ports import Receipt

MOST_MESSAGE_BYTES = 4096
"""Longer messages become attachments ("Limitations": message length)."""
MOST_TITLE_BYTES = 250
"""Ours: a phone shows less than that, and servers refuse titles over 1 KB ("Release notes", v2.28.0)."""
URGENT, HIGH = 5, 4


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
            answer = await self.http.post(root, json=body, headers=self._headers() | key_header(page.key))
        except httpx.HTTPError as error:
            raise unreachable("ntfy", error) from None
        failure = failure_of("ntfy", answer, _error(answer))
        if failure:
            raise failure
        taken = _read(answer).get("id")
        if not taken:  # some other site's 200 is not a page on a phone: the next channel is tried at once
            raise Refused(f"ntfy answered {answer.status_code} without a message id: is this the address of a topic?")
        return Receipt(id=str(taken))

    async def find(self, page: Page) -> Receipt | None:
        """Ask the topic whether this very page arrived. Raises Unreachable, RateLimited, Refused."""
        root, topic = self._root_and_topic()
        query = {"poll": "1", "since": str(_earliest(page))}
        try:
            answer = await self.http.get(f"{root}{topic}/json", params=query, headers=self._headers())
        except httpx.HTTPError as error:
            raise unreachable("ntfy", error) from None
        failure = failure_of("ntfy", answer, _error(answer))
        if failure:
            raise failure
        found = [message for message in _messages(answer.text) if _same(message, page)]
        return Receipt(id=str(found[0].get("id", "")), repeat=True) if found else None

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"} if self.token else {}

    def _root_and_topic(self) -> tuple[str, str]:
        parts = urlsplit(self.topic_url)
        base, _, topic = parts.path.strip("/").rpartition("/")
        return f"{parts.scheme}://{parts.netloc}/{base + '/' if base else ''}", topic


def cut(text: str, most_bytes: int) -> str:
    """At most so many bytes of UTF-8, never half a character."""
    raw = text.encode()
    return text if len(raw) <= most_bytes else raw[: most_bytes - 3].decode(errors="ignore") + "…"


def _earliest(page: Page) -> int:
    """Seconds since 1970, as ntfy tells them: whole ones. An older message is another incident's of the same id."""
    return int(page.not_before.timestamp()) - 1


def _same(message: dict[str, Any], page: Page) -> bool:
    mark = f"Page {page.number} of {page.incident_id},"
    return mark in str(message.get("message", "")) and _number(message.get("time")) >= _earliest(page)


def _messages(lines: str) -> list[dict[str, Any]]:
    """One JSON object a line. What cannot be read is not our page: better a second page than none."""
    return [found for line in lines.splitlines() if (found := _object(line))]


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _number(told: object) -> float:
    return float(told) if isinstance(told, int | float) else 0.0


def _read(answer: httpx.Response) -> dict[str, Any]:
    return _object(answer.text)


def _error(answer: httpx.Response) -> str:
    return str(_read(answer).get("error", "")) if answer.is_error else ""
