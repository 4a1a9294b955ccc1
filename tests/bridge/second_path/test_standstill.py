"""The engine is there and nobody works: seen, paged, told to the incident, and over once a worker is at it again."""

from datetime import timedelta

import pytest
from temporalio.client import Client

from bridge.second_path.standstill import Standstill
from integrations.clock import utc_now
from tests.bridge.conftest import Bridge, MakeBridge, alert, body, fresh
from tests.conftest import House
from tests.waiting import eventually


@pytest.fixture
def watched(own_namespace: Client, make_bridge: MakeBridge) -> Bridge:
    """A bridge in a namespace where nobody works, and that waits a second for those who should."""
    return make_bridge(own_namespace, second_path_after_s=1.0)


def critical(name: str) -> dict[str, object]:
    """An alert that pages at any hour."""
    return body(alert(name, severity="critical"))


async def paged(bridge: Bridge) -> bool:
    """After one more turn of the watch."""
    await bridge.watch.turn()
    return bool(bridge.woken.pages)


async def test_an_incident_nobody_works_on_is_paged_by_the_bridge(watched: Bridge) -> None:
    """The engine took it, and no worker touches it."""
    await watched.post(critical(name := fresh()))
    await eventually(lambda: paged(watched), "somebody is paged")
    (page,) = watched.woken.pages
    assert page.text.startswith(f"Orchestrator at a standstill; {name} is firing.")


async def test_somebody_who_has_it_is_not_paged(watched: Bridge, own_namespace: Client) -> None:
    """Their ack waits in the engine, where nobody but us can see it."""
    await watched.post(critical(name := fresh()))
    await own_namespace.get_workflow_handle(f"incident-{name}").signal("ack", "ana")
    await eventually(lambda: waits(own_namespace, name, seconds=2), "it has waited long enough")
    await watched.watch.turn()
    assert watched.woken.pages == []


async def test_health_says_that_nobody_works(watched: Bridge) -> None:
    """`/readyz` is yes, because alerts are taken; what is wrong stands below."""
    await watched.post(critical(name := fresh()))
    await eventually(lambda: paged(watched), "somebody is paged")
    answer = await watched.http.get("/readyz")
    first, *more = answer.text.splitlines()
    assert (answer.status_code, first, "no worker has asked for work" in more[0]) == (200, "ready", True)
    assert any(f"for incident-{name} since" in line for line in more)


async def test_metrics_say_so_too(watched: Bridge) -> None:
    """For those who alert on us."""
    await watched.post(critical(fresh()))
    await eventually(lambda: paged(watched), "somebody is paged")
    shown = (await watched.http.get("/metrics")).text
    assert 'incidents_bridge_second_path_pages_total{came_of="reached"} 1.0' in shown
    assert "incidents_bridge_second_path_waiting 1.0" in shown
    assert "incidents_bridge_worker_seen 0.0" in shown


async def test_when_a_worker_is_back_the_incident_knows_and_pages_nobody_again(
    watched: Bridge, own_namespace: Client, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """It writes on its timeline who was paged, its clocks run from then, and its end is said in a line."""
    await watched.post(critical(name := fresh()))
    await eventually(lambda: paged(watched), "somebody is paged")
    await watched.watch.turn()  # tells the incident
    house, handle = House(tmp_path_factory.mktemp("worker")), own_namespace.get_workflow_handle(f"incident-{name}")
    async with house.worker(own_namespace):
        await eventually(lambda: over(watched), "the bridge says that it is over")
        lines = [entry["what"] for entry in await handle.query("timeline")]
    assert [line for line in lines if line.startswith("paged by the second path: ana by ntfy at")] != []
    assert house.pager.pages == []


async def over(bridge: Bridge) -> bool:
    await bridge.watch.turn()
    return any("the orchestrator is back" in line for line in bridge.woken.said)


async def waits(client: Client, name: str, **span: float) -> bool:
    since = await Standstill(client).waits_since(f"incident-{name}")
    return since is not None and utc_now() - since > timedelta(**span)


async def test_an_incident_that_is_unknown_waits_for_nothing(own_namespace: Client) -> None:
    """It is over, or was never there."""
    assert await Standstill(own_namespace).waits_since("incident-Nothing") is None
