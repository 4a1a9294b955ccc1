"""What many tests share: one real engine per run, one practice world per run, a namespace or a worker of one's own."""

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from google.protobuf.duration_pb2 import Duration
from hypothesis import settings as hypothesis_settings
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from activities.ledger import Ledger
from activities.links import Links
from activities.mailing import MailDesk
from activities.outside import Outside
from activities.provide import World, provide
from gameday.world.launch import RunningWorld, start_world
from integrations.aws import Aws
from integrations.ports import Channels, Chat, Pager, Threads
from integrations.settings import AppSettings, AwsSettings, MetricsSettings
from oncall.schedule import Schedule
from runbook.messages import VOCABULARY
from tests.fakes import FakeChat, FakePager, FakeStatusPage
from tests.processes import running
from tests.waiting import eventually
from worker.__main__ import REMEMBERED, workers
from worker.engine import engine_command, ensure_binary, free_port, is_serving, tell, wait_until_serving
from worker.engine_needs import register_attributes
from worker.sandbox import sandbox
from workflows.contract import DATA_CONVERTER

hypothesis_settings.register_profile("here", derandomize=True, deadline=None, print_blob=True)
hypothesis_settings.load_profile("here")

NAMESPACES = itertools.count(1)
UNSYNCED = ("--sqlite-pragma", "synchronous=0")
"""This engine need not outlive a power cut; of what is killed in a test the system keeps what it has written."""
DELETED_AT_ONCE = ("--dynamic-config-value", "history.transferProcessorEnsureCloseBeforeDelete=false")
"""Else a workflow that has just closed is deleted when the queue's next report comes, half a minute later."""
LONGEST_FIRST = ("test_product.py", "test_operators.py", "redrive", "gameday", "workflows", "second_path")
"""Longest files, then rooms of long ones: a long one that begins last is waited for by everybody."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where files run side by side, they are handed out in this order; what is played at length only when asked for."""
    if "at_length" not in config.option.markexpr and "REDRIVE_CASES" not in os.environ:
        long = [item for item in items if item.get_closest_marker("at_length")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
    rank = {name: n for n, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: min(rank.get(name, len(rank)) for name in (item.path.name, item.path.parent.name)))


@dataclass(frozen=True)
class Engine:
    """A real Temporal server for the length of the run."""

    address: str
    cli: Path
    """Temporal's own CLI."""


@pytest.fixture(scope="session")
async def engine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    """The engine of `TEMPORAL_ADDRESS`, or one of our own."""
    binary, given = ensure_binary(tell), os.environ.get("TEMPORAL_ADDRESS")
    if given:
        yield Engine(given, binary)
        return
    port, home = free_port(), tmp_path_factory.mktemp("engine")
    with running([*engine_command(binary, home, port, free_port()), *UNSYNCED, *DELETED_AT_ONCE]):
        await wait_until_serving(f"127.0.0.1:{port}", 30)
        yield Engine(f"127.0.0.1:{port}", binary)


@pytest.fixture(scope="session")
async def client(engine: Engine) -> Client:
    """Speaks to the default namespace, in our wire format."""
    connected = await Client.connect(engine.address, data_converter=DATA_CONVERTER)
    await register_attributes(connected)
    return connected


@pytest.fixture
async def own_namespace(engine: Engine) -> Client:
    """A client of a namespace nobody else uses: for tests that start and stop workers, or count incidents."""
    return await new_namespace(engine)


async def new_namespace(engine: Engine) -> Client:
    """A client of a namespace that did not exist before."""
    name = f"test-{os.getpid()}-{next(NAMESPACES)}"
    anywhere = await Client.connect(engine.address)
    await anywhere.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=Duration(seconds=86400))
    )
    await eventually(lambda: is_serving(engine.address, name), f"namespace {name} is known")
    connected = await Client.connect(engine.address, namespace=name, data_converter=DATA_CONVERTER)
    await eventually(lambda: _registered(connected), f"namespace {name} knows our search attributes")
    return connected


async def _registered(client: Client) -> bool:
    """A namespace that was just made is not known to every part of the engine at once."""
    try:
        await register_attributes(client)
    except RPCError:
        return False
    return True


@dataclass
class House:
    """A worker's surroundings made of fakes: who was paged, what was said, where records go."""

    home: Path
    pager: FakePager = field(default_factory=FakePager)
    chat_pager: FakePager = field(default_factory=lambda: FakePager(remembers=False))
    chat: Chat = field(default_factory=FakeChat)
    threads: Threads | None = None
    schedule: Schedule = field(default_factory=Schedule)
    mail_desk: MailDesk | None = None
    status_page: FakeStatusPage = field(default_factory=FakeStatusPage)

    @property
    def pagers(self) -> dict[str, Pager]:
        return {"ntfy": self.pager, "chat": self.chat_pager}

    @asynccontextmanager
    async def worker(
        self,
        client: Client,
        *,
        apps: tuple[AppSettings, ...] = (),
        outside: Outside | None = None,
        remembered: int = REMEMBERED,
        channels: Channels | None = None,
        watched: bool = False,
    ) -> AsyncIterator[None]:
        """The product's own workers, on all queues, for the length of the block.

        `outside`: what checks and levers touch, else only `apps`. `remembered`: 0 replays an incident at each task.
        `channels`: by which people are reached, else by fakes. `watched`: with the shells inside the sandbox.
        """
        async with self.world(apps=apps, outside=outside, channels=channels) as world:
            first, second, third = workers(
                client,
                provide(world),
                grace=timedelta(seconds=1),
                remembered=remembered,
                runner=sandbox(shells_inside=watched),
            )
            async with first, second, third:
                yield

    @asynccontextmanager
    async def world(
        self,
        *,
        apps: tuple[AppSettings, ...] = (),
        outside: Outside | None = None,
        channels: Channels | None = None,
    ) -> AsyncIterator[World]:
        """What activities are given."""
        ledger = Ledger(self.home / "ledger.db")
        async with httpx.AsyncClient(timeout=5) as http:
            yield World(
                outside=outside or Outside(http=http, aws=Aws(AwsSettings()), apps=apps, metrics=MetricsSettings()),
                channels=channels or Channels(pagers=self.pagers, chat=self.chat, threads=self.threads),
                ledger=ledger,
                links=Links("http://127.0.0.1:8233"),
                home=self.home,
                speed=1.0,
                schedule=self.schedule,
                mail_desk=self.mail_desk,
                status_page=self.status_page,
                vocabulary=VOCABULARY,
            )
        ledger.close()


@pytest.fixture(scope="session")
async def house(client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One worker for all tests that only need some worker; ids tell their incidents apart."""
    shared = House(tmp_path_factory.mktemp("house"))
    async with shared.worker(client):
        yield shared


@pytest.fixture(scope="session")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    """The practice world as a process of its own. Ask for `world`, which is whole again for every test."""
    with start_world(tmp_path_factory.mktemp("world")) as running_world:
        yield running_world


@pytest.fixture
def world(practice: RunningWorld) -> Iterator[RunningWorld]:
    """The practice world, unbroken, with empty sinks; whatever a test broke is mended after it."""
    practice.forget()
    yield practice
    faults = httpx.get(f"{practice.control}/faults", timeout=20).json()
    for name, fault in faults.items():
        if fault["on"]:
            practice.mend(name)
    httpx.put(f"{practice.control}/prober", json={"enabled": False}, timeout=20).raise_for_status()
    practice.forget()
