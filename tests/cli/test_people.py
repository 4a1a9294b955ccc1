"""What people say: answered yes or no, with the reason, and an exit code that a script can read."""

import time

import pytest
from temporalio.client import Client, WorkflowHandle

from tests.cli.conftest import Type, fresh, opened
from tests.conftest import Engine, House

Incident = WorkflowHandle[object, object]


@pytest.mark.parametrize(
    ("command", "line"),
    [
        pytest.param(["ack"], "ana acknowledged", id="ack"),
        pytest.param(["note", "pool is empty"], "pool is empty", id="note"),
        pytest.param(["note", "rotation", "--hypothesis"], "hypothesis: rotation", id="hypothesis"),
        pytest.param(["severity", "SEV-1", "--why", "nobody can pay"], "SEV-2 → SEV-1", id="severity"),
        pytest.param(["severity", "sev-3", "--why", "one vantage"], "SEV-2 → SEV-3", id="severity in small letters"),
        pytest.param(["assign", "ic", "bo"], "bo is IC", id="assign"),
        pytest.param(["resolve", "--note", "rebuilt"], "ana asks to resolve", id="resolve"),
        pytest.param(["mitigated", "--how", "rolled back"], "triage → resolve", id="mitigated"),
        pytest.param(["confirm", "durable", "rotation restarts it"], "ana confirms durable", id="confirm"),
        pytest.param(
            ["action-item", "go deep", "--owner", "bo"], "follow-up filed: go deep, owner bo", id="action item"
        ),
        pytest.param(["customers", "--affected", "acme"], "1 customer (acme) affected", id="customers"),
    ],
)
async def test_what_is_said_is_on_the_timeline(
    incidents: Type, incident: Incident, command: list[str], line: str
) -> None:
    """Exit code 0, and the story has it."""
    verb, *rest = command
    said = await incidents(verb, incident.id, *rest, "--by", "ana")
    assert (said.code, said.err) == (0, "")
    assert line in [entry["what"] for entry in await incident.query("timeline")]


async def test_the_first_ack_owns_it(incidents: Type, incident: Incident) -> None:
    """And is told so."""
    assert (await incidents("ack", incident.id, "--by", "ana")).out == f"yes: {incident.id} is yours\n"


async def test_a_second_ack_is_welcome(incidents: Type, incident: Incident) -> None:
    """Exit code 0, and who had it first."""
    await incidents("ack", incident.id, "--by", "ana")
    said = await incidents("ack", incident.id, "--by", "bo")
    assert (said.code, said.out) == (0, "yes; ana has it too\n")


async def test_an_early_resolve_says_what_is_missing(incidents: Type, incident: Incident) -> None:
    """It is remembered, so it is no error."""
    said = await incidents("resolve", incident.id)
    assert (said.code, "alert_clear (the alert still fires)" in said.out) == (0, True)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(["approve"], "there is no open proposal", id="nothing to approve"),
        pytest.param(["approve", "x-9"], "x-9 is not open, nor is any other", id="no such plan"),
        pytest.param(["severity", "SEV-2", "--why", "so"], "is SEV-2 already", id="nothing would change"),
        pytest.param(["postmortem", "https://wiki.example.org/1"], "comes once it is resolved", id="too early"),
        pytest.param(["postmortem", "not a link"], "url: String should match pattern", id="no address"),
        pytest.param(["note", "  "], "text: String should have at least 1 character", id="an empty note"),
        pytest.param(["customers", "--bounced", "x"], "not known to be affected: x", id="a stranger's mail came back"),
    ],
)
async def test_a_no_has_its_reason_on_stderr(
    incidents: Type, incident: Incident, command: list[str], reason: str
) -> None:
    """Exit code 1, nothing on stdout."""
    verb, *rest = command
    said = await incidents(verb, incident.id, *rest)
    assert (said.code, said.out) == (1, "")
    assert reason in said.err


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["ack"], id="which incident?"),
        pytest.param(["severity", "X", "SEV-9", "--why", "so"], id="no such severity"),
        pytest.param(["severity", "X", "SEV-1"], id="no reason"),
        pytest.param(["confirm", "X", "luck", "so"], id="no such criterion"),
        pytest.param(["assign", "X", "king", "ana"], id="no such role"),
        pytest.param(["shout", "X"], id="no such command"),
    ],
)
async def test_a_mistyped_command_is_usage(incidents: Type, command: list[str]) -> None:
    """Exit code 2, before anything is asked of the engine."""
    said = await incidents(*command)
    assert (said.code, said.out) == (2, "")


async def test_a_part_of_the_id_is_enough(incidents: Type, incident: Incident, client: Client) -> None:
    """In any case of letters, once lists know it."""
    part = incident.id.removeprefix("incident-").upper()
    await _listed(client, incident.id)
    assert (await incidents("ack", part)).out == f"yes: {incident.id} is yours\n"


async def test_a_part_that_two_have_is_refused_with_both(incidents: Type, client: Client, house: House) -> None:
    """Nobody's incident is acknowledged by accident."""
    name = fresh()
    first, second = await opened(client, f"{name}-one"), await opened(client, f"{name}-two")
    await _listed(client, first.id, second.id)
    said = await incidents("ack", name)
    assert said.code == 1
    assert said.err == f"'{name}' names 2 open incidents; say more of the id:\n  {first.id}\n  {second.id}\n"


async def test_a_part_that_nobody_has_names_what_there_is(incidents: Type, incident: Incident, client: Client) -> None:
    """Exit code 1."""
    await _listed(client, incident.id)
    said = await incidents("ack", "NoSuchThing")
    assert (said.code, "no open incident has 'NoSuchThing' in its id" in said.err) == (1, True)


async def test_a_closed_incident_takes_no_more(incidents: Type, client: Client, house: House) -> None:
    """And the answer says where to read it."""
    handle = await opened(client, fresh())
    await handle.terminate()
    said = await incidents("ack", handle.id)
    assert said.code == 1
    assert said.err == f"{handle.id} is closed: it takes no ack any more (`incidents show {handle.id}`)\n"


async def test_without_a_worker_it_says_so_in_time(
    incidents: Type, own_namespace: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is left waiting, and what to do is said."""
    monkeypatch.setenv("TEMPORAL_NAMESPACE", own_namespace.namespace)
    handle = await opened(own_namespace, fresh())
    began = time.monotonic()
    said = await incidents("ack", handle.id)
    assert time.monotonic() - began < 15
    assert (said.code, "start one with `incidents worker`" in said.err) == (1, True)


async def test_a_signal_needs_no_worker(
    incidents: Type, own_namespace: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine keeps it."""
    monkeypatch.setenv("TEMPORAL_NAMESPACE", own_namespace.namespace)
    handle = await opened(own_namespace, fresh())
    said = await incidents("ack", handle.id, "--signal")
    assert (said.code, "ack is with the engine" in said.out) == (0, True)


async def test_without_an_engine_it_says_so_in_time(
    incidents: Type, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it looked, and what to start."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    said = await incidents("ack", "X")
    assert (said.code, "no Temporal engine answers at 127.0.0.1:1" in said.err) == (1, True)


async def test_a_wrong_setting_is_named(incidents: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything starts."""
    monkeypatch.setenv("INCIDENTS_SPEED", "fast")
    said = await incidents("list")
    assert (said.code, "INCIDENTS_SPEED: " in said.err) == (1, True)


async def _listed(client: Client, *ids: str) -> None:
    from tests.waiting import eventually

    async def look() -> bool:
        known = {run.id async for run in client.list_workflows("WorkflowType='Incident'")}
        return known.issuperset(ids)

    await eventually(look, f"{ids} are listed")
