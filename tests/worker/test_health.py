"""Whether a worker works, as a container's health check asks it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from tests.processes import running
from worker.engine import HOST, engine_command, ensure_binary, free_port, wait_until_serving
from worker.health import check
from worker.sandbox import sandbox
from workflows.contract import DATA_CONVERTER, TASK_QUEUE
from workflows.incident import IncidentWorkflow


@pytest.fixture
async def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """A real engine that nobody polls yet, and the settings that lead to it."""
    port = free_port()
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"{HOST}:{port}")
    with running(engine_command(ensure_binary(print), tmp_path, port, free_port())):
        await wait_until_serving(f"{HOST}:{port}", timeout=30)
        yield await Client.connect(f"{HOST}:{port}", data_converter=DATA_CONVERTER)


@pytest.mark.usefixtures("engine")
async def test_without_a_worker_the_check_says_who_was_seen() -> None:
    """Nobody polls: not healthy, and the reason names the queue."""
    assert "polls queue 'incidents'; those seen: none" in await check()


async def test_a_polling_worker_is_healthy(engine: Client) -> None:
    """Soon after its start the engine knows the worker of this machine."""
    async with Worker(engine, task_queue=TASK_QUEUE, workflows=[IncidentWorkflow], workflow_runner=sandbox()):
        handle = await engine.start_workflow("Incident", "AppDBDown", id="incident-seen", task_queue=TASK_QUEUE)
        await handle.query("status")  # answered by the worker: by now it has polled
        assert await check() == ""


async def test_an_engine_out_of_reach_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is unhealthy, with the address that was asked."""
    address = f"{HOST}:{free_port()}"
    monkeypatch.setenv("TEMPORAL_ADDRESS", address)
    assert address in await check()
