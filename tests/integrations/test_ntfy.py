"""A page as ntfy takes it: in the practice world's topic, and against answers a topic gives only now and then."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from gameday.world.launch import RunningWorld
from incident.model.effects import Page
from incident.model.severity import Severity
from integrations.clock import utc_now
from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.pagers.ntfy import MOST_MESSAGE_BYTES, NtfyPager
from integrations.ports import Button

PAGE = Page(
    key="incident-A@20260616T032800.000000Z/page/2/ntfy",
    incident_id="incident-A",
    number=2,
    domain="database",
    severity=Severity.SEV1,
    title="SEV-1 AppDBDown app.tlsstress.art",
    text="Customers cannot work.\nPage 2 of incident-A, for on-call.",
    audience="on-call",
    urgent=True,
    not_before=datetime(2026, 6, 16, 3, 28, tzinfo=UTC),
    because="it fires",
)
CLICK = "http://ui.example.org/incident-A"
TAKEN = {"id": "m1", "time": 1781580481, "event": "message", "topic": "oncall"}


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=5) as client:
        yield client


@pytest.fixture
def pager(world: RunningWorld, http: httpx.AsyncClient) -> NtfyPager:
    return NtfyPager(http, world.env["INCIDENTS_PAGER__NTFY_URL"])


def playing(
    answer: Callable[[httpx.Request], httpx.Response], url: str = "https://ntfy.example.org/oncall"
) -> NtfyPager:
    """A pager whose server is `answer`."""
    return NtfyPager(httpx.AsyncClient(transport=httpx.MockTransport(answer)), url, SecretStr("hush"))


def always(status: int = 200, body: Any = TAKEN, **headers: str) -> NtfyPager:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return playing(lambda _: httpx.Response(status, content=content, headers=headers))


async def test_a_page_arrives_as_it_was_written(world: RunningWorld, pager: NtfyPager) -> None:
    """Title, text, where a tap leads; urgent ones ring through."""
    await pager.page(PAGE, to="", click=CLICK)

    assert world.received()["pages"][0]["body"] == {
        "topic": "oncall",
        "title": PAGE.title,
        "message": PAGE.text,
        "priority": 5,
        "tags": ["rotating_light"],
        "click": CLICK,
    }


async def test_a_page_that_is_not_urgent_does_not_ring_through(world: RunningWorld, pager: NtfyPager) -> None:
    """SEV-2: high, not max."""
    await pager.page(replace(PAGE, urgent=False), to="", click=CLICK)

    assert world.received()["pages"][0]["body"]["priority"] == 4


async def test_a_page_carries_its_key(world: RunningWorld, pager: NtfyPager) -> None:
    """Design §5: the Idempotency-Key header."""
    await pager.page(PAGE, to="", click=CLICK)

    assert world.received()["pages"][0]["key"] == PAGE.key


async def test_the_receipt_is_the_message_id(pager: NtfyPager) -> None:
    """ntfy's own."""
    assert (await pager.page(PAGE, to="", click=CLICK)).id.startswith("m")


async def test_a_text_of_any_length_arrives(world: RunningWorld, pager: NtfyPager) -> None:
    """ntfy refuses messages over 4,096 bytes: ours is cut before."""
    await pager.page(replace(PAGE, text="é" * 5000, title="€" * 400), to="", click=CLICK)

    assert len(world.received()["pages"][0]["body"]["message"].encode()) <= MOST_MESSAGE_BYTES


async def test_a_lost_answer_is_found_again(world: RunningWorld, http: httpx.AsyncClient) -> None:
    """It was taken, nobody heard: the topic is asked, and knows it."""
    world.fault("answer_lost")
    impatient = httpx.AsyncClient(timeout=0.5)
    page = replace(PAGE, not_before=utc_now())
    with pytest.raises(Unreachable):
        await NtfyPager(impatient, world.env["INCIDENTS_PAGER__NTFY_URL"]).page(page, to="", click=CLICK)

    found = await NtfyPager(http, world.env["INCIDENTS_PAGER__NTFY_URL"]).find(page, to="")

    assert found is not None
    assert found.repeat


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"number": 3}, id="another page of this incident"),
        pytest.param({"incident_id": "incident-A-b"}, id="the same page of another incident"),
        pytest.param({"not_before": utc_now() + timedelta(hours=1)}, id="the same page of an incident of last week"),
    ],
)
async def test_another_page_is_not_taken_for_it(pager: NtfyPager, other: dict[str, Any]) -> None:
    """One that is wrongly found would never be sent."""
    await pager.page(PAGE, to="", click=CLICK)

    assert await pager.find(replace(PAGE, **other), to="") is None


async def test_only_what_may_be_it_is_asked_for() -> None:
    """A server replays a whole topic to whoever gives no `since`, and makes them wait for it."""
    asked: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, text="")

    await playing(server).find(PAGE, to="")

    assert asked == [f"https://ntfy.example.org/oncall/json?poll=1&since={int(PAGE.not_before.timestamp()) - 1}"]


@pytest.mark.parametrize("line", ["{", '{"message": 7}', '{"message": null, "time": "x"}', "[1]", "<html>", ""])
async def test_a_topic_that_cannot_be_read_does_not_cost_the_page(line: str) -> None:
    """Not found, so it is sent again: better twice than never."""
    assert await always(body=f"{line}\n".encode()).find(PAGE, to="") is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param({"status": 403, "body": {"error": "forbidden"}}, Refused, id="forbidden"),
        pytest.param({"status": 413, "body": {"error": "too large"}}, Refused, id="too large"),
        pytest.param({"status": 301}, Refused, id="http instead of https: nothing has arrived"),
        pytest.param({"body": b"<html>It works!</html>"}, Refused, id="some web site's 200 is no page"),
        pytest.param({"body": {}}, Refused, id="nor is an answer without an id"),
        pytest.param({"status": 503}, Unreachable, id="away for now"),
        pytest.param({"status": 429, "retry-after": "9"}, RateLimited, id="too many"),
    ],
)
async def test_only_a_message_id_is_a_delivery(answer: dict[str, Any], kind: type[IntegrationError]) -> None:
    """Whatever else comes back, nobody was paged."""
    with pytest.raises(kind):
        await always(**answer).page(PAGE, to="", click=CLICK)


@pytest.mark.parametrize(("fault", "kind"), [("pager_down", Unreachable), ("pager_refuses", Refused)])
async def test_the_practice_ntfy_fails_like_the_real_one(
    world: RunningWorld, pager: NtfyPager, fault: str, kind: type[IntegrationError]
) -> None:
    """503 may pass, 403 will not."""
    world.fault(fault)

    with pytest.raises(kind):
        await pager.page(PAGE, to="", click=CLICK)


async def test_a_refusal_says_why_in_the_servers_words() -> None:
    """Whoever reads the timeline must know what to mend."""
    with pytest.raises(Refused, match="ntfy answered 403: forbidden"):
        await always(403, {"error": "forbidden"}).page(PAGE, to="", click=CLICK)


async def test_a_time_out_is_unreachable_and_tells_no_token() -> None:
    """Tried again; the text goes into history and chat."""

    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout(f"{request.url} {request.headers}")

    with pytest.raises(Unreachable) as failed:
        await playing(silent, "https://u:hush@ntfy.example.org/oncall").page(PAGE, to="", click=CLICK)

    assert "hush" not in str(failed.value)


@pytest.mark.parametrize(
    ("topic_url", "published_at", "read_at"),
    [
        ("https://ntfy.example.org/oncall", "/", "/oncall/json"),
        ("https://ntfy.example.org/oncall/", "/", "/oncall/json"),
        ("https://example.org/a/ntfy/oncall", "/a/ntfy/", "/a/ntfy/oncall/json"),
    ],
)
async def test_a_topic_may_live_below_a_path(topic_url: str, published_at: str, read_at: str) -> None:
    """ntfy behind a reverse proxy; JSON is published to the root of the server."""
    paths: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return httpx.Response(200, json=TAKEN)

    pager = playing(server, topic_url)
    await pager.page(PAGE, to="", click=CLICK)
    await pager.find(PAGE, to="")

    assert paths == [published_at, read_at]


async def sent_to(pager: NtfyPager, to: str) -> tuple[str, str]:
    """Where a page for this address went, and with which token."""
    seen: list[httpx.Request] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=TAKEN)

    pager = replace(pager, http=httpx.AsyncClient(transport=httpx.MockTransport(server)))
    await pager.page(PAGE, to=to, click=CLICK)
    (request,) = seen
    topic = json.loads(request.content)["topic"]
    return f"{request.url.host}{request.url.path}{topic}", request.headers.get("authorization", "")


@pytest.mark.parametrize(
    ("to", "went"),
    [
        ("", ("ntfy.example.org/oncall", "Bearer hush")),
        ("ana-7f3", ("ntfy.example.org/ana-7f3", "Bearer hush")),
        ("https://ntfy.example.org/ana-7f3", ("ntfy.example.org/ana-7f3", "Bearer hush")),
        ("https://elsewhere.example.com/bo", ("elsewhere.example.com/bo", "")),
    ],
)
async def test_somebodys_own_topic_is_a_name_or_an_address(to: str, went: tuple[str, str]) -> None:
    """Our token goes to our server only."""
    assert await sent_to(always(), to) == went


async def test_without_any_topic_the_missing_setting_is_named() -> None:
    """No retry helps; the next channel does."""
    with pytest.raises(Refused, match="INCIDENTS_PAGER__NTFY_URL"):
        await NtfyPager(httpx.AsyncClient()).page(PAGE, to="", click=CLICK)


@pytest.mark.parametrize("to", ["https://[hush", "http://hush:port/x", "https://hu\x00sh/x"])
async def test_a_mistyped_address_is_refused_without_telling_it(to: str) -> None:
    """It is a secret, and trying again does not help."""
    with pytest.raises(Refused) as failed:
        await NtfyPager(httpx.AsyncClient()).page(PAGE, to=to, click=CLICK)

    assert "hush" not in str(failed.value)


def actions(world: RunningWorld) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.received()["pages"][0]["body"]["actions"]
    return found


async def test_a_button_acts_at_once_and_a_link_only_opens(world: RunningWorld, pager: NtfyPager) -> None:
    """One thumb is enough to ack; the runbook is for reading."""
    ack, book = Button(label="Ack", url="https://b.example.org/act/1"), "https://runbooks.example.org/x"
    await pager.page(PAGE, to="", click=CLICK, buttons=(ack, Button(label="Runbook", url=book, acts=False)))

    assert actions(world) == [
        {"action": "http", "label": "Ack", "url": ack.url, "method": "POST", "clear": True},
        {"action": "view", "label": "Runbook", "url": book},
    ]


async def test_what_is_too_much_for_buttons_stands_under_the_text(world: RunningWorld, pager: NtfyPager) -> None:
    """ntfy shows three."""
    buttons = tuple(Button(label=f"B{n}", url=f"https://b.example.org/{n}") for n in range(4))
    await pager.page(PAGE, to="", click=CLICK, buttons=buttons)

    assert len(actions(world)) == 3
    assert world.received()["pages"][0]["body"]["message"].endswith("B3: https://b.example.org/3")


async def test_the_token_goes_with_both() -> None:
    """Publishing and reading may be protected alike."""
    tokens: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        tokens.append(request.headers["authorization"])
        return httpx.Response(200, json=TAKEN)

    pager = playing(server)
    await pager.page(PAGE, to="", click=CLICK)
    await pager.find(PAGE, to="")

    assert tokens == ["Bearer hush", "Bearer hush"]
