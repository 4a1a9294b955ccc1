"""A town for the shell's tests: one namespace with one worker, fakes of the ports, and a street of shops to break."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import structlog
from temporalio.client import Client

from incident.model.alert import Alert
from incident.model.playbook import Playbook
from incident.model.response_policy import ResponsePolicy
from runbook.response import RESPONSE
from tests.conftest import Engine, House, new_namespace
from tests.workflows.case import Case, Open, open_incident
from tests.workflows.drill import goes_dark, play
from tests.workflows.policies import blind
from tests.workflows.street import Shop, Street
from tests.workflows.terminal import Terminal


@dataclass(frozen=True)
class Town:
    client: Client
    house: House
    street: Street


@pytest.fixture(scope="session", autouse=True)
def plain_tracebacks() -> None:
    """structlog's own show every local value: seconds for one line, in the process that runs the workflows."""
    structlog.configure(
        processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, colors=False)]
    )


@pytest.fixture(scope="session")
async def town(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """One worker for all tests that only need some worker; ids tell their incidents apart."""
    client = await new_namespace(engine)
    house, street = House(tmp_path_factory.mktemp("town")), Street()
    async with house.worker(client, outside=street.outside(), watched=True):
        yield Town(client, house, street)


@pytest.fixture(scope="session")
async def calm(town: Town) -> Case:
    """An incident that just stays open, for tests that only read it or are refused."""
    return await open_incident(town.client, "incident-AppDBDown-calm", playbook=blind(), policy=RESPONSE)


@pytest.fixture(scope="session")
async def played(town: Town) -> Case:
    """A whole incident that is over, for tests that only read it."""
    alert = goes_dark(town.street.vacant())
    case = await open_incident(town.client, "incident-AppDBDown-played", alert=alert)
    await play(case)
    return case


@pytest.fixture
def shop(town: Town) -> Shop:
    """A shop nobody else breaks."""
    return town.street.vacant()


@pytest.fixture
async def incident_id(request: pytest.FixtureRequest, town: Town) -> AsyncIterator[str]:
    """Named for the test; dropped after it."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_")).strip("-")
    wanted = f"incident-AppDBDown-{name[:120]}"
    yield wanted
    await Case(town.client, wanted).dropped()


@pytest.fixture
def opened(town: Town, incident_id: str) -> Open:
    """Opens the incident of this test."""

    async def open_one(
        policy: ResponsePolicy | None = None, playbook: Playbook | None = None, *, alert: Alert | None = None
    ) -> Case:
        return await open_incident(town.client, incident_id, alert=alert, playbook=playbook, policy=policy)

    return open_one


@pytest.fixture
def terminal(engine: Engine, town: Town) -> Terminal:
    """Temporal's own CLI, in the namespace of the town."""
    return Terminal(engine.cli, engine.address, town.client.namespace)
