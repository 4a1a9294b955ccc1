"""Every alert of a notification gets its verdict, and its incident, in one call to the engine."""

from pathlib import Path

from temporalio.client import Client, WorkflowExecutionStatus

from bridge.intake import REOPENED_IN
from incident.model.incident import Phase
from incident.policy.lifecycle import Turn, may
from tests.bridge.conftest import Bridge, MakeBridge, alert, body, fresh, recorded
from tests.conftest import House
from tests.waiting import eventually
from workflows import contract

LATER = "2099-01-01T00:00:00Z"
"""After whatever run a test has begun."""
APP = "incident-AppDBDown-app.tlsstress.art"
ADMIN = "incident-AppDBDown-admin.tlsstress.art"


async def signals(client: Client, incident: str) -> list[dict[str, object]]:
    """The alerts an incident was told, oldest first."""
    events = client.get_workflow_handle(incident).fetch_history_events()
    told = [e.workflow_execution_signaled_event_attributes.input.payloads async for e in events if e.event_type == 26]
    return [client.data_converter.payload_converter.from_payload(payloads[0]) for payloads in told]


async def test_a_firing_alert_opens_its_incident(own_namespace: Client, make_bridge: MakeBridge) -> None:
    """The verdict names the incident, and the engine has it."""
    answer = await make_bridge(own_namespace).post(recorded("firing"))
    described = await own_namespace.get_workflow_handle(APP).describe()
    told = answer.json()["alerts"]
    assert [(t["verdict"], t["incident"]) for t in told] == [("opened", APP)]
    assert described.status is WorkflowExecutionStatus.RUNNING


async def test_each_alert_of_a_group_has_an_incident_of_its_own(own_namespace: Client, make_bridge: MakeBridge) -> None:
    """One notification, two subjects, two incidents."""
    answer = await make_bridge(own_namespace).post(recorded("grouped"))
    assert [(t["verdict"], t["incident"]) for t in answer.json()["alerts"]] == [("opened", ADMIN), ("opened", APP)]


async def test_a_group_where_one_cleared_tells_each_its_own(own_namespace: Client, make_bridge: MakeBridge) -> None:
    """The cleared one and the firing one are told apart inside one body."""
    bridge = make_bridge(own_namespace)
    await bridge.post(recorded("grouped"))
    await bridge.post(recorded("grouped_one_resolved"))
    assert [s["status"] for s in await signals(own_namespace, ADMIN)] == ["firing", "resolved"]
    assert [s["status"] for s in await signals(own_namespace, APP)] == ["firing", "firing"]


async def test_a_replayed_notification_is_told_not_opened(own_namespace: Client, make_bridge: MakeBridge) -> None:
    """The same body twice is one incident."""
    bridge = make_bridge(own_namespace)
    verdicts = [await bridge.verdicts(recorded(name)) for name in ("firing", "firing", "repeat")]
    assert verdicts == [["opened"], ["told"], ["told"]]


async def test_a_restarted_bridge_knows_what_is_open(client: Client, make_bridge: MakeBridge) -> None:
    """Verdicts come from the engine's answer, not from this process's memory."""
    firing = body(alert(fresh()))
    await make_bridge(client).post(firing)
    assert await make_bridge(client).verdicts(firing) == ["told"]


async def test_a_replay_adds_nothing_to_the_story(
    own_namespace: Client, make_bridge: MakeBridge, tmp_path: Path
) -> None:
    """A repeat is no news: the timeline has one line for the alert, however often it came."""
    bridge, house = make_bridge(own_namespace), House(tmp_path / "house")
    for name in ("firing", "firing", "repeat"):
        await bridge.post(recorded(name))
    async with house.worker(own_namespace):
        handle = own_namespace.get_workflow_handle(APP)
        await handle.execute_update("ack", {"by": "ana"})
        timeline = await handle.query("timeline")
    assert [line["what"] for line in timeline if line["kind"] == "alert"] == ["AppDBDown fires"]


async def test_a_cleared_alert_is_told_to_its_incident(own_namespace: Client, make_bridge: MakeBridge) -> None:
    """`resolved` reaches the open incident."""
    bridge = make_bridge(own_namespace)
    await bridge.post(recorded("firing"))
    assert await bridge.verdicts(recorded("resolved")) == ["told"]


async def test_a_cleared_alert_without_an_incident_is_ignored(bridge: Bridge, client: Client) -> None:
    """Nothing is opened for an alert that is over."""
    answer = await bridge.post(body(alert(name := fresh(), "resolved")))
    assert [(t["verdict"], t["why"]) for t in answer.json()["alerts"]] == [("ignored", "no open incident")]
    assert not [run async for run in client.list_workflows(f"WorkflowId='incident-{name}'")]


async def test_a_refire_after_mitigation_reopens(
    own_namespace: Client, make_bridge: MakeBridge, tmp_path: Path
) -> None:
    """An alert that began anew, told to an incident in phase resolve, is called what it is."""
    bridge, name = make_bridge(own_namespace), fresh()
    await bridge.post(body(alert(name)))
    await _mitigate(own_namespace, f"incident-{name}", tmp_path)
    assert await bridge.verdicts(body(alert(name, starts=LATER))) == ["reopened"]


async def test_a_repeat_after_mitigation_reopens_nothing(
    own_namespace: Client, make_bridge: MakeBridge, tmp_path: Path
) -> None:
    """The alert that opened the incident, told again while it has not cleared yet, is still only told."""
    bridge, name = make_bridge(own_namespace), fresh()
    await bridge.post(body(alert(name)))
    await _mitigate(own_namespace, f"incident-{name}", tmp_path)
    assert await bridge.verdicts(body(alert(name))) == ["told"]


async def _mitigate(client: Client, incident: str, home: Path) -> None:
    """On to phase resolve; nobody works any more afterwards, so the phase stays."""
    handle = client.get_workflow_handle(incident)

    async def is_in_resolve() -> bool:
        return (await handle.describe()).typed_search_attributes.get(contract.PHASE) == Phase.RESOLVE

    async with House(home / "house").worker(client):
        await handle.execute_update("mitigated", {"by": "ana"})
        await eventually(is_in_resolve, "phase resolve can be read")


def test_the_phases_that_reopen_are_the_rules_own() -> None:
    """The bridge may not import the rules; this keeps its list the same as theirs."""
    assert frozenset(phase for phase in Phase if may(phase, Turn.FIRED_AGAIN)) == REOPENED_IN


async def test_an_unknown_alert_takes_its_severity_from_its_label(bridge: Bridge, client: Client) -> None:
    """No runbook entry is no reason to lose an alert."""
    name = fresh()
    await bridge.post(body(alert(name, severity="warning")))
    described = await client.get_workflow_handle(f"incident-{name}").describe()
    assert described.typed_search_attributes.get(contract.SEVERITY) == "SEV-2"


async def test_watchdog_is_a_heartbeat(own_namespace: Client, make_bridge: MakeBridge) -> None:
    """It says that alerting works; no incident comes of it."""
    assert await make_bridge(own_namespace).verdicts(recorded("watchdog")) == ["heartbeat"]
    assert (await own_namespace.count_workflows()).count == 0


async def test_good_alerts_beside_bad_ones_are_taken(bridge: Bridge) -> None:
    """200 with a verdict for each; the bad one says what is wrong with it."""
    answer = await bridge.post(body(alert(fresh()), {"status": "firing", "labels": {}}))
    told = answer.json()["alerts"]
    assert (answer.status_code, [t["verdict"] for t in told]) == (200, ["opened", "refused"])
    assert told[1]["why"] == "labels.alertname: Field required"


async def test_another_version_is_read_when_its_shape_fits(bridge: Bridge) -> None:
    """Version 5 with the same fields is no reason to lose an alert."""
    assert await bridge.verdicts(body(alert(fresh()), version="5", somethingNew=[1])) == ["opened"]


async def test_huge_labels_do_not_fill_the_history(bridge: Bridge, client: Client) -> None:
    """A label of 100,000 characters is cut before it travels."""
    answer = await bridge.post(body(alert(fresh(), dump="x" * 100_000)))
    (told,) = await signals(client, answer.json()["alerts"][0]["incident"])
    assert len(told["labels"]["dump"]) == 2000


async def test_two_subjects_that_differ_only_at_the_end_of_a_huge_label_stay_two(bridge: Bridge) -> None:
    """Cutting never makes one subject of two."""
    name = fresh()
    first, second = alert(name, path="x" * 5000 + "1"), alert(name, path="x" * 5000 + "2")
    answer = await bridge.post(body(first, second))
    incidents = {t["incident"] for t in answer.json()["alerts"]}
    assert len(incidents) == 2
