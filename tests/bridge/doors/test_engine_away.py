"""Nobody hears what comes through a door: an ack is kept where the bridge itself has paged, nothing else is."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from bridge.http import create_app
from bridge.refused import Refused
from bridge.settings import BridgeSettings
from bridge.speaking import Word
from integrations.clock import utc_now
from tests.bridge.conftest import MakeBridge
from tests.bridge.doors.conftest import Clock, Street, make_hall
from worker.engine import free_port
from workflows.contract import DATA_CONVERTER


@pytest.fixture
async def away(tmp_path: Any, make_bridge: MakeBridge) -> AsyncIterator[Street]:
    """A bridge with every door open and no engine; it keeps acks of incidents named `incident-Paged…`."""
    client = await Client.connect(f"127.0.0.1:{free_port()}", data_converter=DATA_CONVERTER, lazy=True)
    clock, settings = Clock(), BridgeSettings()

    async def keep(word: Word) -> str:
        return "kept: ana has it" if word.incident_id.startswith("incident-Paged") else ""

    async with httpx.AsyncClient() as outward:
        hall = make_hall(client, clock, outward, keep=keep)
        watch = make_bridge(client).watch
        app = create_app(watch, settings, Refused(tmp_path, 10, 10**6), lambda _: None, hall)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://bridge", timeout=30) as http:
            yield Street(http, hall, client, clock)


def link(street: Street, incident: str) -> str:
    """As the second path makes it: it does not know when the incident was opened, nor whether it was."""
    url = street.hall.links.link(person="ana", incident_id=incident, action="ack", now=utc_now())
    return url.removeprefix("http://bridge")


async def test_an_ack_is_kept_where_the_bridge_has_paged(away: Street) -> None:
    """One tap ends the paging, whoever is away."""
    answer = await away.http.post(link(away, "incident-Paged"))
    assert (answer.status_code, "kept: ana has it" in answer.text) == (200, True)


async def test_any_other_ack_has_to_be_said_again(away: Street) -> None:
    """Nobody knows whether it was taken: unknown is never yes."""
    assert (await away.http.post(link(away, "incident-Other"))).status_code == 503


async def test_the_page_of_a_link_shows_its_button_though_nobody_can_tell_more(away: Street) -> None:
    """That is no reason to keep a person from acting."""
    answer = await away.http.get(link(away, "incident-Paged"))
    assert (answer.status_code, "<button" in answer.text) == (200, True)
