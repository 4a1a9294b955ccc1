"""How an incident begins: the page goes out before anything else is even scheduled (design §9)."""

from temporalio.api.enums.v1 import EventType

from incident.model.severity import Severity
from tests.workflows.case import Case
from tests.workflows.policies import blind, quick
from workflows import contract

SCHEDULED = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED


async def scheduled(case) -> list[str]:
    """Names of the activities of the latest run, in the order they were scheduled."""
    return [
        e.activity_task_scheduled_event_attributes.activity_type.name
        for e in await case.events()
        if e.event_type == SCHEDULED
    ]


async def test_the_page_is_sent_before_anything_else_is_scheduled(opened):
    """The way from alert to first page is the hot path: everything else comes after it (design §9)."""
    case = await opened()
    await case.said("thread opened")
    events = await case.events()
    delivered = next(n for n, e in enumerate(events) if e.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)

    before = [
        e.activity_task_scheduled_event_attributes.activity_type.name
        for e in events[:delivered]
        if e.event_type == SCHEDULED
    ]

    assert before == ["page"]


async def test_a_start_that_brings_playbook_and_policy_consults_nobody(opened):
    """The bridge looked them up already (design §5)."""
    case = await opened()
    await case.said("thread opened")

    assert "consult_runbook" not in await scheduled(case)


async def test_a_hand_typed_start_consults_the_runbook_first(town, incident_id):
    """Only the alert's name is needed: the rest is in the runbook (design §5)."""
    await town.client.start_workflow(
        contract.WORKFLOW_TYPE, {"alert": "AppDBDown"}, id=incident_id, task_queue=contract.TASK_QUEUE
    )
    case = Case(town.client, incident_id)
    await case.said("thread opened")

    assert (await scheduled(case))[:2] == ["consult_runbook", "page"]


async def test_what_is_said_before_the_runbook_was_consulted_waits_its_turn(town, incident_id):
    """A signal that arrives together with a hand-typed start is not lost."""
    await town.client.start_workflow(
        contract.WORKFLOW_TYPE,
        "AppDBDown",
        id=incident_id,
        task_queue=contract.TASK_QUEUE,
        start_signal="ack",
        start_signal_args=["ana"],
    )

    assert await Case(town.client, incident_id).stands(acked_by="ana")


async def test_the_page_tells_which_incident_and_how_to_ack(opened, town):
    """A page's title begins with severity and alert; its text holds incident id, page number and the line to type."""
    case = await opened()
    await case.said("page 1 delivered")
    page = town.house.pager.of(case.id)[0]

    assert page.title.startswith("SEV-1 AppDBDown")
    assert f"Page 1 of {case.id}" in page.text
    assert f"temporal workflow signal -w {case.id} --name ack" in page.text


async def test_a_sev3_opens_a_thread_and_pages_nobody(opened, town):
    """SEV-3: page no (runbook §1)."""
    case = await opened(playbook=blind(severity=Severity.SEV3))
    await case.said("thread opened")

    assert await scheduled(case) == ["brief"]
    assert town.house.pager.of(case.id) == []


async def test_the_first_post_opens_the_thread_with_the_runbooks_words(opened, town):
    """Who reads the thread sees what is broken for whom, and who owns it."""
    case = await opened(quick(), blind(means="Nobody can log in."))
    await case.said("thread opened")
    first = town.house.chat.of(case.id)[0]

    assert first.title.startswith("SEV-1 AppDBDown")
    assert "*Means:* Nobody can log in." in first.lines
