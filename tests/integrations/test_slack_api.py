"""One thread per incident in Slack, found again whatever happened, within Slack's limits."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from gameday.receivers.desk import RETRY_AFTER_S, Fault
from gameday.receivers.slack import CHANNEL, TOKEN, SlackReceiver
from gameday.receivers.slack_blocks import MOST_BLOCKS
from incident.model.card import Card, Press, Thread
from incident.model.effects import Post
from incident.model.severity import Severity
from integrations.clock import utc_now
from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.slack_api import SlackApi
from integrations.slack_buttons import Tap, tapped

KEY = "incident-A@20260616T120000.000000Z"
LINK = "http://ui/incident-A"
CARD = Card(
    incident_id="incident-A",
    title="SEV-1 A: triage",
    lines=("*Phase:* triage",),
    presses=(
        Press(action="ack", label="I have it", main=True),
        Press(action="take", about="scribe", label="Take scribe"),
    ),
)
POST = Post(key=f"{KEY}/post/1", incident_id="incident-A", title="SEV-1 A: update", severity=Severity.SEV1)


def thread(at: str = "") -> Thread:
    return Thread(key=KEY, since=utc_now() - timedelta(minutes=1), at=at)


class Impatient(httpx.ASGITransport):
    """In one process there is no network that would time out by itself."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            async with asyncio.timeout(1):
                return await super().handle_async_request(request)
        except TimeoutError:
            raise httpx.ReadTimeout("no answer") from None


@pytest.fixture
def slack() -> SlackReceiver:
    return SlackReceiver()


@pytest.fixture
async def http(slack: SlackReceiver) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(slack.router())
    async with httpx.AsyncClient(transport=Impatient(app=app)) as client:
        yield client


@pytest.fixture
def api(http: httpx.AsyncClient) -> SlackApi:
    return SlackApi(http, SecretStr(TOKEN), CHANNEL, {"ana": "U1", "bo": "U2"}, "http://slack/slack-api", buttons=True)


# ── one thread ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_card_opens_the_thread(api: SlackApi, slack: SlackReceiver) -> None:
    """Its first message, named by channel and instant."""
    at = await api.show(CARD, thread(), link=LINK)

    assert (at, len(slack.roots)) == (f"{CHANNEL}/{slack.messages[0]['ts']}", 1)


async def test_the_card_is_edited_in_its_place(api: SlackApi, slack: SlackReceiver) -> None:
    """Not said again."""
    at = await api.show(CARD, thread(), link=LINK)
    again = await api.show(replace(CARD, title="SEV-1 A: mitigate"), thread(at), link=LINK)

    assert (again, [m["text"] for m in slack.messages]) == (at, ["SEV-1 A: mitigate"])


async def test_after_a_crash_the_same_thread_is_found(api: SlackApi, slack: SlackReceiver) -> None:
    """Killed between opening it and remembering its name: looked up by the incident's key."""
    first = await api.show(CARD, thread(), link=LINK)
    slack.says("unrelated", "U7")

    assert await api.show(CARD, thread(), link=LINK) == first
    assert len([m for m in slack.roots if "metadata" in m]) == 1


async def test_a_lost_answer_leaves_one_thread(api: SlackApi, slack: SlackReceiver) -> None:
    """Slack took it, and we never heard."""
    slack.desk.faults.add(Fault.LOST_ANSWER)
    with pytest.raises(Unreachable):
        await api.show(CARD, thread(), link=LINK)
    await api.show(CARD, thread(), link=LINK)

    assert len(slack.roots) == 1


async def test_a_thread_is_found_behind_many_other_messages(api: SlackApi, slack: SlackReceiver) -> None:
    """Page by page: a busy channel."""
    at = await api.show(CARD, thread(), link=LINK)
    for n in range(450):
        slack.says(f"chatter {n}", "U7")

    assert await api.find(thread()) == at


async def test_an_older_incident_of_the_same_alert_has_another_thread(api: SlackApi, slack: SlackReceiver) -> None:
    """The key has the instant it was opened at."""
    await api.show(CARD, thread(), link=LINK)
    other = Thread(key="incident-A@20260701T120000.000000Z", since=utc_now())

    assert await api.find(other) == ""


async def test_a_thread_somebody_deleted_is_opened_anew(api: SlackApi, slack: SlackReceiver) -> None:
    """People need one."""
    at = await api.show(CARD, thread(), link=LINK)
    slack.messages.clear()

    assert await api.show(CARD, thread(at), link=LINK) != at
    assert len(slack.roots) == 1


async def test_a_thread_tells_whose_it_is(api: SlackApi, slack: SlackReceiver) -> None:
    """A reply names only the first message: the incident's key is asked for."""
    at = await api.show(CARD, thread(), link=LINK)
    other = slack.says("lunch?", "U7")

    assert await api.incident_of(*at.split("/")) == KEY
    assert await api.incident_of(CHANNEL, other["ts"]) == ""
    assert await api.incident_of(CHANNEL, "1.2") == ""


# ── what is said in it ───────────────────────────────────────────────────────────────────────────────────────────


async def test_a_post_is_a_reply_in_the_thread(api: SlackApi, slack: SlackReceiver) -> None:
    """Everything else than the card."""
    at = await api.show(CARD, thread(), link=LINK)
    await api.post(replace(POST, thread=thread(at)), link=LINK)

    assert [m["text"] for m in slack.under(at.split("/")[1])] == ["incident-A: SEV-1 A: update"]


@pytest.mark.parametrize(("broadcast", "expected"), [(True, True), (False, None)])
async def test_what_wakes_the_channel_is_seen_there(
    api: SlackApi, slack: SlackReceiver, broadcast: bool, expected: bool | None
) -> None:
    """A reply is hidden in its thread; a call to everybody must not be."""
    at = await api.show(CARD, thread(), link=LINK)
    await api.post(replace(POST, thread=thread(at), broadcast=broadcast), link=LINK)

    assert slack.messages[-1].get("reply_broadcast") is expected


async def test_people_who_are_known_are_called(api: SlackApi, slack: SlackReceiver) -> None:
    """By their Slack user id; of others the words say who."""
    await api.post(replace(POST, lines=("bo is scribe",), mentions=("bo", "stranger")), link=LINK)

    assert slack.messages[-1]["blocks"][1]["text"]["text"] == "<@U2> bo is scribe"


async def test_nobody_can_fake_a_call(api: SlackApi, slack: SlackReceiver) -> None:
    """What an alert says is only text."""
    card = replace(CARD, title="<!channel> A", lines=("<@U1> & co",))
    await api.show(card, thread(), link=LINK)

    assert slack.messages[0]["text"] == "&lt;!channel&gt; A"
    assert slack.messages[0]["blocks"][0]["text"]["type"] == "plain_text"
    assert slack.messages[0]["blocks"][1]["text"]["text"] == "&lt;@U1&gt; &amp; co"


async def test_a_post_that_arrived_is_found_by_its_key(api: SlackApi, slack: SlackReceiver) -> None:
    """So nothing is said twice."""
    at = await api.show(CARD, thread(), link=LINK)
    said = replace(POST, thread=thread(at))
    receipt = await api.post(said, link=LINK)

    found = await api.said(said)
    assert (found and found.id, found and found.repeat) == (receipt.id, True)
    assert await api.said(replace(said, key=f"{KEY}/post/2")) is None


async def test_a_post_outside_a_thread_is_found_too(api: SlackApi, slack: SlackReceiver) -> None:
    """Said before the thread was open."""
    said = replace(POST, thread=thread())
    await api.post(said, link=LINK)

    assert await api.said(said)


async def test_buttons_say_what_they_do_and_to_which_incident(api: SlackApi, slack: SlackReceiver) -> None:
    """What the bridge's door understands."""
    await api.show(CARD, thread(), link=LINK)
    (actions,) = [b for b in slack.messages[0]["blocks"] if b["type"] == "actions"]

    assert [tapped(element) for element in actions["elements"]] == [
        Tap(action="ack", incident=KEY),
        Tap(action="take", incident=KEY, about="scribe"),
    ]


async def test_a_chat_whose_taps_lead_nowhere_shows_no_buttons(api: SlackApi, slack: SlackReceiver) -> None:
    """A button that does nothing is worse than none."""
    await replace(api, buttons=False).show(CARD, thread(), link=LINK)

    assert [b["type"] for b in slack.messages[0]["blocks"]] == ["header", "section", "context"]


@pytest.mark.parametrize("lines", [200, 3])
@pytest.mark.parametrize("size", [10, 5000])
async def test_a_card_fits_slack_s_limits(api: SlackApi, slack: SlackReceiver, lines: int, size: int) -> None:
    """50 blocks, 3000 characters a section, 25 buttons: it is cut, never refused."""
    presses = tuple(Press(action="approve", about=f"p-{n}", label=f"Yes {'x' * 100}") for n in range(40))
    card = replace(CARD, title="T" * 500, lines=("é<" * size,) * lines, presses=presses)
    await api.show(card, thread(), link=LINK)

    assert len(slack.messages[0]["blocks"]) <= MOST_BLOCKS


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(Fault.DOWN, Unreachable, id="Slack is down"),
        pytest.param(Fault.RATE_LIMIT, RateLimited, id="too fast"),
        pytest.param(Fault.REFUSE, Refused, id="no such channel"),
        pytest.param(Fault.LOST_ANSWER, Unreachable, id="no answer"),
    ],
)
async def test_a_failure_says_whether_trying_again_helps(
    api: SlackApi, slack: SlackReceiver, fault: Fault, error: type[IntegrationError]
) -> None:
    """Down and silent: yes; too fast: later; no: no."""
    slack.desk.faults.add(fault)

    with pytest.raises(error) as failed:
        await api.post(POST, link=LINK)
    assert TOKEN not in str(failed.value)


async def test_a_rate_limit_says_how_long(api: SlackApi, slack: SlackReceiver) -> None:
    """Retry-After, in seconds ("Rate limits")."""
    slack.desk.faults.add(Fault.RATE_LIMIT)

    with pytest.raises(RateLimited) as failed:
        await api.show(CARD, thread("C1/1.2"), link=LINK)
    assert failed.value.retry_after_s == RETRY_AFTER_S


async def test_a_wrong_token_is_a_no(http: httpx.AsyncClient) -> None:
    """And is not told."""
    api = SlackApi(http, SecretStr("xoxb-wrong"), CHANNEL, {}, "http://slack/slack-api")

    with pytest.raises(Refused, match="invalid_auth") as failed:
        await api.post(POST, link=LINK)
    assert "xoxb" not in str(failed.value)


async def test_some_other_site_s_page_is_no_answer() -> None:
    """A proxy's 200 is not Slack's yes."""
    page = httpx.MockTransport(lambda _: httpx.Response(200, text="<html>welcome</html>"))
    async with httpx.AsyncClient(transport=page) as client:
        with pytest.raises(Refused, match="is this its address"):
            await SlackApi(client, SecretStr(TOKEN), CHANNEL).post(POST, link=LINK)


def test_an_old_instant_is_a_legal_slack_instant() -> None:
    """`oldest` is seconds since 1970, with six digits."""
    assert f"{datetime(2026, 6, 16, tzinfo=UTC).timestamp():.6f}" == "1781568000.000000"
