"""A mention in Slack: whom it wakes, and what the Web API's many ways to say no mean."""

import httpx
import pytest
from pydantic import SecretStr

from gameday.receivers.slack import CHANNEL, TOKEN
from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.pagers.slack import SlackMention, pager
from integrations.reach import Lacking, Reach
from integrations.settings import ChatSettings
from tests.integrations.contract_pager import CLICK, PAGE
from tests.integrations.receiving import Served


def mention(served: Served, channel: str = CHANNEL, token: str = TOKEN) -> SlackMention:
    return SlackMention(httpx.AsyncClient(timeout=20), f"{served.url}/slack-api", SecretStr(token), channel)


def answering(body: object) -> SlackMention:
    """Slack always says this."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=body)))
    return SlackMention(http, "https://slack.example.org/api", SecretStr("hush"), CHANNEL)


@pytest.mark.parametrize(
    ("to", "woken"),
    [("U0ANA1", "<@U0ANA1>"), ("W0ANA1", "<@W0ANA1>"), ("S0TEAM", "<!subteam^S0TEAM>"), ("", "<!channel>")],
)
async def test_the_one_it_is_for_is_woken(served: Served, to: str, woken: str) -> None:
    """A member, a group of them, or everybody."""
    await mention(served).page(PAGE, to=to, click=CLICK)

    (message,) = served.receivers.slack.messages
    assert message["text"].startswith(woken)
    assert message["blocks"][1]["text"]["text"].startswith(woken)


async def test_two_people_paged_at_once_are_told_apart(served: Served) -> None:
    """The page of one is not taken for the other's."""
    slack = mention(served)
    await slack.page(PAGE, to="U0ANA1", click=CLICK)

    assert await slack.find(PAGE, to="U0BOBO") is None


async def test_without_the_scope_to_read_nothing_can_be_looked_up(served: Served) -> None:
    """The paging activity then sends a page that says it may be a repeat."""
    served.receivers.slack.may_read = False

    with pytest.raises(Refused, match=r"conversations.history: missing_scope"):
        await mention(served).find(PAGE, to="U0ANA1")


async def test_a_token_of_nobody_is_refused(served: Served) -> None:
    """In Slack's word, without the token."""
    with pytest.raises(Refused, match=r"Slack refused chat.postMessage: invalid_auth"):
        await mention(served, token="xoxb-other").page(PAGE, to="", click=CLICK)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("not_in_channel", Refused),
        ("account_inactive", Refused),
        ("ratelimited", RateLimited),
        ("internal_error", Unreachable),
        ("service_unavailable", Unreachable),
    ],
)
async def test_a_no_that_comes_with_a_200_is_a_no(error: str, kind: type[IntegrationError]) -> None:
    """The Web API's way."""
    with pytest.raises(kind, match=error):
        await answering({"ok": False, "error": error}).page(PAGE, to="", click=CLICK)


@pytest.mark.parametrize("body", [{}, [], "ok", {"ok": "yes"}])
async def test_only_ok_is_a_delivery(body: object) -> None:
    """Whatever else comes back, nobody was paged."""
    with pytest.raises(Refused):
        await answering(body).page(PAGE, to="", click=CLICK)


@pytest.mark.parametrize(
    ("chat", "lacking"),
    [
        (ChatSettings(), Lacking("INCIDENTS_CHAT__BOT_TOKEN")),
        (ChatSettings(bot_token=SecretStr("x")), Lacking("INCIDENTS_CHAT__CHANNEL")),
    ],
)
def test_a_missing_setting_is_named(chat: ChatSettings, lacking: Lacking) -> None:
    """Nobody guesses."""
    assert pager(Reach(chat=chat), httpx.AsyncClient()) == lacking
