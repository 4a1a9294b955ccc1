"""`incidents …` typed by a person of this machine, against the run's real engine."""

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowHandle

from cli.main import run
from tests.bridge.conftest import make_bridge as make_bridge  # noqa: PLC0414 - a fixture for these tests too
from tests.conftest import Engine, House
from workflows import contract

NAMES = itertools.count(1)


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


Type = Callable[..., Awaitable[Said]]


def fresh(kind: str = "Typed") -> str:
    """An alert name nobody else uses."""
    return f"{kind}{os.getpid()}x{next(NAMES)}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
async def incidents(
    engine: Engine, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Type:
    """`await incidents("ack", "AppDBDown")`: types it."""
    for name in [n for n in os.environ if n.startswith(("INCIDENTS_", "TEMPORAL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TEMPORAL_ADDRESS", engine.address)
    monkeypatch.setenv("INCIDENTS_HOME", str(home))

    async def typed(*arguments: str) -> Said:
        capsys.readouterr()  # what fixtures logged
        code = await asyncio.to_thread(run, arguments)
        printed = capsys.readouterr()
        return Said(code, printed.out, printed.err)

    return typed


async def opened(client: Client, name: str, **more: object) -> WorkflowHandle[object, object]:
    """An open incident of this alert, as typed by hand."""
    handle: WorkflowHandle[object, object] = await client.start_workflow(
        contract.WORKFLOW_TYPE, {"alert": name} | more, id=f"incident-{name}", task_queue=contract.TASK_QUEUE
    )
    return handle


@pytest.fixture
async def incident(client: Client, house: House) -> WorkflowHandle[object, object]:
    """An open incident with a worker behind it."""
    return await opened(client, fresh())
