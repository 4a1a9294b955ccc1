"""A mention in the team's Slack channel: the person's phone says so. Facts from Slack's pages "chat.postMessage",
"conversations.history", "Message metadata", "Mentioning users" and "Rate limits" (docs.slack.dev).

Everybody in the channel reads along, so a link that acts for one person is never in it.
"""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr

from incident.model.effects import Page
from integrations.errors import Refused
from integrations.ports import Button, Pager, Receipt
from integrations.reach import Lacking, Reach
from integrations.slack_web import call
from integrations.slack_webhook import EVERYBODY, page_of

EVENT = "incidents_page"
"""Kind of our messages' metadata: by it one is found again."""
LOOKED_AT = 100
"""Messages of the channel among which a page is looked for."""


def pager(reach: Reach, http: httpx.AsyncClient) -> Pager | Lacking:
    """Needs an app's token and a channel."""
    token, channel = reach.chat.bot_token, reach.chat.channel
    if token is None:
        return Lacking("INCIDENTS_CHAT__BOT_TOKEN")
    return (
        SlackMention(http, str(reach.chat.api_url), token, channel) if channel else Lacking("INCIDENTS_CHAT__CHANNEL")
    )


@dataclass(frozen=True)
class SlackMention:
    """Plays `Pager`. An address is a member's id (`U…`, `W…`) or a user group's (`S…`)."""

    http: httpx.AsyncClient
    api_url: str
    token: SecretStr
    channel: str
    remembers: ClassVar[bool] = True

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        """Say it, and wake whom it is for. Raises Unreachable, RateLimited, Refused."""
        body = {
            "channel": self.channel,
            "unfurl_links": False,
            "metadata": {"event_type": EVENT, "event_payload": _name(page, to)},
            **page_of(page, click, buttons, call=_mention(to)),
        }
        told = await self._call("POST", "chat.postMessage", json=body)
        return Receipt(id=str(told.get("ts", "")))

    async def find(self, page: Page, *, to: str) -> Receipt | None:
        """Look through the channel since the incident began. Raises Unreachable, RateLimited, Refused."""
        since = {"channel": self.channel, "oldest": f"{page.not_before.timestamp():.6f}", "limit": LOOKED_AT}
        told = await self._call("GET", "conversations.history", params=since | {"include_all_metadata": "true"})
        wanted = {"event_type": EVENT, "event_payload": _name(page, to)}
        messages = told.get("messages")
        found = [m for m in messages if m.get("metadata") == wanted] if isinstance(messages, list) else []
        return Receipt(id=str(found[0].get("ts", "")), repeat=True) if found else None

    async def _call(self, verb: str, method: str, **request: Any) -> dict[str, Any]:
        return await call(self.http, self.api_url, self.token, verb, method, **request)


def _name(page: Page, to: str) -> dict[str, str]:
    """What tells this message from all others."""
    return {"key": page.key, "to": to}


def _mention(to: str) -> str:
    """Raises Refused where `to` is nobody's id: it would be a bare word, and wake nobody."""
    if not to:
        return EVERYBODY
    if re.fullmatch(r"[UW][A-Z0-9]{5,20}", to):
        return f"<@{to}>"
    if re.fullmatch(r"S[A-Z0-9]{5,20}", to):
        return f"<!subteam^{to}>"
    raise Refused("Slack has an address that is no member's id (`U…`)")
