"""ntfy: a push message on the phone. Facts from ntfy's pages "Publish as JSON", "Action buttons", "Limitations", "Fetch
cached messages" and "Release notes" (docs.ntfy.sh).
"""

import json
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from incident.model.effects import Page
from integrations.errors import Refused
from integrations.http import ask, failure_of, key_header
from integrations.ports import Button, Pager, Receipt
from integrations.reach import Lacking, Reach
from integrations.wording import cut, fitted, mark_of, pressable

MOST_MESSAGE_BYTES = 4096
"""Longer messages become attachments ("Limitations": message length)."""
MOST_TITLE_BYTES = 250
"""Ours: a phone shows less than that, and servers refuse titles over 1 KB ("Release notes", v2.28.0)."""
MOST_BUTTONS = 3
"""On one message ("Action buttons"); further ones become links under the text."""
URGENT, HIGH = 5, 4
NO_TOPIC = "ntfy has no topic to publish to: set INCIDENTS_PAGER__NTFY_URL"


def pager(reach: Reach, http: httpx.AsyncClient) -> Pager | Lacking:
    """Without a topic of the team's, people may still have one of their own."""
    return NtfyPager(http, str(reach.pager.ntfy_url or ""), reach.pager.ntfy_token)


@dataclass(frozen=True)
class Topic:
    """Where a server takes JSON, and the topic's name there. On a public server the name is as good as a password."""

    root: str
    name: str


@dataclass(frozen=True)
class NtfyPager:
    """Plays `Pager`. `topic_url` is a topic's address, such as https://ntfy.example.org/oncall.

    An address of somebody's own is a topic's URL, or only the name of a topic on the same server.
    """

    http: httpx.AsyncClient
    topic_url: str = ""
    token: SecretStr | None = None
    remembers: ClassVar[bool] = True

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        """Publish. Raises Unreachable, RateLimited, Refused."""
        topic = self._topic(to)
        body = {
            "topic": topic.name,
            "title": cut(page.title, MOST_TITLE_BYTES),
            "message": fitted(pressable(page, buttons), MOST_MESSAGE_BYTES, links=buttons[MOST_BUTTONS:]),
            "priority": URGENT if page.urgent else HIGH,
            "tags": ["rotating_light" if page.urgent else "warning"],
            "click": click,
        }
        if buttons:
            body["actions"] = [_action(button) for button in buttons[:MOST_BUTTONS]]
        headers = self._headers(topic) | key_header(page.key)
        answer = await ask(self.http, "ntfy", "POST", topic.root, json=body, headers=headers)
        failure = failure_of("ntfy", answer, _error(answer))
        if failure:
            raise failure
        taken = _read(answer).get("id")
        if not taken:  # some other site's 200 is not a page on a phone: the next channel is tried at once
            raise Refused(f"ntfy answered {answer.status_code} without a message id: is this the address of a topic?")
        return Receipt(id=str(taken))

    async def find(self, page: Page, *, to: str) -> Receipt | None:
        """Ask the topic whether this very page arrived. Raises Unreachable, RateLimited, Refused."""
        topic = self._topic(to)
        query = {"poll": "1", "since": str(_earliest(page))}
        address = f"{topic.root}{topic.name}/json"
        answer = await ask(self.http, "ntfy", "GET", address, params=query, headers=self._headers(topic))
        failure = failure_of("ntfy", answer, _error(answer))
        if failure:
            raise failure
        found = [message for message in _messages(answer.text) if _same(message, page)]
        return Receipt(id=str(found[0].get("id", "")), repeat=True) if found else None

    def _headers(self, topic: Topic) -> dict[str, str]:
        """Our token is for our server and nobody else's."""
        if self.token is None or topic.root != _topic_at(self.topic_url).root:
            return {}
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"}

    def _topic(self, to: str) -> Topic:
        """Raises Refused where there is none."""
        if not self.topic_url and "://" not in to:
            raise Refused(NO_TOPIC)
        if not to or "://" in to:
            return _topic_at(to or self.topic_url)
        return Topic(root=_topic_at(self.topic_url).root, name=to)


def _topic_at(url: str) -> Topic:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Refused("ntfy has an address that is no web address") from None
    base, _, name = parts.path.strip("/").rpartition("/")
    return Topic(root=f"{parts.scheme}://{parts.netloc}/{base + '/' if base else ''}", name=name)


def _action(button: Button) -> dict[str, Any]:
    """One that acts does so without opening anything, and takes its message off the screen ("Send HTTP request")."""
    if not button.acts:
        return {"action": "view", "label": button.label, "url": button.url}
    return {"action": "http", "label": button.label, "url": button.url, "method": "POST", "clear": True}


def _earliest(page: Page) -> int:
    """Seconds since 1970, as ntfy tells them: whole ones. An older message is another incident's of the same id."""
    return int(page.not_before.timestamp()) - 1


def _same(message: dict[str, Any], page: Page) -> bool:
    return mark_of(page) in str(message.get("message", "")) and _number(message.get("time")) >= _earliest(page)


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
