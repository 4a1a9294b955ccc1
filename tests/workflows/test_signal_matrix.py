"""Whatever a person types at Temporal's own CLI never stops an incident (temporal-guide §1.4).

One incident takes every kind of nonsense for every message; afterwards it still pages, answers, and has on its
timeline what was not understood and what would have been.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import pytest
from temporalio.api.enums.v1 import EventType

from incident.model.messages import MESSAGES
from tests.workflows.case import Case, open_incident
from tests.workflows.conftest import Town
from tests.workflows.policies import blind, quick, seconds
from tests.workflows.terminal import Answered, Terminal

SIGNALS = ("alert", *MESSAGES)
LONG = "x" * 50_000

NONSENSE: dict[str, tuple[str, ...]] = {
    "a number": ("--input", "7"),
    "an array": ("--input", '["ana"]'),
    "two inputs": ("--input", '"ana"', "--input", '"bo"'),
    "an empty name": ("--input", '{"by": "", "status": ""}'),
    "a wrong type": ("--input", '{"by": {"name": "ana"}, "status": 1}'),
    "a number in a string": ("--input", "true"),
    "an unknown encoding": ("--input", '"ana"', "--input-meta", "encoding=binary/unheard-of"),
    "broken JSON": ("--input", base64.b64encode(b"{nonsense").decode(), "--input-base64", "--input-meta", "encoding=x"),
    "bytes": (
        "--input",
        base64.b64encode(b"\xff\xfe").decode(),
        "--input-base64",
        "--input-meta",
        "encoding=binary/plain",
    ),
    "a protobuf": ("--input", '"ana"', "--input-meta", "encoding=json/protobuf"),
    "a very long name": ("--input", json.dumps({"by": LONG, "status": LONG})),
}
"""What makes no sense for any message."""

INCOMPLETE = [name for name, model in MESSAGES.items() if any(f.is_required() for f in model.model_fields.values())]
"""Messages that need something said: for them, saying nothing is nonsense too."""

SILENCE: dict[str, tuple[str, ...]] = {
    "no input": (),
    "null": ("--input", "null"),
    "an empty object": ("--input", "{}"),
    "only a wrong field": ("--input", '{"whom": "ana"}'),
}

WORKING: dict[str, dict[str, object]] = {
    "note": {"text": "seen", "by": "ana"},
    "ack": {"by": "ana"},
    "severity": {"severity": "SEV-2", "why": "few customers", "by": "ana"},
    "assign": {"role": "scribe", "to": "bo", "by": "ana"},
    "take": {"role": "comms", "by": "cy"},
    "action_item": {"what": "alert on it", "by": "ana"},
    "customers": {"affected": ["acme"], "by": "ana"},
    "mitigated": {"by": "ana", "how": "rolled back"},
    "confirm": {"criterion": "data_reconciled", "evidence": "ledger is zero", "by": "ana"},
    "resolve": {"by": "ana"},
}
"""One working payload each, in an order that suits one incident."""


def signal(terminal: Terminal, case: Case, name: str, *words: str):
    return terminal("workflow", "signal", "-w", case.id, "--name", name, *words)


def update(terminal: Terminal, case: Case, name: str, *words: str):
    return terminal("workflow", "update", "execute", "-w", case.id, "--name", name, *words)


@pytest.fixture(scope="module")
def cli(engine, town: Town) -> Terminal:
    return Terminal(engine.cli, engine.address, town.client.namespace)


@pytest.fixture(scope="module")
async def battered(town: Town, cli: Terminal) -> AsyncIterator[Case]:
    """An incident that was sent all the nonsense there is, as signals."""
    policy = quick(ack_within=seconds(1), repage_every=seconds(60), misunderstood_post_every=seconds(2))
    case = await open_incident(town.client, "incident-AppDBDown-battered", playbook=blind(), policy=policy)
    typed = [signal(cli, case, name, *words) for name in SIGNALS for words in NONSENSE.values()]
    typed += [signal(cli, case, name, *words) for name in INCOMPLETE for words in SILENCE.values()]
    typed += [signal(cli, case, "alert", *SILENCE[which]) for which in ("no input", "null")]
    answers = await asyncio.gather(*typed)
    assert [a.text for a in answers if a.code] == []
    await case.tell("note", "the last word")
    await case.said("the last word", within_s=60)
    yield case
    await case.dropped()


async def refusals(case: Case, name: str) -> list[dict[str, str]]:
    return [e for e in await case.timeline() if e["kind"] == "refused" and e["what"].startswith(f"{name} ")]


@pytest.mark.parametrize("name", SIGNALS)
async def test_everything_that_made_no_sense_is_on_the_timeline(battered, name):
    """Nothing is dropped in silence."""
    silence = len(SILENCE) if name in INCOMPLETE else 2 if name == "alert" else 0

    assert len(await refusals(battered, name)) == len(NONSENSE) + silence


@pytest.mark.parametrize("name", MESSAGES)
async def test_each_refusal_says_what_was_expected(battered, name):
    """Who reads it knows what to type next time."""
    assert all(MESSAGES[name].expected in e["because"] for e in await refusals(battered, name))


async def test_no_refusal_repeats_what_was_sent(battered):
    """It may hold a secret, or fifty thousand letters."""
    assert max(len(e["because"]) + len(e["what"]) for e in await battered.timeline()) < 2_000


async def test_a_battered_incident_still_pages(battered):
    """The ack clock ran on through all of it."""
    assert await battered.said("page 2 delivered")


async def test_a_battered_incident_still_takes_an_ack(battered):
    """And says so."""
    assert await battered.ask("ack", {"by": "zoe"}) in (
        f"yes: {battered.id} is yours",
        "yes; zoe has it too",
    )


async def test_a_battered_incident_never_failed_a_task(battered):
    """A failed workflow task is how an incident gets stuck."""
    kinds = {e.event_type for e in await battered.events()}

    assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in kinds


async def test_the_chat_hears_of_nonsense_at_most_once_a_while(battered, town):
    """With a count (design §5): a script gone wild must not flood the channel."""
    posts = [p for p in town.house.chat.of(battered.id) if "refused" in p.title]

    assert 1 <= len(posts) <= 20
    assert any("more messages were refused" in p.title for p in posts)


async def test_every_message_is_understood_as_one_object(opened, terminal):
    """The form of the README."""
    case = await opened(playbook=blind())
    answers = [await signal(terminal, case, name, "--input", json.dumps(said)) for name, said in WORKING.items()]
    await case.said("asks to resolve")

    assert [a.code for a in answers] == [0] * len(WORKING)
    assert [e for e in await case.timeline() if e["kind"] == "refused"] == []


async def test_unknown_fields_beside_the_known_ones_are_ignored(opened, terminal):
    """A newer script may say more than we know."""
    case = await opened(playbook=blind())
    for name in ("ack", "note", "assign"):
        await signal(terminal, case, name, "--input", json.dumps(WORKING[name] | {"colour": "red", "n": 1}))
    await case.said("bo is scribe")

    assert [e for e in await case.timeline() if e["kind"] == "refused"] == []


@pytest.mark.parametrize(
    ("words", "by"),
    [
        ((), "someone"),
        (("--input", "null"), "someone"),
        (("--input", "{}"), "someone"),
        (("--input", '{"whom": "ana"}'), "someone"),
        (("--input", '"ana"'), "ana"),
        (("--input", '{"by": " ana "}'), "ana"),
    ],
)
async def test_an_ack_needs_next_to_nothing(opened, terminal, words, by):
    """At 3 a.m. on a phone: no input at all is an ack by `someone` (design §5)."""
    case = await opened(playbook=blind())
    await signal(terminal, case, "ack", *words)

    assert (await case.stands(acked_by=by))["acked_by"] == by


@pytest.mark.parametrize(
    ("name", "word", "told"),
    [
        ("note", "the pool", "the pool"),
        ("resolve", "ana", "ana asks to resolve"),
        ("mitigated", "ana", "triage → resolve"),
        ("action_item", "alert on it", "alert on it"),
        ("alert", "resolved", "AppDBDown cleared"),
    ],
)
async def test_a_bare_string_is_the_main_field(opened, terminal, name, word, told):
    """`note --input '"the pool"'`."""
    case = await opened(playbook=blind())
    await signal(terminal, case, name, "--input", json.dumps(word))

    assert await case.said(told)


@pytest.mark.parametrize("name", ["acknowledge", "Ack", "ack ", "x" * 900, "päge"])
async def test_a_misspelt_signal_is_told(opened, terminal, name):
    """It would otherwise be buffered for ever, and nobody would know."""
    case = await opened(playbook=blind())
    await signal(terminal, case, name, "--input", '"ana"')

    assert "expected one of alert, ack" in (await case.said("there is no such signal"))["because"]


async def test_a_misspelt_signal_with_an_unreadable_payload_is_told(opened, terminal):
    """Nothing is decoded before its name is known."""
    case = await opened(playbook=blind())
    await signal(terminal, case, "acknowledge", *NONSENSE["broken JSON"], "--input", "eA==")

    assert await case.said("there is no such signal")


async def test_a_long_note_is_refused_and_a_fair_one_taken(opened, terminal):
    """4,000 characters are a story; more belongs in a document."""
    case = await opened(playbook=blind())
    await signal(terminal, case, "note", "--input", json.dumps("y" * 4_001))
    await signal(terminal, case, "note", "--input", json.dumps("z" * 4_000))

    assert len((await case.said("zzz"))["what"]) == 4_000
    assert "at most 4000 characters" in (await case.said("note was refused"))["because"]


# ── updates ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
async def answers(calm: Case, cli: Terminal) -> dict[tuple[str, str], Answered]:
    """What the CLI printed for every kind of nonsense, for every message, as updates."""
    asked = {(name, kind): update(cli, calm, name, *words) for name in MESSAGES for kind, words in NONSENSE.items()}
    asked |= {(name, kind): update(cli, calm, name, *words) for name in INCOMPLETE for kind, words in SILENCE.items()}
    return dict(zip(asked, await asyncio.gather(*asked.values()), strict=True))


def test_nonsense_as_an_update_is_refused_with_exit_code_1(answers):
    """0 yes, 1 no."""
    assert {key: a.code for key, a in answers.items() if a.code != 1} == {}


def test_a_refused_update_says_what_was_expected(answers):
    """One sentence of ours."""
    silent = [key for key, a in answers.items() if MESSAGES[key[0]].expected not in a.err.replace('\\"', '"')]

    assert silent == []


def test_a_refused_update_shows_nothing_of_our_kitchen(answers):
    """No pydantic links, no stack trace, nothing of what was sent."""
    kitchen = ("pydantic", "Traceback", ".py", "xxxxxxxx", "For further information")

    assert [key for key, a in answers.items() if any(word in a.text for word in kitchen)] == []


async def test_a_working_update_prints_its_answer(opened, terminal):
    """And exits 0."""
    case = await opened(playbook=blind())
    answer = await update(terminal, case, "ack", "--input", '{"by": "ana"}')

    assert (answer.code, f"yes: {case.id} is yours" in answer.out) == (0, True)


async def test_an_ack_as_an_update_needs_no_input(opened, terminal):
    """As a signal, so as an update (design §5)."""
    case = await opened(playbook=blind())

    assert (await update(terminal, case, "ack")).code == 0
