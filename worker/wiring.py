"""Settings → clients: who plays which role here."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx

from activities.ledger import Ledger
from activities.links import Links
from activities.outside import Outside
from activities.provide import World
from incident.model.effects import Post
from incident.model.severity import Severity
from integrations.aws import Aws
from integrations.clock import utc_now
from integrations.errors import IntegrationError
from integrations.http import shared_client
from integrations.ntfy import NtfyPager
from integrations.ports import Channels, Pager
from integrations.slack_webhook import SlackWebhook
from worker.settings import Settings


@asynccontextmanager
async def outside_world(settings: Settings) -> AsyncIterator[World]:
    """Everything activities are given; closed at the end. Raises OSError where the home cannot be written."""
    settings.home.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(settings.home / "ledger.db")
    async with shared_client() as http:
        yield World(
            outside=Outside(http=http, aws=Aws(settings.aws), apps=tuple(settings.apps), metrics=settings.metrics),
            channels=channels(settings, http),
            ledger=ledger,
            links=Links(str(settings.web_ui_url)),
            home=settings.home,
            speed=settings.speed,
        )
    ledger.close()


def channels(settings: Settings, http: httpx.AsyncClient) -> Channels:
    """Pagers and chat, as far as they are set."""
    pagers: dict[str, Pager] = {}
    chat = SlackWebhook(http, settings.chat.webhook_url) if settings.chat.webhook_url else None
    if settings.pager.ntfy_url:
        pagers["ntfy"] = NtfyPager(http, str(settings.pager.ntfy_url), settings.pager.ntfy_token)
    if chat:
        pagers["chat"] = chat
    return Channels(pagers=pagers, chat=chat)


def line_sayer(channels: Channels, link: str) -> Callable[[str], Awaitable[str]]:
    """Posts a bare line in the chat; the answer says why it could not, empty: it did."""

    async def say(line: str) -> str:
        if channels.chat is None:
            return "no chat is set: set INCIDENTS_CHAT__WEBHOOK_URL"
        post = Post(key=f"line/{utc_now().isoformat()}", incident_id="bridge", title=line, severity=Severity.SEV3)
        try:
            await channels.chat.post(post, link=link)
        except IntegrationError as error:
            return str(error)
        return ""

    return say
