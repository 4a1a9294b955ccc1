"""What others read of an incident: queries, search attributes and details of the Web UI (design §5)."""

from datetime import datetime

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata

from tests.waiting import eventually
from tests.workflows.case import Case
from tests.workflows.drill import goes_dark, play_until_proposed
from tests.workflows.policies import blind, quick, seconds
from tests.workflows.test_closing import resolve
from workflows import contract

PROMISED = {
    "id": str,
    "phase": str,
    "severity": str,
    "acked_by": str,
    "needs_human": bool,
    "pages": int,
    "open_since": str,
}


async def attributes(case: Case) -> dict[str, object]:
    described = await case.handle.describe()
    return {p.key.name: p.value for p in described.typed_search_attributes if p.key.name.startswith("Incident")}


async def shows(case: Case, **wanted: object) -> bool:
    async def look() -> bool:
        return {f"Incident{name}": value for name, value in wanted.items()}.items() <= (await attributes(case)).items()

    return await eventually(look, f"{case.id} has search attributes {wanted}")


async def details(case: Case) -> str:
    raw = await case.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(raw.current_details)


async def test_status_has_what_scripts_rely_on(calm):
    """Names and types that stay (design §5)."""
    status = await calm.status()

    assert {name: type(status.get(name)) for name in PROMISED} == PROMISED


async def test_open_since_is_an_instant_with_its_zone(calm):
    """ISO 8601, UTC."""
    status = await calm.status()

    assert datetime.fromisoformat(status["open_since"]).utcoffset() is not None


async def test_each_timeline_entry_says_when_what_why_and_who(opened):
    """at, kind, what, because, by, and how we know it was them: all text (design §5)."""
    case = await opened(playbook=blind())
    await case.tell("note", {"text": "seen", "by": "ana"})
    await case.said("seen")

    assert {tuple(sorted(e)) for e in await case.timeline()} == {("at", "because", "by", "kind", "what", "who")}


async def test_the_timeline_is_in_order(played):
    """Oldest first."""
    instants = [e["at"] for e in await played.timeline()]

    assert instants == sorted(instants)


async def test_the_four_criteria_are_always_listed(calm):
    """name, met, evidence: none is ever left out."""
    criteria = await calm.criteria()

    assert [c["name"] for c in criteria] == ["alert_clear", "impact_gone", "data_reconciled", "durable"]
    assert all(isinstance(c["met"], bool) and c["evidence"] for c in criteria)


@pytest.mark.parametrize("query", ["status", "timeline", "criteria"])
async def test_a_query_with_surplus_inputs_is_answered(calm, query):
    """Whatever a script sends along."""
    assert await calm.handle.query(query, args=["x", 1])


async def test_a_closed_incident_still_answers(played):
    """As long as the engine keeps it."""
    assert (await played.status())["phase"] == "closed"


async def test_search_attributes_of_a_new_incident(calm):
    """They come with the start, and cost no event."""
    assert await attributes(calm) == {
        "IncidentSeverity": "SEV-1",
        "IncidentPhase": "triage",
        "IncidentAlert": "AppDBDown",
        "IncidentDomain": "database",
        "IncidentNeedsHuman": True,
        "IncidentAcked": False,
    }


async def test_a_hand_typed_start_gets_its_search_attributes_too(town, incident_id):
    """Once the runbook was consulted."""
    await town.client.start_workflow(contract.WORKFLOW_TYPE, "AppDBDown", id=incident_id, task_queue="incidents")

    assert await shows(Case(town.client, incident_id), Severity="SEV-1", Phase="triage", Domain="database")


async def test_search_attributes_follow_an_ack(opened):
    """A list of what nobody owns is one query."""
    case = await opened(playbook=blind())
    await case.tell("ack", "ana")

    assert await shows(case, Acked=True, NeedsHuman=False)


async def test_search_attributes_follow_severity(opened):
    """Up or down."""
    case = await opened(playbook=blind())
    await case.tell("severity", {"severity": "SEV-2", "why": "few customers"})

    assert await shows(case, Severity="SEV-2")


async def test_search_attributes_follow_the_phase(opened):
    """To the postmortem."""
    case = await opened(quick(repeat_interval=seconds(0.3)), blind())
    await resolve(case)

    assert await shows(case, Phase="postmortem")


async def test_search_attributes_of_the_end(played):
    """Closed, and nobody is needed."""
    assert await shows(played, Phase="closed", NeedsHuman=False)


async def test_a_plan_that_waits_needs_a_human(opened, shop):
    """Though somebody has acknowledged."""
    case = await opened(alert=goes_dark(shop))
    await play_until_proposed(case)

    assert await shows(case, Acked=True, NeedsHuman=True)


async def test_details_say_phase_owner_wants_and_criteria(opened):
    """What the Web UI shows first."""
    case = await opened(playbook=blind())
    await case.tell("ack", "ana")
    await case.stands(acked_by="ana")
    text = await details(case)

    assert all(
        words in text
        for words in ("SEV-1 AppDBDown", "triage", "**Owned by** ana", "**Waiting for:**", "alert_clear", "durable")
    )


async def test_details_hold_the_line_to_type(calm):
    """Copy, paste, done."""
    assert f"temporal workflow signal -w {calm.id} --name ack" in await details(calm)


async def test_each_signal_and_update_says_what_it_expects(calm):
    """In the Web UI and in `temporal workflow metadata`."""
    raw = await calm.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    unexplained = [
        s.name
        for s in (*raw.definition.signal_definitions, *raw.definition.update_definitions)
        if s.name and not s.description
    ]

    assert unexplained == []
