"""The customer's way, page by page: a graceful 200 is not enough (runbook §2.3)."""

import pytest

from activities.checks.journey import check
from gameday.world.launch import RunningWorld
from incident.model.finding import Finding, Status
from integrations.settings import JourneyStep
from tests.activities.practice import APP, app_at, ask, outside, practice
from tests.integrations.servers import Server, hanging, head


async def test_a_customer_who_can_sign_in_is_ok(world: RunningWorld) -> None:
    """Every step of the way."""
    finding = await check(ask(), practice(world.env))

    assert (finding.status, finding.summary) == (Status.OK, "all 2 steps work")


async def test_a_graceful_page_without_a_database_is_bad(world: RunningWorld) -> None:
    """2026-06-16: HTTP 200, "DB indisponível"."""
    world.fault("db_down")

    finding = await check(ask(), practice(world.env))

    assert (finding.status, finding.summary) == (
        Status.BAD,
        f"{APP}/login: answered 200, but without 'Sign in'",
    )


async def walked(said: bytes, path: str = "/login", must_contain: str = "Sign in", **others: bytes) -> Finding:
    paths = {f"/{name}": answer for name, answer in others.items()}
    async with Server(said=said, paths=paths) as server:
        app = app_at(server.url, journey=[JourneyStep(path=path, must_contain=must_contain)])
        return await check(ask(), outside(apps=(app,)))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param(head(503, length=0), "answered 503", id="away"),
        pytest.param(head(404, length=0), "answered 404", id="gone"),
        pytest.param(head(302, "Location: /login", length=0), "no answer (TooManyRedirects)", id="in circles"),
        pytest.param(head(302, "Location: http://[bad", length=0), "no answer", id="to nowhere"),
        pytest.param(b"garbage\r\n\r\n", "no answer (RemoteProtocolError)", id="not HTTP"),
        pytest.param(head(200) + b"\xff\xfe" * 50, "answered 200, but without", id="not text"),
    ],
)
async def test_where_a_journey_breaks_is_told(said: bytes, words: str) -> None:
    """App, path and why."""
    finding = await walked(said)

    assert finding.status is Status.BAD
    assert finding.summary.startswith(f"{APP}/login: {words}")


async def test_a_customer_follows_redirects() -> None:
    """As a browser would."""
    here = head(200, length=7) + b"Sign in"

    assert (await walked(head(302, "Location: /here", length=0), here=here)).status is Status.OK


async def test_a_page_without_end_does_not_hold_the_journey_up() -> None:
    """It is read up to a size, and judged by that."""
    assert (await walked(head(200) + b"Sign in" + b"x" * 3_000_000)).status is Status.OK


async def test_a_page_that_never_comes_is_bad() -> None:
    """Within a few seconds."""
    async with hanging() as server:
        finding = await check(ask(), outside(apps=(app_at(server.url),)))

    assert finding.summary == f"{APP}/api/ready: no answer (ReadTimeout)"


async def test_no_app_at_all_is_unknown() -> None:
    """And says what to set."""
    assert (await check(ask(), outside())).summary == "no app is set: set INCIDENTS_APPS"
