"""What goes into a Slack-compatible webhook: within its limits, and unable to ping or fake whatever the alert says."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from gameday.world.launch import RunningWorld
from incident.model.effects import Page, Post
from incident.model.playbook import Link
from incident.model.severity import Severity
from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.ports import Button
from integrations.slack_webhook import EVERYBODY, MORE, SlackWebhook, message_of, page_of

POST = Post(
    key="incident-A@1/post/1",
    incident_id="incident-A",
    title="SEV-1 AppDBDown",
    lines=("*What:* no database",),
    commands=("incidents ack incident-A",),
    links=(Link(label="Runbook", url="https://runbooks.example.org/RUNBOOK#61"),),
    severity=Severity.SEV1,
)
PAGE = Page(
    key="incident-A@1/page/1/chat",
    incident_id="incident-A",
    number=1,
    domain="database",
    severity=Severity.SEV1,
    title="SEV-1 A",
    text="Customers cannot work.",
    audience="on-call",
    urgent=True,
    not_before=datetime(2026, 6, 16, 3, 28, tzinfo=UTC),
    because="it fires",
)
LINK = "http://ui.example.org/incident-A"
HOSTILE = st.text(alphabet=st.one_of(st.sampled_from("<>|&!@#`*\n\r\t;x/:"), st.characters(codec="utf-8")), max_size=80)
LONG = st.builds(lambda text, times: text * times, HOSTILE, st.integers(min_value=0, max_value=120))
URLS = st.builds(
    lambda scheme, rest: scheme + rest, st.sampled_from(["https://", "http://", "", "!", "@U", "ftp://"]), LONG
)
POSTS = st.builds(
    Post,
    key=st.just("k"),
    incident_id=HOSTILE.filter(str.strip),
    title=LONG,
    lines=st.lists(LONG, max_size=70).map(tuple),
    commands=st.lists(LONG, max_size=30).map(tuple),
    links=st.lists(st.builds(Link, label=HOSTILE, url=URLS), max_size=30).map(tuple),
    severity=st.just(Severity.SEV1),
    broadcast=st.booleans(),
)


def texts(message: dict[str, Any]) -> list[str]:
    """Everything Slack reads as its markup."""
    sections = [b["text"]["text"] for b in message["blocks"] if b["type"] == "section"]
    context = [e["text"] for b in message["blocks"] if b["type"] == "context" for e in b["elements"]]
    return [message["text"], *sections, *context]


def orders(message: dict[str, Any]) -> list[str]:
    """What stands between `<` and `>`: links and mentions."""
    return [order for text in texts(message) for order in re.findall(r"<([^>]*)>?", text)]


def said(message: dict[str, Any]) -> str:
    return "\n".join(texts(message))


def hook(world: RunningWorld, path: str = "") -> SlackWebhook:
    return SlackWebhook(httpx.AsyncClient(timeout=5), SecretStr(world.env["INCIDENTS_CHAT__WEBHOOK_URL"] + path))


@settings(max_examples=60)
@given(post=POSTS)
def test_no_post_goes_beyond_slacks_limits(post: Post) -> None:
    """50 blocks; a header 1 to 150 characters, a section 1 to 3,000; all together less than Slack takes."""
    blocks = message_of(post, LINK)["blocks"]
    sizes = {kind: [len(b["text"]["text"]) for b in blocks if b["type"] == kind] for kind in ("header", "section")}

    assert len(blocks) <= 50
    assert all(1 <= size <= 150 for size in sizes["header"])
    assert all(1 <= size <= 3000 for size in sizes["section"])
    assert sum(sizes["section"]) <= 12_500


@settings(max_examples=60)
@given(post=POSTS, link=URLS)
def test_no_text_pings_people_or_fakes_a_link(post: Post, link: str) -> None:
    """The only orders Slack gets are the links we set, whole, and @channel where it was asked for."""
    message = message_of(post, link)
    known = re.compile(r"https?://[^\s<>|]+\|[^<>|\n]*(\|[^<>\n]*)?")

    assert [order for order in orders(message) if not known.fullmatch(order) and order != "!channel"] == []
    assert orders(message).count("!channel") == (2 if post.broadcast else 0)


@pytest.mark.parametrize("character", ["&", "<", ">"])
def test_no_cut_leaves_half_an_escaped_character(character: str) -> None:
    """Wherever in it the limit falls, every `&` begins one of Slack's three entities."""
    cuts = [message_of(replace(POST, lines=("x" * before + character * 9,)), LINK) for before in range(2970, 3000)]

    assert [t for message in cuts for t in texts(message) if re.search(r"&(?!amp;|lt;|gt;)", t)] == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("https://a.example/?x=1&y=2", "<https://a.example/?x=1&amp;y=2|Here>", id="an ordinary one"),
        pytest.param("https://a.example/#61-db%20x", "<https://a.example/#61-db%20x|Here>", id="already encoded"),
        pytest.param(
            "https://a.example/|Bank>", "<https://a.example/%7CBank%3E|Here>", id="another label, an early end"
        ),
        pytest.param("https://a.example/> <!channel>", "<https://a.example/%3E%20%3C!channel%3E|Here>", id="a ping"),
        pytest.param("https://a.example/\n> quote", "<https://a.example/%0A%3E%20quote|Here>", id="a new line"),
        pytest.param("!channel", "Here", id="no address but a ping"),
        pytest.param("@U024BE7LH", "Here", id="no address but a person"),
        pytest.param("javascript:alert(1)", "Here", id="no web address"),
        pytest.param("https://a.example/" + "x" * 5000, "Here", id="too long to be shown whole"),
    ],
)
def test_a_link_leads_to_its_address_or_is_only_a_word(url: str, shown: str) -> None:
    """An alert's `runbook_url` is somebody's text, too."""
    post = replace(POST, lines=(), commands=(), links=(Link(label="Here", url=url),))

    assert message_of(post, LINK)["blocks"][1]["text"]["text"] == shown


def test_commands_keep_their_room_however_much_is_said() -> None:
    """What to type now matters more than the hundredth line."""
    message = message_of(replace(POST, lines=("x" * 900,) * 100), LINK)

    assert "```incidents ack incident-A```" in said(message)


def test_what_had_to_be_left_out_is_told() -> None:
    """Nobody should think that this was all."""
    assert MORE in said(message_of(replace(POST, lines=("x" * 900,) * 100), LINK))


def test_what_was_said_whole_claims_no_more() -> None:
    """The usual case."""
    assert MORE not in said(message_of(POST, LINK))


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_a_blank_line_is_not_sent(blank: str) -> None:
    """Slack refuses the whole message for an empty section."""
    assert len(message_of(replace(POST, lines=(blank,)), LINK)["blocks"]) == len(
        message_of(replace(POST, lines=()), LINK)["blocks"]
    )


def test_everybody_is_woken_only_on_demand() -> None:
    """Runbook §6: criticals @channel."""
    assert [EVERYBODY in said(message_of(replace(POST, broadcast=b), LINK)) for b in (True, False)] == [True, False]


def test_a_broadcast_without_lines_still_wakes_everybody() -> None:
    """The mention needs a section to stand in."""
    assert EVERYBODY in message_of(replace(POST, lines=(), broadcast=True), LINK)["blocks"][1]["text"]["text"]


def test_a_notification_begins_with_the_incident() -> None:
    """A webhook has no threads (design §5)."""
    assert message_of(POST, LINK)["text"] == "incident-A: SEV-1 AppDBDown"


@given(text=LONG, title=LONG)
def test_any_page_fits_and_wakes_the_channel_once_a_text(text: str, title: str) -> None:
    """The fallback when the phone does not ring."""
    message = page_of(replace(PAGE, text=text, title=title), LINK)

    assert [o for o in orders(message) if "ui.example.org" not in o] == ["!channel", "!channel"]
    assert all(1 <= len(t) <= 3000 for t in texts(message))
    assert 1 <= len(message["blocks"][0]["text"]["text"]) <= 150


def test_a_channel_gets_links_to_read_and_none_that_acts() -> None:
    """A link that acts is one person's; everybody in the channel would be that person."""
    ack, book = Button(label="Ack", url="https://b.example.org/act/1"), "https://runbooks.example.org/x"
    message = page_of(PAGE, LINK, (ack, Button(label="Runbook", url=book, acts=False)))

    assert f"<{book}|Runbook>" in said(message)
    assert ack.url not in str(message)


async def test_a_post_arrives_with_its_key(world: RunningWorld) -> None:
    """The practice webhook checks as Slack does."""
    await hook(world).post(POST, link=LINK)

    assert [post["key"] for post in world.received()["posts"]] == [POST.key]


async def test_a_post_of_any_size_is_taken(world: RunningWorld) -> None:
    """Cut to what Slack takes, never refused."""
    big = replace(
        POST, title="t" * 999, lines=("& <x> " * 900,) * 99, commands=("c" * 9999,) * 40, links=POST.links * 99
    )

    await hook(world).post(big, link=LINK)

    assert len(world.received()["posts"]) == 1


async def test_a_page_arrives_with_its_key(world: RunningWorld) -> None:
    """The same webhook plays pager where nothing better delivers."""
    await hook(world).page(PAGE, to="", click=LINK)

    assert [post["key"] for post in world.received()["posts"]] == [PAGE.key]


async def test_a_webhook_cannot_be_asked(world: RunningWorld) -> None:
    """So a second try must be honest about itself."""
    assert await hook(world).find(PAGE, to="") is None


async def test_a_dead_webhook_may_come_back(world: RunningWorld) -> None:
    """503: tried again."""
    world.fault("chat_down")

    with pytest.raises(Unreachable):
        await hook(world).post(POST, link=LINK)


async def test_a_revoked_webhook_is_refused_in_slacks_words(world: RunningWorld) -> None:
    """Trying again does not help."""
    with pytest.raises(Refused, match="no_service"):
        await hook(world, "-revoked").post(POST, link=LINK)


@pytest.mark.parametrize(("status", "kind"), [(302, Refused), (403, Refused), (429, RateLimited), (500, Unreachable)])
async def test_a_failure_never_tells_the_address(status: int, kind: type[IntegrationError]) -> None:
    """Whoever knows a webhook's address can post."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(status, text="no")))

    with pytest.raises(kind) as failed:
        await SlackWebhook(http, SecretStr("https://hooks.example.org/T0/hush")).post(POST, link=LINK)

    assert "hush" not in str(failed.value)


async def test_no_answer_never_tells_the_address() -> None:
    """httpx's own texts would."""

    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout(str(request.url))

    http = httpx.AsyncClient(transport=httpx.MockTransport(silent))
    with pytest.raises(Unreachable) as failed:
        await SlackWebhook(http, SecretStr("https://hooks.example.org/T0/hush")).post(POST, link=LINK)

    assert "hush" not in f"{failed.value!r} {failed.value.__cause__}"
