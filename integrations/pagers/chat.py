"""The team's chat as a way to page: it wakes the whole channel, where no better channel delivers."""

import httpx

from integrations.ports import Pager
from integrations.reach import Lacking, Reach
from integrations.slack_webhook import SlackWebhook


def pager(reach: Reach, http: httpx.AsyncClient) -> Pager | Lacking:
    """The incoming webhook plays it."""
    url = reach.chat.webhook_url
    return SlackWebhook(http, url) if url else Lacking("INCIDENTS_CHAT__WEBHOOK_URL")
