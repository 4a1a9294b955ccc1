"""No engine: the sender is told to send again, in time; nothing is lost and nothing is guessed."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from temporalio.client import Client

from tests.bridge.conftest import Bridge, MakeBridge, alert, body, fresh, recorded
from worker.engine import free_port
from workflows.contract import DATA_CONVERTER

BOUND_S = 6.0
"""Design §5 says 5 s; the rest is for a busy machine."""


async def lazy(address: str) -> Client:
    return await Client.connect(address, data_converter=DATA_CONVERTER, lazy=True)


@pytest.fixture
async def mute() -> AsyncIterator[str]:
    """Something that takes connections and never says a word."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@pytest.fixture(params=["nobody listens", "it hangs"])
async def without_engine(request: pytest.FixtureRequest, mute: str, make_bridge: MakeBridge) -> Bridge:
    """A bridge whose engine is away, in both ways there are."""
    address = mute if request.param == "it hangs" else f"127.0.0.1:{free_port()}"
    return make_bridge(await lazy(address))


async def test_an_engine_that_is_away_is_a_503_in_time(without_engine: Bridge) -> None:
    """Alertmanager sends 5xx again, and the answer comes before it gives up waiting."""
    began = time.monotonic()
    answer = await without_engine.post(recorded("firing"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert time.monotonic() - began < BOUND_S


async def test_readiness_says_no_in_time(without_engine: Bridge) -> None:
    """`/readyz` is 503 while the engine is away."""
    began = time.monotonic()
    answer = await without_engine.http.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the Temporal engine does not answer\n")
    assert time.monotonic() - began < BOUND_S


async def test_liveness_does_not_depend_on_the_engine(without_engine: Bridge) -> None:
    """Restarting the bridge would not bring the engine back."""
    assert (await without_engine.http.get("/healthz")).status_code == 200


async def test_a_heartbeat_needs_no_engine(without_engine: Bridge) -> None:
    """Watchdog proves the way from alerting to here, nothing more."""
    assert await without_engine.verdicts(recorded("watchdog")) == ["heartbeat"]


async def test_a_bad_alert_is_not_kept_again_with_every_503(make_bridge: MakeBridge) -> None:
    """The same body comes again until the engine is back; one copy of it is enough."""
    bridge = make_bridge(await lazy(f"127.0.0.1:{free_port()}"), take_within_s=0.2)
    assert (await bridge.post(body(alert(fresh()), {"labels": {}}))).status_code == 503
    assert (list(bridge.refused.glob("*")), bridge.said) == ([], [])
