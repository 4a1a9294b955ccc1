"""A bridge without sockets, on the run's real engine, and the bodies to post to it."""

import itertools
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from bridge.http import create_app
from bridge.intake import Intake
from bridge.refused import Refused
from bridge.second_path.leading import FILE, Lead
from bridge.second_path.path import Numbers, SecondPath
from bridge.second_path.remembered import Remembered
from bridge.second_path.standstill import Standstill
from bridge.second_path.watching import Watch
from bridge.settings import BridgeSettings
from runbook.response import RESPONSE
from tests.bridge.woken import Woken
from tests.conftest import Engine
from tests.waiting import eventually
from worker.engine import is_serving
from worker.engine_needs import register_attributes
from workflows.contract import DATA_CONVERTER

PAYLOADS = Path(__file__).parent / "payloads" / "alertmanager"
NAMES = itertools.count(1)


def recorded(name: str) -> bytes:
    """A body as a real Alertmanager wrote it (see `payloads/record.py`)."""
    return (PAYLOADS / f"{name}.json").read_bytes()


def fresh(kind: str = "Fresh") -> str:
    """An alert name nobody else uses: its incident is this test's own."""
    return f"{kind}{os.getpid()}x{next(NAMES)}"


def alert(name: str, status: str = "firing", starts: str = "2026-06-16T03:28:00Z", **labels: str) -> dict[str, Any]:
    told = {"alertname": name} | labels
    return {"status": status, "labels": told, "annotations": {"summary": f"{name} says so"}, "startsAt": starts}


def body(*alerts: Any, **more: Any) -> dict[str, Any]:
    return {"version": "4", "alerts": list(alerts)} | more


@dataclass
class Bridge:
    """The app, and what it told its operator. `home/refused` is where it keeps bodies."""

    http: httpx.AsyncClient
    app: Any
    refused: Path
    said: list[str] = field(default_factory=list)
    watch: Any = None
    """Its second path, where it has one."""
    woken: Woken = field(default_factory=Woken)
    """Whom that paged."""
    lead: Any = None
    """Of all that were made in a test, one has it."""

    async def post(self, content: bytes | dict[str, Any], **headers: str) -> httpx.Response:
        if isinstance(content, bytes):
            return await self.http.post("/alertmanager", content=content, headers=headers)
        return await self.http.post("/alertmanager", json=content, headers=headers)

    async def verdicts(self, content: bytes | dict[str, Any]) -> list[str]:
        answer = await self.post(content)
        return [told["verdict"] for told in answer.json()["alerts"]]


MakeBridge = Callable[..., Bridge]


@pytest.fixture(scope="session")
async def client(engine: Engine) -> Client:
    """In a namespace of the bridge's tests: nobody works there, so their many incidents burden no worker."""
    name, anywhere = f"bridge-{os.getpid()}", await Client.connect(engine.address)
    kept = Duration(seconds=86400)
    await anywhere.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=kept)
    )
    await eventually(lambda: is_serving(engine.address, name), f"namespace {name} is known")
    connected = await Client.connect(engine.address, namespace=name, data_converter=DATA_CONVERTER)

    async def registered() -> bool:
        with suppress(RPCError):  # a namespace that was just made is not known to every part of the engine at once
            await register_attributes(connected)
            return True
        return False

    await eventually(registered, f"namespace {name} knows our search attributes")
    return connected


@pytest.fixture
async def make_bridge(tmp_path: Path) -> AsyncIterator[MakeBridge]:
    """`make_bridge(client, concurrency=2)`: a bridge of one's own."""
    async with AsyncExitStack() as stack:

        def make(client: Client, **settings: Any) -> Bridge:
            wanted = BridgeSettings(**settings)
            refused = Refused(tmp_path / "refused", wanted.refused_max_files, wanted.refused_max_bytes)
            said, woken = list[str](), Woken()
            lead = Lead(tmp_path / FILE)
            watch = _watched(client, wanted, tmp_path, woken, lead)
            stack.callback(watch.path.remembered.close)
            stack.callback(lead.close)
            app = create_app(watch, wanted, refused, said.append)
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            http = httpx.AsyncClient(transport=transport, base_url="http://bridge", timeout=30)
            stack.push_async_callback(http.aclose)
            return Bridge(http, app, tmp_path / "refused", said, watch, woken, lead)

        yield make


def _watched(client: Client, settings: BridgeSettings, home: Path, woken: Woken, lead: Lead) -> Watch:
    """As `bridge/serve.py` puts it together, with nobody who could really be woken."""
    after = timedelta(seconds=settings.second_path_after_s)
    remembered = Remembered(home / "second_path.db")
    path = SecondPath(remembered, Numbers(policy=RESPONSE, after=after), woken.deliver, woken.settle, woken.say)
    intake = Intake(client, settings, speed=1.0, already_paged=path.already_paged)
    return Watch(path, Standstill(client), intake, after, woken.leave, leads=lead.mine)


@pytest.fixture
def bridge(client: Client, make_bridge: MakeBridge) -> Bridge:
    """A bridge with the settings it comes with."""
    return make_bridge(client)
