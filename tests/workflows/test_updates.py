"""Updates answer yes or no: each refusal is one sentence of ours, and leaves nothing behind (design §5)."""

import asyncio

import pytest

from tests.workflows.case import Case, open_incident
from tests.workflows.conftest import Town
from tests.workflows.drill import goes_dark, play_until_proposed
from tests.workflows.policies import blind, quick, seconds
from tests.workflows.test_closing import POSTMORTEM, resolve
from workflows.contract import WORKFLOW_TYPE

SOON_CLEAR = quick(repeat_interval=seconds(0.3))

ANSWERED = [
    # message, its inputs, what the sender reads
    ("ack", [], "yes: {id} is yours"),
    ("ack", ["bo"], "yes; someone has it too"),
    ("note", ["pool exhausted"], "yes: pool exhausted"),
    ("note", [{"text": "the pool", "hypothesis": True}], "yes: hypothesis: the pool"),
    ("assign", [{"role": "ic", "to": "ana"}], "yes: ana is IC"),
    ("severity", [{"severity": "SEV-2", "why": "few customers"}], "yes: SEV-1 → SEV-2"),
    ("action_item", ["alert on deep readiness"], "yes: "),
    ("mitigated", [{"by": "ana", "how": "rolled back"}], "yes: {id} is now in phase resolve"),
    ("confirm", [{"criterion": "durable", "evidence": "seen"}], "yes: "),
    ("resolve", [], "remembered; {id} resolves by itself once these hold: "),
]

REFUSED_WHILE_TRIAGE = [
    # message, its inputs, the sentence
    ("approve", [], "there is no open proposal"),
    ("approve", [{"proposal": "x-1"}], "x-1 is not open, nor is any other"),
    ("reject", [], "there is no open proposal"),
    ("severity", [{"severity": "SEV-1", "why": "again"}], "{id} is SEV-1 already"),
    ("postmortem", [POSTMORTEM], "{id} is in phase triage: the postmortem comes once it is resolved"),
]

REFUSED_IN_POSTMORTEM = [
    ("resolve", [], "{id} is resolved already; what it waits for is the postmortem"),
    ("confirm", [{"criterion": "durable", "evidence": "x"}], "{id} is resolved already; what it waits for is"),
    ("mitigated", [], "{id} is in phase postmortem: its impact has stopped already"),
]

MISREAD = [
    # message, inputs that make no sense, what is wrong with them
    ("note", [], "note: text: Field required; expected {"),
    ("note", [{"by": "ana"}], "note: text: Field required; expected {"),
    ("severity", ["SEV-1"], "severity: why: Field required; expected {"),
    (
        "severity",
        [{"severity": "SEV-9", "why": "x"}],
        "severity: severity: Input should be 'SEV-1', 'SEV-2' or 'SEV-3'",
    ),
    ("assign", [{"role": "boss", "to": "ana"}], "assign: role: Input should be 'ic', 'scribe', 'comms' or 'responder'"),
    ("confirm", ["durable"], "confirm: evidence: Field required; expected {"),
    ("postmortem", ["ftp://x"], "postmortem: url: String should match pattern"),
    ("action_item", [{}], "action_item: what: Field required; expected {"),
    ("ack", [["ana"]], "ack: a list; expected nothing"),
    ("ack", ["ana", "bo"], "ack: 2 inputs; expected nothing"),
    ("ack", [{"by": ""}], "ack: by: String should have at least 1 character"),
]


@pytest.fixture(scope="module")
async def postmortem(town: Town) -> Case:
    """One that waits for its postmortem."""
    name = "incident-AppDBDown-updates-postmortem"
    case = await open_incident(town.client, name, playbook=blind(), policy=SOON_CLEAR)
    await resolve(case)
    return case


async def test_each_update_is_answered(opened):
    """In the order a responder might say them; what came of it is the answer."""
    case = await opened(playbook=blind())
    answers = [await case.ask(name, *inputs) for name, inputs, _ in ANSWERED]

    wrong = [(a, w) for a, (_, _, w) in zip(answers, ANSWERED, strict=True) if not a.startswith(w.format(id=case.id))]

    assert wrong == []


@pytest.mark.parametrize(("name", "inputs", "sentence"), REFUSED_WHILE_TRIAGE)
async def test_what_is_too_early_is_refused(calm, name, inputs, sentence):
    """With the reason."""
    assert await calm.refused(name, *inputs) == sentence.format(id=calm.id)


@pytest.mark.parametrize(("name", "inputs", "sentence"), REFUSED_IN_POSTMORTEM)
async def test_what_is_too_late_is_refused(postmortem, name, inputs, sentence):
    """With the reason."""
    assert (await postmortem.refused(name, *inputs)).startswith(sentence.format(id=postmortem.id))


@pytest.mark.parametrize(("name", "inputs", "sentence"), MISREAD)
async def test_what_makes_no_sense_is_refused(calm, name, inputs, sentence):
    """Which field is wrong, and what would have been right."""
    assert (await calm.refused(name, *inputs)).startswith(sentence)


async def test_a_refused_update_leaves_nothing_behind(calm):
    """No event, no line: it never happened."""
    before = (len(await calm.events()), await calm.timeline())
    await calm.refused("approve")

    assert (len(await calm.events()), await calm.timeline()) == before


async def test_which_of_two_plans_is_asked_for(opened, shop):
    """A plan that was never made cannot be approved."""
    case = await opened(alert=goes_dark(shop))
    await play_until_proposed(case)

    said = await case.refused("approve", {"proposal": "redeploy_app-9"})
    assert said.startswith("redeploy_app-9 is not open; open: ")
    assert "redeploy_app-1" in said


async def test_two_severities_at_once_are_judged_one_after_the_other(opened):
    """The second sees what the first did: exactly one of two equal changes is taken."""
    case = await opened(playbook=blind())
    asked = [case.ask("severity", {"severity": "SEV-2", "why": "few customers"}) for _ in range(2)]
    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert sum(isinstance(a, str) for a in answers) == 1


async def test_an_update_before_the_runbook_was_consulted_is_answered_afterwards(town, incident_id):
    """A hand-typed start and an ack right behind it."""
    await town.client.start_workflow(WORKFLOW_TYPE, "AppDBDown", id=incident_id, task_queue="incidents")

    assert await Case(town.client, incident_id).ask("ack", "ana") == f"yes: {incident_id} is yours"


async def test_an_unknown_update_is_refused_with_the_known_ones(calm):
    """`acknowledge` is not a word of ours."""
    assert "ack" in await calm.refused("acknowledge")
