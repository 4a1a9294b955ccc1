"""Can customers work? What the deep probe says in every state an app can be in (runbook §3.2)."""

import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from activities.checks.ready_probe import check
from gameday.world.launch import RunningWorld
from incident.model.finding import Finding, Status
from tests.activities.practice import ADMIN, APP, app_at, ask, outside, practice
from tests.integrations.servers import Server, answering, hanging, head, json_answer

OK = {"ok": True, "checks": [{"name": "db", "ok": True}]}
LIES = "the shallow /api/health says 200: it lies"


async def probe(url: str) -> Finding:
    return await check(ask(), outside(apps=(app_at(url),)))


async def probed(said: bytes) -> Finding:
    async with answering(said) as server:
        return await probe(server.url)


async def test_a_healthy_app_is_ok(world: RunningWorld) -> None:
    """200, and every pool answers."""
    finding = await check(ask(), practice(world.env))

    assert (finding.status, finding.summary) == (Status.OK, f"{APP}: /api/ready answers 200, every pool ok")


async def test_an_app_without_its_database_is_bad_and_the_shallow_check_lies(world: RunningWorld) -> None:
    """2026-06-16: /api/health said 200 for 33 hours."""
    world.fault("db_down")

    finding = await check(ask(), practice(world.env))

    assert finding.status is Status.BAD
    assert "/api/ready answered 503: pool db ok:false" in finding.summary
    assert LIES in finding.summary


async def test_only_the_alerts_app_is_probed(world: RunningWorld) -> None:
    """The admin app's database is fine."""
    world.fault("db_down")

    assert (await check(ask(ADMIN), practice(world.env))).status is Status.OK


async def test_an_alert_without_an_instance_probes_every_app(world: RunningWorld) -> None:
    """And says which one is bad, with the others as evidence."""
    world.fault("db_down")

    finding = await check(ask("unknown.example.org"), practice(world.env))

    assert finding.summary.startswith(f"{APP}: ")
    assert list(finding.evidence) == [APP, ADMIN]


async def test_a_page_instead_of_an_answer_is_bad(world: RunningWorld) -> None:
    """A 200 with HTML is what a proxy says of an app that is away."""
    world.fault("ready_not_json")

    assert "answered 200 with something that is not JSON" in (await check(ask(), practice(world.env))).summary


async def test_an_app_that_hangs_is_bad(world: RunningWorld) -> None:
    """Within the probe's own patience."""
    world.fault("ready_hangs")

    finding = await check(ask(), practice(world.env))

    assert finding.status is Status.BAD
    assert "did not answer within 5 s" in finding.summary
    assert LIES in finding.summary


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param(
            json_answer({"ok": True, "checks": [{"name": "db", "ok": False, "error": "gone"}]}),
            "/api/ready answered 200: pool db ok:false (gone)",
            id="a 200 with a failing pool",
        ),
        pytest.param(
            json_answer({"checks": {"db": {"ok": False}, "cache": {"ok": True}}}, 503),
            "/api/ready answered 503: pool db ok:false",
            id="pools by name",
        ),
        pytest.param(
            json_answer({"checks": [{"ok": False}] * 9}, 503),
            "ok:false, and 4 more",
            id="more pools than fit into a line",
        ),
        pytest.param(json_answer({}, 200), "answered 200 without saying ok", id="a 200 that says nothing"),
        pytest.param(json_answer([1], 200), "answered 200 without saying ok", id="a 200 that says something else"),
        pytest.param(
            json_answer({"ok": "yes"}, 200), "answered 200 without saying ok", id="a 200 that only sounds like it"
        ),
        pytest.param(json_answer({"checks": 7}, 200), "answered 200 without saying ok", id="checks that are none"),
        pytest.param(json_answer(OK, 500), "answered 500", id="ok, but a 500"),
        pytest.param(json_answer({"error": "not found"}, 404), "answered 404", id="no deep probe there"),
        pytest.param(head(404, length=0), "answered 404 with an empty body", id="nothing there at all"),
        pytest.param(head(200, length=0), "answered 200 with an empty body", id="an empty 200"),
        pytest.param(
            head(302, "Location: https://login.example.org/?token=hush", length=0),
            "answered 302, a redirect",
            id="a login wall",
        ),
        pytest.param(head(200) + b"[" * 60_000, "not JSON", id="brackets without end"),
        pytest.param(
            head(200) + b'{"ok": true, "x": "' + b"y" * 99_000, "more than 64 KiB", id="an answer without end"
        ),
        pytest.param(b"garbage\r\n\r\n", "broke off (RemoteProtocolError)", id="not HTTP"),
        pytest.param(b"", "broke off (RemoteProtocolError)", id="hung up on"),
    ],
)
async def test_every_bad_answer_has_its_own_words(said: bytes, words: str) -> None:
    """Whoever reads them at 3 a.m. knows what to look at."""
    finding = await probed(said)

    assert finding.status is Status.BAD
    assert words in finding.summary
    assert "hush" not in finding.summary


async def test_a_refused_connection_says_the_app_is_down() -> None:
    """Nobody listens."""
    async with hanging() as server:
        gone = server.url

    finding = await probe(gone)

    assert (finding.status, finding.summary) == (Status.BAD, f"{APP}: connection refused: the app is down")


async def test_an_unknown_name_is_unknown_not_bad() -> None:
    """It may be our own resolver that is broken."""
    resolver = httpx.MockTransport(_cannot_resolve)

    finding = await check(
        ask(), outside(apps=(app_at("http://app.example.org"),), http=httpx.AsyncClient(transport=resolver))
    )

    assert (finding.status, "(DNS)" in finding.summary) == (Status.UNKNOWN, True)


def _cannot_resolve(request: httpx.Request) -> httpx.Response:
    """As httpx wraps it."""
    raise httpx.ConnectError("[Errno -2] Name or service not known") from socket.gaierror(-2, "not known")


async def test_a_server_without_tls_is_told_as_tls() -> None:
    """https to a port that speaks something else."""
    async with Server(greets=b"220 mail.example.org\r\n") as server:
        finding = await probe(server.url.replace("http:", "https:"))

    assert (finding.status, finding.summary) == (Status.BAD, f"{APP}: TLS failed (wrong version number)")


async def test_a_certificate_nobody_knows_is_told(own_certificate: ssl.SSLContext) -> None:
    """In OpenSSL's words: expired, self-signed, another host's."""
    async with Server(said=json_answer(OK), tls=own_certificate) as server:
        finding = await probe(server.url)

    assert (finding.status, finding.summary) == (Status.BAD, f"{APP}: TLS failed (self-signed certificate)")


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    folder: Path = tmp_path_factory.mktemp("tls")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "1",
    ]
    command += ["-subj", "/CN=app.example.org", "-keyout", str(folder / "key"), "-out", str(folder / "certificate")]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate", folder / "key")
    return context


@pytest.mark.parametrize(
    ("health", "lies"),
    [
        pytest.param(json_answer({"ok": True}), True, id="it says fine"),
        pytest.param(json_answer({"ok": False}, 503), False, id="it tells the truth"),
        pytest.param(head(302, "Location: /login", length=0), False, id="a redirect says nothing"),
    ],
)
async def test_the_shallow_check_is_called_a_liar_only_when_it_lies(health: bytes, lies: bool) -> None:
    """Only beside a deep probe that fails."""
    async with Server(paths={"/api/ready": json_answer({"ok": False}, 503), "/api/health": health}) as server:
        assert (LIES in (await probe(server.url)).summary) is lies


async def test_a_probe_asks_below_the_apps_own_path() -> None:
    """An app may live below a path of a host."""
    async with answering(json_answer(OK)) as server:
        await probe(f"{server.url}/some/app/")

    assert server.asked[0].startswith("GET /some/app/api/ready HTTP/1.1")


async def test_no_app_at_all_says_what_to_set() -> None:
    """Being blind is not being fine."""
    finding = await check(ask(), outside())

    assert (finding.status, finding.summary) == (Status.UNKNOWN, "no app is set: set INCIDENTS_APPS")


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        pytest.param("x" * 500, "x" * 120, id="long"),
        pytest.param("two\nlines", "two lines", id="lines"),
        pytest.param({"deep": 1}, "{'deep': 1}", id="not a text"),
    ],
)
async def test_an_apps_own_words_stay_one_short_line(error: Any, shown: str) -> None:
    """They go onto a timeline."""
    finding = await probed(json_answer({"checks": [{"name": "db", "ok": False, "error": error}]}, 503))

    assert finding.summary == f"{APP}: /api/ready answered 503: pool db ok:false ({shown})"
