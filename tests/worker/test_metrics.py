"""The worker shows Temporal's own metrics to Prometheus, where somebody asks for them."""

import socket
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from tests.conftest import Engine
from worker.connecting import NoMetrics, connect, metered
from worker.engine import free_port
from worker.settings import Settings, WorkerSettings


def at(address: str, home: Path) -> Settings:
    return Settings(home=home, worker=WorkerSettings(metrics=address))


async def test_what_the_sdk_counts_is_shown(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By Temporal's own names."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", engine.address)
    address = f"127.0.0.1:{free_port()}"
    settings = at(address, tmp_path)
    client = await connect(settings, runtime=metered(settings))
    await client.service_client.check_health()
    async with httpx.AsyncClient() as http:
        shown = (await http.get(f"http://{address}/metrics")).text
    assert "temporal_request" in shown


def test_nobody_listens_unless_asked(tmp_path: Path) -> None:
    assert metered(at("", tmp_path)) is None


def test_a_port_that_is_taken_is_told_with_its_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(NoMetrics, match=f"{address} .INCIDENTS_WORKER__METRICS"):
            metered(at(address, tmp_path))


@pytest.mark.parametrize("wrong", ["9464", "here:9464", "127.0.0.1", "http://127.0.0.1:9464"])
def test_what_is_no_ip_address_and_port_is_refused(wrong: str) -> None:
    """The SDK looks up no names."""
    with pytest.raises(ValidationError):
        WorkerSettings(metrics=wrong)
