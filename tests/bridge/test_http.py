"""The webhook as strangers meet it: tokens, sizes, bodies nobody understands, health and metrics."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from temporalio.client import Client

from tests.bridge.conftest import Bridge, MakeBridge, alert, body, fresh, recorded
from tests.waiting import eventually

TOKEN = "correct-horse"
KIB = 1024


def not_a_notification() -> bytes:
    return b'{"alerts": []}'


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no header"),
        pytest.param({"Authorization": ""}, id="an empty header"),
        pytest.param({"Authorization": "Bearer"}, id="no token"),
        pytest.param({"Authorization": "Bearer wrong"}, id="another token"),
        pytest.param({"Authorization": f"Basic {TOKEN}"}, id="another scheme"),
        pytest.param({"Authorization": TOKEN}, id="no scheme"),
        pytest.param({"Authorization": f"Bearer {TOKEN}x"}, id="a longer token"),
        pytest.param({"Authorization": b"Bearer \xff\xfe"}, id="bytes that are no text"),
        pytest.param({"Authorization": "Bearer schlüssel".encode()}, id="a token outside ASCII"),
    ],
)
async def test_a_stranger_is_turned_away(client: Client, make_bridge: MakeBridge, headers: dict[str, str]) -> None:
    """401, which scheme is wanted, and not a word about the token."""
    answer = await make_bridge(client, token=SecretStr(TOKEN)).post(recorded("firing"), **headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert TOKEN not in answer.text


@pytest.mark.parametrize(
    ("token", "header"),
    [
        pytest.param(TOKEN, f"Bearer {TOKEN}".encode(), id="as it is written everywhere"),
        pytest.param(TOKEN, f"bearer  {TOKEN} ".encode(), id="case and spaces do not matter"),
        pytest.param("schlüssel", "Bearer schlüssel".encode(), id="a token outside ASCII, sent as UTF-8"),
    ],
)
async def test_whoever_has_the_token_is_let_in(
    client: Client, make_bridge: MakeBridge, token: str, header: bytes
) -> None:
    """The token of the settings opens the door."""
    bridge = make_bridge(client, token=SecretStr(token))
    answer = await bridge.http.post("/alertmanager", content=recorded("watchdog"), headers={"Authorization": header})
    assert answer.status_code == 200


async def test_a_stranger_is_turned_away_before_the_body_is_read(client: Client, make_bridge: MakeBridge) -> None:
    """Nothing of it is kept, and nobody is told: a stranger must not be able to fill the disk or the chat."""
    bridge = make_bridge(client, token=SecretStr(TOKEN))
    assert (await bridge.post(b"nonsense")).status_code == 401
    assert (list(bridge.refused.glob("*")), bridge.said) == ([], [])


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_health_and_metrics_need_no_token(client: Client, make_bridge: MakeBridge, path: str) -> None:
    """Probes and Prometheus have none."""
    assert (await make_bridge(client, token=SecretStr(TOKEN)).http.get(path)).status_code == 200


async def test_an_unknown_source_is_told_which_there_are(bridge: Bridge) -> None:
    """404, with the names to choose from."""
    answer = await bridge.http.post("/pagerduty", content=b"{}")
    assert (answer.status_code, "alertmanager" in answer.text) == (404, True)


# ── how much ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def drip(chunks: int, size: int = KIB) -> AsyncIterator[bytes]:
    for _ in range(chunks):
        yield b" " * size


async def test_a_body_over_the_limit_is_413(client: Client, make_bridge: MakeBridge) -> None:
    """One byte more than allowed."""
    bridge = make_bridge(client, max_body_bytes=2 * KIB)
    assert (await bridge.post(b" " * (2 * KIB + 1))).status_code == 413


async def test_a_body_at_the_limit_is_read(client: Client, make_bridge: MakeBridge) -> None:
    """Exactly as many bytes as allowed."""
    content = recorded("watchdog")
    bridge = make_bridge(client, max_body_bytes=2 * KIB)
    assert (await bridge.post(content.ljust(2 * KIB))).status_code == 200


async def test_a_streamed_body_is_cut_off_at_the_limit(client: Client, make_bridge: MakeBridge) -> None:
    """Without a length up front it is counted as it comes, and never held whole."""
    bridge = make_bridge(client, max_body_bytes=2 * KIB)
    answer = await bridge.http.post("/alertmanager", content=drip(4096))
    assert answer.status_code == 413


@asynccontextmanager
async def listening(bridge: Bridge) -> AsyncIterator[int]:
    """The same app on a real socket; its port."""
    server = uvicorn.Server(uvicorn.Config(bridge.app, host="127.0.0.1", port=0, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    await eventually(started, "uvicorn listens")
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = server.force_exit = True
    await serving


async def raw(port: int, *parts: bytes) -> bytes:
    """What a server answers to bytes no client library would send; its first line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /alertmanager HTTP/1.1\r\nHost: bridge\r\n" + b"".join(parts))
    async with asyncio.timeout(10):
        line = await reader.readline()
    writer.close()
    return line.strip()


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        pytest.param(
            (b"Transfer-Encoding: chunked\r\n\r\n", *[b"400\r\n" + b" " * 1024 + b"\r\n"] * 4), b"413", id="chunked"
        ),
        pytest.param((b"Content-Length: 99999999\r\n\r\n", b" " * 4096), b"413", id="says more than it sends"),
        pytest.param((b"Content-Length: 2\r\n\r\n", b"{}" + b" " * 4096), b"400", id="sends more than it says"),
        pytest.param((b"Content-Length: -1\r\n\r\n",), b"400", id="a length below zero"),
        pytest.param((b"Content-Length: many\r\n\r\n",), b"400", id="a length that is no number"),
    ],
)
async def test_a_lying_length_is_not_believed(
    client: Client, make_bridge: MakeBridge, parts: tuple[bytes, ...], status: bytes
) -> None:
    """What counts is what arrives."""
    async with listening(make_bridge(client, max_body_bytes=2 * KIB)) as port:
        assert (await raw(port, *parts)).split()[1] == status


async def test_a_sender_that_hangs_up_half_way_disturbs_nobody(client: Client, make_bridge: MakeBridge) -> None:
    """The next sender is served."""
    async with listening(make_bridge(client)) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /alertmanager HTTP/1.1\r\nHost: bridge\r\nContent-Length: 500\r\n\r\n{")
        writer.close()
        answer = await raw(port, b"Content-Length: %d\r\n\r\n" % len(recorded("watchdog")), recorded("watchdog"))
    assert answer.split()[1] == b"200"


# ── what makes no sense ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_body_nobody_understands_is_answered_with_what_was_expected(bridge: Bridge) -> None:
    """400, because sending it again cannot help."""
    answer = await bridge.post(not_a_notification())
    told = answer.json()
    assert (answer.status_code, told["error"]) == (400, "the list `alerts` is empty")
    assert told["expected"].startswith("an Alertmanager webhook (version 4)")


async def test_it_is_kept_byte_for_byte(bridge: Bridge) -> None:
    """For whoever has to find out why."""
    await bridge.post(not_a_notification())
    (kept,) = bridge.refused.glob("*")
    assert kept.read_bytes() == not_a_notification()


async def test_an_operator_is_told_where_it_is(bridge: Bridge) -> None:
    """One line: which source, why, and the file."""
    await bridge.post(not_a_notification())
    (kept,) = bridge.refused.glob("*")
    assert bridge.said == [
        f"bridge: a notification from alertmanager was not understood: the list `alerts` is empty. Kept in {kept}"
    ]


async def test_a_bad_alert_among_good_ones_is_kept_and_told(bridge: Bridge) -> None:
    """The good ones are taken; the body is kept for the bad one's sake."""
    await bridge.post(body(alert(fresh()), {"status": "firing", "labels": {}}))
    assert len(list(bridge.refused.glob("*"))) == 1
    assert "1 bad alert" in bridge.said[0]


async def test_nothing_but_bad_alerts_is_a_400_with_what_was_expected(bridge: Bridge) -> None:
    """A verdict for each, and no reason to send it again."""
    answer = await bridge.post(body({"status": "firing"}, {"labels": {}}))
    told = answer.json()
    assert (answer.status_code, [t["verdict"] for t in told["alerts"]]) == (400, ["refused", "refused"])
    assert "Alertmanager webhook" in told["expected"]


async def test_a_disk_that_takes_nothing_does_not_change_the_answer(bridge: Bridge) -> None:
    """400 all the same, and the operator learns that nothing was kept."""
    bridge.refused.write_text("a file where the folder should be")
    assert (await bridge.post(not_a_notification())).status_code == 400
    assert "Kept in nowhere" in bridge.said[0]


# ── metrics ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def counts(bridge: Bridge, family: str, label: str) -> dict[str, float]:
    text = (await bridge.http.get("/metrics")).text
    samples = [s for f in text_string_to_metric_families(text) if f.name == family for s in f.samples]
    return {s.labels[label]: s.value for s in samples if s.name.endswith("_total")}


async def test_every_verdict_is_counted(bridge: Bridge) -> None:
    """Prometheus can read what became of every alert."""
    name = fresh()
    await bridge.post(body(alert(name), {"labels": {}}))
    await bridge.post(body(alert(name), alert(fresh(), "resolved"), alert("Watchdog")))
    assert await counts(bridge, "incidents_bridge_alerts", "verdict") == {
        "opened": 1,
        "told": 1,
        "ignored": 1,
        "heartbeat": 1,
        "refused": 1,
    }


async def test_refused_bodies_are_counted(bridge: Bridge) -> None:
    """Prometheus can alert on a vendor that changed its format."""
    await bridge.post(not_a_notification())
    assert await counts(bridge, "incidents_bridge_refused_bodies", "why") == {"not understood": 1}


async def test_two_bridges_count_apart(client: Client, make_bridge: MakeBridge) -> None:
    """No global registry."""
    first, second = make_bridge(client), make_bridge(client)
    await first.post(recorded("watchdog"))
    assert await counts(second, "incidents_bridge_alerts", "verdict") == {}
