"""A bridge with its doors open, on the run's real engine, and one incident with a worker that answers."""

import itertools
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from temporalio.client import Client

from bridge.door import Hall
from bridge.http import create_app
from bridge.intake import Intake
from bridge.recognising import People
from bridge.refused import Refused
from bridge.settings import BridgeSettings
from bridge.speaking import Speaker
from incident.model.alert import Alert
from integrations.action_links import ActionLinks
from integrations.clock import utc_now
from integrations.slips import Slips
from integrations.witness import Witness
from oncall.schedule import Schedule
from tests.conftest import Engine, House, new_namespace

SECRET = "a secret of at least thirty-two characters"
SLACK = "8f742231b10e8888abcd99yyyzzz85a5"
PAGERDUTY = "GEXuyP8sXzDNGKGEDPNx2Uvm8gOVHFPK"
TEAM = Schedule.model_validate(
    {
        "people": {
            "ana": {"slack": "U0ANA", "pagerduty": "PANA", "email": "ana@example.org"},
            "bo": {"slack": "U0BO", "pagerduty": "PBO"},
            "carla": {"slack": "U0CARLA"},
        },
        "rotations": {"finance": {"members": ["carla"], "starts": "2026-01-05"}},
    }
)
TOKEN = "what-alertmanager-shows"
NAMES = itertools.count(1)


@dataclass
class Clock:
    """The bridge's own; `ahead` moves it."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@dataclass
class Street:
    """The bridge from outside, and the incident behind it."""

    http: httpx.AsyncClient
    hall: Hall
    client: Client
    clock: Clock
    sent: list[Any] = field(default_factory=list)
    """What the bridge posted to response_urls."""

    async def opened(self, alert: str = "") -> str:
        """An incident of this test's own: its id."""
        name = alert or f"Door{os.getpid()}x{next(NAMES)}"
        settings = BridgeSettings()
        (taken,) = await Intake(self.client, settings, 1.0, (Witness(SECRET).public,)).take([Alert(name=name)])
        return taken.incident

    async def status(self, incident: str) -> dict[str, Any]:
        return dict(await self.client.get_workflow_handle(incident).query("status", result_type=dict[str, Any]))

    async def lines(self, incident: str) -> list[dict[str, str]]:
        handle = self.client.get_workflow_handle(incident)
        return list(await handle.query("timeline", result_type=list[dict[str, str]]))

    async def events(self, incident: str) -> int:
        run = await self.client.get_workflow_handle(incident).describe()
        return run.history_length

    async def link(self, incident: str, action: str = "ack", *, person: str = "ana", **more: Any) -> str:
        """Path of a link as the worker would make it."""
        opened = more.pop("opened", None) or await self.instant(incident)
        at = more.pop("now", utc_now())
        url = self.hall.links.link(person=person, incident_id=incident, action=action, now=at, opened=opened, **more)
        return url.removeprefix("http://bridge")

    async def instant(self, incident: str) -> str:
        at = datetime.fromisoformat((await self.status(incident))["open_since"])
        return f"{at:%Y%m%dT%H%M%S.%fZ}"


@pytest.fixture(scope="session")
async def town(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A namespace whose incidents a worker looks after."""
    client = await new_namespace(engine)
    house = House(tmp_path_factory.mktemp("doors"))
    async with house.worker(client):
        yield client


@pytest.fixture
async def street(town: Client, tmp_path: Any) -> AsyncIterator[Street]:
    """A bridge of this test's own, with every door open."""
    clock, sent = Clock(), []

    def told(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(told)) as outward:
        hall = make_hall(town, clock, outward)
        settings = BridgeSettings()
        app = create_app(Intake(town, settings, 1.0), settings, Refused(tmp_path, 10, 10**6), lambda _: None, hall)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://bridge", timeout=30) as http:
            yield Street(http, hall, town, clock, sent)


def make_hall(client: Client, clock: Clock, http: httpx.AsyncClient, **more: Any) -> Hall:
    people = People(TEAM)
    told = {
        "speaker": Speaker(client, Witness(SECRET), people),
        "people": people,
        "links": ActionLinks("http://bridge", SECRET),
        "link_valid_for": timedelta(hours=24),
        "http": http,
        "max_body_bytes": 64 * 1024,
        "slips": Slips(SECRET),
        "token": SecretStr(TOKEN),
        "slack_secret": SecretStr(SLACK),
        "pagerduty_secret": SecretStr(PAGERDUTY),
        "clock": clock,
    }
    return Hall(**(told | more))
