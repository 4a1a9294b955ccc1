"""`incidents list` and `incidents show`: for people, and with `--json` for scripts."""

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import RawValue
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.cli.conftest import Said, Type, fresh, opened
from tests.conftest import House
from tests.waiting import eventually
from workflows.contract import TASK_QUEUE

Incident = WorkflowHandle[object, object]


async def _listed(incidents: Type, incident_id: str, *arguments: str) -> Said:
    """`incidents list` once it knows of this one: lists lag behind by a moment."""

    async def look() -> Said | None:
        said = await incidents("list", *arguments)
        return said if incident_id in said.out else None

    said = await eventually(look, f"{incident_id} is listed")
    assert said is not None
    return said


async def test_an_open_incident_is_listed_by_its_whole_id(incidents: Type, incident: Incident) -> None:
    """So that it can be copied."""
    said = await _listed(incidents, incident.id)
    assert said.code == 0


async def test_a_listed_incident_has_what_scripts_need(incidents: Type, incident: Incident) -> None:
    """The shape of `list --json`."""
    said = await _listed(incidents, incident.id, "--json")
    (row,) = [row for row in json.loads(said.out) if row["id"] == incident.id]
    assert row.keys() == {"id", "state", "severity", "phase", "alert", "acked", "needs_human", "since"}
    assert row["state"] == "open"


async def test_nothing_open_is_said_in_words(
    incidents: Type, own_namespace: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 0: all is quiet."""
    monkeypatch.setenv("TEMPORAL_NAMESPACE", own_namespace.namespace)
    said = await incidents("list")
    assert (said.code, said.out) == (0, "no open incident: all quiet (`--all` shows closed ones)\n")


async def test_nothing_open_is_an_empty_list_for_scripts(
    incidents: Type, own_namespace: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not words."""
    monkeypatch.setenv("TEMPORAL_NAMESPACE", own_namespace.namespace)
    assert json.loads((await incidents("list", "--json")).out) == []


async def test_closed_incidents_are_listed_when_asked_for(incidents: Type, client: Client, house: House) -> None:
    """`--all`, with how they ended."""
    handle = await opened(client, fresh())
    await handle.terminate()
    said = await _listed(incidents, handle.id, "--all", "--json")
    (row,) = [row for row in json.loads(said.out) if row["id"] == handle.id]
    assert row["state"] == "terminated"


async def test_show_tells_where_it_stands(incidents: Type, incident: Incident) -> None:
    """Phase, what it waits for, the criteria, the story."""
    said = await incidents("show", incident.id)
    parts = ("triage", "waits for", "resolves when all hold", "someone to ack", "fires")
    assert (said.code, [part for part in parts if part not in said.out]) == (0, [])


async def test_show_has_what_scripts_need(incidents: Type, incident: Incident) -> None:
    """The three queries of design §5, and where they were read."""
    told = json.loads((await incidents("show", incident.id, "--json")).out)
    assert told.keys() == {"status", "criteria", "timeline", "source"}
    assert told["status"]["id"] == incident.id
    assert told["timeline"][0].keys() >= {"at", "kind", "what", "because", "by"}
    assert told["criteria"][0].keys() >= {"name", "met", "evidence"}


async def test_json_and_follow_do_not_go_together(incidents: Type) -> None:
    """Usage: exit code 2."""
    assert (await incidents("show", "X", "--json", "--follow")).code == 2


async def test_follow_stays_until_it_is_over(
    incidents: Type, incident: Incident, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints what happens meanwhile, and ends well."""
    following, printed = asyncio.create_task(incidents("show", incident.id, "--follow")), list[str]()

    async def printed_it(words: str) -> bool:
        printed.append(capsys.readouterr().out)
        return words in "".join(printed)

    await eventually(lambda: printed_it("fires"), "the story so far is printed")
    await incident.execute_update("note", {"text": "the pool is empty", "by": "ana"})
    await eventually(lambda: printed_it("the pool is empty"), "the new line is printed")
    await incident.terminate()
    assert (await following).code == 0


async def test_an_unknown_id_is_a_no(incidents: Type) -> None:
    """Exit code 1, on stderr."""
    said = await incidents("show", "NoSuchThing")
    assert (said.code, said.out) == (1, "")
    assert "no incident has 'NoSuchThing' in its id" in said.err


async def test_without_a_worker_show_says_so_in_time(
    incidents: Type, own_namespace: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query waits for a worker: not for ever."""
    monkeypatch.setenv("TEMPORAL_NAMESPACE", own_namespace.namespace)
    handle = await opened(own_namespace, fresh())
    began = time.monotonic()
    said = await incidents("show", handle.id)
    assert time.monotonic() - began < 15
    assert (said.code, "Start one with `incidents worker`" in said.err) == (1, True)


@workflow.defn(name="Incident")
class Unreadable:
    """Whose worker cannot answer."""

    @workflow.run
    async def run(self, _: object) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.query(dynamic=True)
    def anything(self, _name: str, _args: Sequence[RawValue]) -> str:
        raise ValueError("nondeterminism, say")


async def test_an_incident_whose_worker_fails_is_no_traceback(
    incidents: Type, own_namespace: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1, with the worker's reason and what to do."""
    monkeypatch.setenv("TEMPORAL_NAMESPACE", own_namespace.namespace)
    handle = await opened(own_namespace, fresh())
    async with Worker(
        own_namespace, task_queue=TASK_QUEUE, workflows=[Unreadable], workflow_runner=UnsandboxedWorkflowRunner()
    ):
        said = await incidents("show", handle.id)
    assert (said.code, "its worker failed (nondeterminism, say)" in said.err) == (1, True)


async def _closed(client: Client, home: Path) -> str:
    """An incident that went all the way, its record in `home`; nobody works any more."""
    name = fresh()
    async with House(home).worker(client):
        handle = await opened(client, name, severity="SEV-3")
        await handle.execute_update("mitigated", {"by": "ana", "how": "rolled back"})
        await handle.signal("alert", "resolved")
        for criterion in ("alert_clear", "impact_gone", "data_reconciled", "durable"):
            await handle.execute_update("confirm", {"criterion": criterion, "evidence": "seen", "by": "ana"})
        await handle.result(rpc_timeout=timedelta(seconds=20))
    return handle.id


async def test_a_closed_incident_is_read_from_its_record(
    incidents: Type, own_namespace: Client, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When nobody works any more: the panel says that it is the record, and as of when."""
    monkeypatch.setenv("TEMPORAL_NAMESPACE", own_namespace.namespace)
    incident_id = await _closed(own_namespace, home)
    said = await incidents("show", incident_id)
    assert (said.code, "rolled back" in said.out, "record " in said.out) == (0, True, True)


async def test_a_record_outlives_the_engine_that_made_it(
    incidents: Type, own_namespace: Client, client: Client, home: Path
) -> None:
    """Another namespace knows nothing of it; a part of the id finds the file."""
    incident_id = await _closed(own_namespace, home)
    told = json.loads((await incidents("show", incident_id.removeprefix("incident-"), "--json")).out)
    assert (told["status"]["id"], told["status"]["phase"]) == (incident_id, "closed")
    assert told["source"].startswith("record ")
