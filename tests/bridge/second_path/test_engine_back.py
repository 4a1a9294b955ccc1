"""No engine at all: people are paged by the bridge; when it is back, the incident takes over without a second page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio.client import Client

from bridge.speaking import Word
from tests.bridge.conftest import Bridge, MakeBridge, alert, body
from tests.bridge.second_path.test_standstill import over, paged
from tests.conftest import House
from tests.processes import running
from tests.waiting import eventually
from worker.engine import engine_command, ensure_binary, free_port, tell, wait_until_serving
from worker.engine_needs import register_attributes
from workflows.contract import DATA_CONVERTER

ALERT = body(alert("AppDBDown", severity="critical", instance="https://shop.test/api/ready"))
INCIDENT = "incident-AppDBDown-shop.test"


@dataclass
class Away:
    """An engine that is not there yet, and a bridge that misses it."""

    bridge: Bridge
    port: int
    home: Path

    @asynccontextmanager
    async def comes_back(self) -> AsyncIterator[Client]:
        address = f"127.0.0.1:{self.port}"
        with running(engine_command(ensure_binary(tell), self.home, self.port, free_port())):
            await wait_until_serving(address, 60)
            client = await Client.connect(address, data_converter=DATA_CONVERTER)
            await register_attributes(client)
            yield client


@pytest.fixture
async def away(make_bridge: MakeBridge, tmp_path: Path) -> Away:
    port = free_port()
    client = await Client.connect(f"127.0.0.1:{port}", data_converter=DATA_CONVERTER, lazy=True)
    (tmp_path / "engine").mkdir()
    return Away(make_bridge(client, second_path_after_s=0.5, take_within_s=3), port, tmp_path / "engine")


async def test_people_are_paged_while_the_sender_is_told_to_come_again(away: Away) -> None:
    """Alertmanager's contract stays: 503 until the engine has it durably."""
    answers = [(await away.bridge.post(ALERT)).status_code]
    await eventually(lambda: paged(away.bridge), "somebody is paged")
    answers.append((await away.bridge.post(ALERT)).status_code)
    assert (answers, [page.incident_id for page in away.bridge.woken.pages]) == (
        [503, 503],
        [f"{INCIDENT} (second path)"],
    )


async def test_the_incident_takes_over_from_the_second_path(away: Away) -> None:
    """The bridge hands its alert over by itself; its incident knows who was paged, and pages nobody for it."""
    await away.bridge.post(ALERT)
    await eventually(lambda: paged(away.bridge), "somebody is paged")
    house = House(away.home / "worker")
    async with away.comes_back() as client, house.worker(client):
        await eventually(lambda: over(away.bridge), "the bridge says that it is over", within_s=60)
        lines = [entry["what"] for entry in await client.get_workflow_handle(INCIDENT).query("timeline")]
    assert [line for line in lines if line.startswith("paged by the second path: ana by ntfy at")] != []
    assert house.pager.pages == []


async def test_health_tells_whom_it_has_paged_for_what(away: Away) -> None:
    """`/readyz` is no while the engine is away, and below it says what the second path has done."""
    await away.bridge.post(ALERT)
    await eventually(lambda: paged(away.bridge), "somebody is paged")
    first, second = (await away.bridge.http.get("/readyz")).text.splitlines()
    assert (first, f"orchestrator unreachable for {INCIDENT}" in second) == (
        "the Temporal engine does not answer",
        True,
    )


# ── somebody acknowledges while nobody but the bridge can hear it ────────────────────────────────────────────────


def ack(by: str) -> Word:
    """As a door of ours hears it: the button of a page."""
    return Word(incident=INCIDENT, name="ack", person=by, via="link", once="tap-1")


async def test_an_ack_is_kept_and_told_when_the_engine_is_back(away: Away) -> None:
    """Nobody is paged again, and the incident hears whose it is from the bridge itself."""
    await away.bridge.post(ALERT)
    await eventually(lambda: paged(away.bridge), "somebody is paged")
    assert (await away.bridge.watch.keep(ack("ana"))).startswith("kept: ana has it")
    async with away.comes_back():
        await eventually(lambda: left(away.bridge), "the ack is left with the engine", within_s=60)
    (word,) = away.bridge.woken.left
    assert (word.incident, word.name, word.person, word.via) == (INCIDENT, "ack", "ana", "link")


async def left(bridge: Bridge) -> bool:
    await bridge.watch.turn()
    return bool(bridge.woken.left)


async def test_what_is_no_ack_is_not_kept(away: Away) -> None:
    """A yes to a plan is for the world as it is then: its sender says it again."""
    await away.bridge.post(ALERT)
    approve = Word(incident=INCIDENT, name="approve", person="ana", via="link", once="tap-2")
    assert await away.bridge.watch.keep(approve) == ""
