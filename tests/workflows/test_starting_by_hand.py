"""What a person may type to start an incident: the name is enough, nonsense fails at once (design §5)."""

import asyncio
import json

import pytest

from tests.workflows.case import Case
from tests.workflows.conftest import Town
from tests.workflows.terminal import Terminal

EXPECTED = '{"alert": "AppDBDown"'

NONSENSE: dict[str, tuple[str, ...]] = {
    "none": (),
    "two": ("--input", '"AppDBDown"', "--input", '"x"'),
    "null": ("--input", "null"),
    "number": ("--input", "7"),
    "array": ("--input", '["AppDBDown"]'),
    "empty": ("--input", '""'),
    "blank": ("--input", '{"alert": "  "}'),
    "nameless": ("--input", "{}"),
    "misspelt": ("--input", '{"alarm": "AppDBDown"}'),
    "severity": ("--input", '{"alert": "AppDBDown", "severity": "critical"}'),
    "labels": ("--input", '{"alert": "AppDBDown", "labels": "x"}'),
    "encoding": ("--input", '"AppDBDown"', "--input-meta", "encoding=binary/unheard-of"),
    "bytes": ("--input", "//4=", "--input-base64", "--input-meta", "encoding=binary/plain"),
    "half": ("--input", '{"alert": {"name": "AppDBDown"}, "policy": {"ack_within": "soon"}}'),
    "incident": ("--input", '{"incident": {}}'),
}

WORKING: dict[str, tuple[str, str]] = {
    # what is typed, the severity it gets
    "bare": ('"AppDBDown"', "SEV-1"),
    "object": ('{"alert": "AppDBDown"}', "SEV-1"),
    "chosen": ('{"alert": "AppDBDown", "severity": "SEV-3"}', "SEV-3"),
    "unknown": ('"NobodyKnowsThis"', "SEV-2"),
    "labelled": ('{"alert": "NobodyKnowsThis", "labels": {"severity": "critical"}}', "SEV-1"),
    "talkative": ('{"alert": "AppDBDown", "colour": "red", "summary": "no login"}', "SEV-1"),
}


def start(terminal: Terminal, workflow_id: str, *words: str):
    return terminal("workflow", "start", "--type", "Incident", "-t", "incidents", "-w", workflow_id, *words)


@pytest.fixture(scope="module")
async def failures(engine, town: Town) -> dict[str, str]:
    """Why each start that makes no sense failed."""
    cli = Terminal(engine.cli, engine.address, town.client.namespace)
    typed = [start(cli, f"incident-nonsense-{kind}", *words) for kind, words in NONSENSE.items()]
    await asyncio.gather(*typed)
    found: dict[str, str] = {}
    for kind in NONSENSE:
        events = await Case(town.client, f"incident-nonsense-{kind}").handle.fetch_history()
        async with asyncio.timeout(20):
            try:
                await town.client.get_workflow_handle(f"incident-nonsense-{kind}").result()
                found[kind] = "it did not fail"
            except Exception as error:  # noqa: BLE001 - whatever it is, the test reads it
                found[kind] = str(error.__cause__ or error)
        assert events
    return found


@pytest.mark.parametrize("kind", NONSENSE)
def test_a_start_that_makes_no_sense_fails_at_once_and_shows_what_is_expected(failures, kind):
    """It never hangs: a stuck start looks like an open incident to everybody."""
    assert failures[kind].startswith("Refused: cannot start:")
    assert EXPECTED in failures[kind]


def test_no_failed_start_shows_our_kitchen(failures):
    """One sentence of ours."""
    assert [kind for kind, why in failures.items() if "pydantic" in why or len(why) > 600] == []


@pytest.mark.parametrize("kind", WORKING)
async def test_the_alerts_name_is_enough(town, terminal, incident_id, kind):
    """And what else is said counts (design §5)."""
    typed, severity = WORKING[kind]
    await start(terminal, incident_id, "--input", typed)

    assert await Case(town.client, incident_id).stands(severity=severity)


async def test_signal_with_start_opens_an_incident_and_tells_it(town, terminal, incident_id):
    """What the bridge does, typed."""
    await terminal(
        *("workflow", "signal-with-start", "--signal-name", "note", "--signal-input", '"customers are calling"'),
        *("-w", incident_id, "--type", "Incident", "-t", "incidents", "--input", '"AppDBDown"'),
    )

    assert await Case(town.client, incident_id).said("customers are calling")


async def test_signal_with_start_tells_an_incident_that_is_open(opened, terminal):
    """No second one beside it."""
    case = await opened()
    await terminal(
        *("workflow", "signal-with-start", "--signal-name", "note", "--signal-input", '"still"', "-w", case.id),
        *("--type", "Incident", "-t", "incidents", "--input", json.dumps("AppDBDown")),
    )
    await case.said("still")

    assert (await case.lines())[0] == "AppDBDown fires"
