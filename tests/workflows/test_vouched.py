"""Yeses through the bridge, on a real engine: verified, used once, and asked for where the runbook says so."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.recognising import People
from bridge.speaking import Answer, Outcome, Speaker, Word
from incident.model.playbook import Approval, Playbook
from integrations.clock import utc_now
from integrations.witness import Witness
from oncall.schedule import Schedule
from runbook.catalog import catalogue
from tests.workflows.case import Case
from tests.workflows.conftest import Town
from tests.workflows.drill import goes_dark, play_until_proposed
from tests.workflows.policies import quick
from workflows.contract import WORKFLOW_TYPE

BRIDGE = Witness("a secret of at least thirty-two characters")
STRANGER = Witness("the secret of somebody who is not the bridge")
SLOW = {"proposal_valid_for": timedelta(hours=1), "yes_valid_for": timedelta(hours=1)}
POLICY = quick(witnesses=(BRIDGE.public,), must_be_verified=("two_people",), **SLOW)
TEAM = People(Schedule.model_validate({"people": {"ana": {}, "bo": {}}}))
MARKS = itertools.count(1)


def two_people() -> Playbook:
    """AppDBDown, with a lever that two people have to agree to."""
    known = catalogue()["AppDBDown"]
    return replace(known, levers=tuple(replace(use, approval=Approval.TWO_PEOPLE) for use in known.levers))


@pytest.fixture
async def proposed(opened, shop) -> Case:
    """A plan that waits for two verified people."""
    case = await opened(alert=goes_dark(shop), playbook=two_people(), policy=POLICY)
    await play_until_proposed(case)
    return case


async def levers(case: Case) -> list[dict[str, Any]]:
    return [plan for plan in (await case.status())["proposals"] if plan["aim"] == "lever"]


async def says_yes(town: Town, case: Case, person: str, *, once: str = "", witness: Witness = BRIDGE) -> Answer:
    word = Word(
        incident=case.id,
        name="approve",
        payload={"proposal": "redeploy_app-1"},
        person=person,
        via="link",
        once=once or f"mark-{next(MARKS)}",
        until=utc_now() + timedelta(hours=1),
    )
    return await Speaker(town.client, witness, TEAM).say(word)


async def test_two_verified_people_set_a_lever_in_motion(town, proposed):
    """Each by a link of their own."""
    first = await says_yes(town, proposed, "ana")
    second = await says_yes(town, proposed, "bo")
    (plan,) = await levers(proposed)

    assert (first.outcome, second.outcome) == (Outcome.YES, Outcome.YES)
    assert plan["yeses"] == ["ana, verified by link", "bo, verified by link"]


async def test_a_typed_yes_is_not_enough_where_proof_is_wanted(proposed):
    """Two names at one terminal are one person."""
    assert "needs a word we can verify" in await proposed.refused("approve", {"by": "bo"})


async def test_a_stranger_s_signature_is_refused(town, proposed):
    """Whoever writes to the namespace can sign too, but not as the bridge."""
    answer = await says_yes(town, proposed, "bo", witness=STRANGER)

    assert answer.outcome is Outcome.NO
    assert "no bridge that this incident knows has signed it" in answer.text


async def test_what_the_history_shows_cannot_be_said_again(town, proposed):
    """The very payload, sent by hand: its mark is used up."""
    await says_yes(town, proposed, "ana")
    (payload,) = [
        event.workflow_execution_update_accepted_event_attributes.accepted_request.input.args.payloads[0]
        for event in await proposed.events()
        if event.workflow_execution_update_accepted_event_attributes.accepted_request.input.name == "approve"
    ]
    (told,) = town.client.data_converter.payload_converter.from_payloads([payload])

    assert "it was used already" in await proposed.refused("approve", told)


async def test_one_link_pressed_twice_is_one_yes(town, proposed):
    """A thumb that slips: the same answer, and still one person."""
    answers = [await says_yes(town, proposed, "ana", once="the-link") for _ in range(2)]
    (plan,) = await levers(proposed)

    assert (answers[0], plan["approved_by"]) == (answers[1], ["ana"])


async def test_nobody_is_verified_before_the_runbook_was_consulted(town, incident_id):
    """A hand-typed start, and the bridge right behind it: the key comes with the runbook, and this town has none."""
    await town.client.start_workflow(WORKFLOW_TYPE, "AppDBDown", id=incident_id, task_queue="incidents")
    word = Word(incident=incident_id, name="ack", person="ana", via="link", once="m")

    answer = await Speaker(town.client, BRIDGE, TEAM).say(word)
    status = await Case(town.client, incident_id).status()

    assert (answer.outcome, status["acked_how"]) == (Outcome.YES, "claimed")
