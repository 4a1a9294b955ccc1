"""From the first criterion to the record on disk, and what an alert does to an incident that thought it was over."""

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowExecutionStatus

from incident.model.severity import Severity
from tests.workflows.case import Case, fires, open_incident
from tests.workflows.drill import FOLLOW_UP, POSTMORTEM, goes_dark, play_until_postmortem
from tests.workflows.policies import blind, quick, seconds

ATTESTED = ("impact_gone", "data_reconciled", "durable")
SOON_CLEAR = quick(repeat_interval=seconds(0.3))


async def attest(case: Case, *criteria: str) -> None:
    for name in criteria:
        await case.tell("confirm", {"criterion": name, "evidence": "seen on the dashboard", "by": "ana"})


async def resolve(case: Case) -> None:
    """An incident without checks, to its postmortem."""
    await case.tell("alert", case.cleared)
    await attest(case, *ATTESTED)
    await case.stands(phase="postmortem")


async def run_id(case: Case) -> str:
    return str((await case.handle.describe()).run_id)


async def test_resolve_asked_too_early_is_answered_with_what_is_missing(opened):
    """Accepted and remembered, not refused (design §5)."""
    case = await opened(playbook=blind())
    answer = await case.ask("resolve", {"by": "ana"})

    assert answer.startswith("remembered")
    assert all(name in answer for name in ("alert_clear (the alert still fires)", *ATTESTED))


async def test_what_was_asked_too_early_happens_by_itself_later(opened):
    """Nobody has to ask twice."""
    case = await opened(SOON_CLEAR, blind())
    await case.ask("resolve", {"by": "ana"})
    await case.tell("alert", case.cleared)
    await attest(case, *ATTESTED)

    assert await case.stands(phase="postmortem")


async def test_an_alert_counts_as_clear_only_after_it_stayed_clear(opened):
    """One repeat_interval (runbook §2.3)."""
    case = await opened(quick(repeat_interval=seconds(30)), blind())
    await case.tell("alert", case.cleared)
    await attest(case, *ATTESTED)
    await case.said("durable holds")

    assert (await case.status())["phase"] == "resolve"


async def test_three_criteria_are_not_four(opened):
    """No criterion is taken for granted."""
    case = await opened(SOON_CLEAR, blind())
    await case.tell("alert", case.cleared)
    await attest(case, "impact_gone", "data_reconciled")
    await case.said("alert_clear holds")

    assert (await case.status())["waiting_for"][-1].startswith("durable")


async def test_a_whole_incident_ends_with_its_last_status(played):
    """From alert to record, as a good responder would play it."""
    result = await played.ended()

    assert (result["phase"], result["postmortem_url"]) == ("closed", POSTMORTEM["url"])


def test_a_closed_incident_has_its_record_on_disk(played, town):
    """Independent of the engine's retention: JSON for scripts, Markdown for people."""
    files = sorted((town.house.home / "records" / played.id).iterdir())

    assert [file.suffix for file in files] == [".json", ".md"]
    assert json.loads(files[0].read_text())["incident"]["phase"] == "closed"


def test_the_record_tells_the_whole_story(played, town):
    """The postmortem's timeline is written by then."""
    record = next((town.house.home / "records" / played.id).glob("*.md")).read_text()

    assert all(words in record for words in ("page 1 delivered", "redeploy_app-1 applied", FOLLOW_UP["what"]))


async def test_the_postmortems_draft_is_written_as_soon_as_it_is_resolved(opened, shop):
    """Whoever writes it does not begin with an empty page (runbook §8)."""
    case = await opened(alert=goes_dark(shop))
    await play_until_postmortem(case)
    written = Path((await case.said("postmortem draft written"))["because"])

    assert written.read_text().startswith("# Postmortem")  # noqa: ASYNC240 - a few lines


async def test_a_sev3_closes_without_a_postmortem(opened):
    """SEV-1 and SEV-2 owe one (runbook §2.4)."""
    case = await opened(SOON_CLEAR, blind(severity=Severity.SEV3))
    await case.tell("alert", case.cleared)
    await attest(case, *ATTESTED)

    assert (await case.ended())["phase"] == "closed"


async def test_an_overdue_postmortem_needs_a_human_again(opened):
    """Five business days later it is said aloud."""
    case = await opened(quick(repeat_interval=seconds(0.3), speed=1_000_000.0), blind())
    await resolve(case)
    await case.said("the postmortem is overdue")

    assert (await case.status())["needs_human"] is True


async def test_firing_again_in_postmortem_reopens_the_same_run(opened):
    """The fix was not durable (design §5)."""
    case = await opened(SOON_CLEAR, blind(), alert=fires())
    await resolve(case)
    before = await run_id(case)
    await open_incident(case.client, case.id, alert=fires(), playbook=blind(), policy=SOON_CLEAR)
    await case.said("postmortem → triage")

    assert await run_id(case) == before


async def test_a_reopened_incident_pages_again(opened, town):
    """Whoever owned it before is not assumed to be there."""
    case = await opened(SOON_CLEAR, blind(), alert=fires())
    await case.tell("ack", "ana")
    await resolve(case)
    await case.tell("alert", fires())
    await case.said("page 2 delivered")

    assert (await case.status())["acked_by"] == ""


async def test_a_follow_up_of_the_last_episode_does_not_make_this_fix_durable(opened):
    """It was filed, and it fired again all the same."""
    case = await opened(SOON_CLEAR, blind(), alert=fires())
    await case.tell("alert", case.cleared)
    await case.tell("action_item", "look at the pool")
    await attest(case, "impact_gone", "data_reconciled")
    await case.tell("alert", case.cleared)
    await case.said("durable holds")
    await case.tell("alert", fires())
    await case.said("fired again")
    durable = next(c for c in await case.criteria() if c["name"] == "durable")

    assert durable["met"] is False


async def test_firing_after_it_closed_opens_a_new_run(opened):
    """After it closes, a new run starts (design §5)."""
    case = await opened(SOON_CLEAR, blind(), alert=fires())
    await resolve(case)
    await case.tell("postmortem", POSTMORTEM)
    await case.ended()
    before = await run_id(case)
    await open_incident(case.client, case.id, alert=fires(), playbook=blind(), policy=SOON_CLEAR)

    assert await run_id(case) != before
    assert (await case.status())["phase"] == "triage"


async def test_a_new_run_pages_though_the_last_one_used_the_same_page_number(opened, town):
    """Keys are of the incident, not of its id alone (design §6)."""
    case = await opened(SOON_CLEAR, blind(), alert=fires())
    await case.said("page 1 delivered")
    await resolve(case)
    await case.tell("postmortem", POSTMORTEM)
    await case.ended()
    await open_incident(case.client, case.id, alert=fires(), playbook=blind(), policy=SOON_CLEAR)
    await case.said("page 1 delivered")

    assert [p.number for p in town.house.pager.of(case.id)] == [1, 1]


async def test_a_repeated_notification_leaves_no_line(opened):
    """Alertmanager repeats a whole group each time."""
    alert = fires()
    case = await opened(playbook=blind(), alert=alert)
    for _ in range(3):
        await case.tell("alert", alert)
    await case.tell("note", "the last word")
    await case.said("the last word")

    assert [e["what"] for e in await case.timeline() if e["kind"] == "alert"] == ["AppDBDown fires"]


@pytest.mark.parametrize("word", ["resolved", {"status": "resolved"}, {"name": "AppDBDown", "status": "resolved"}])
async def test_a_person_may_type_that_it_cleared(opened, word):
    """`resolved` is enough."""
    case = await opened(playbook=blind())
    await case.tell("alert", word)

    assert await case.said("AppDBDown cleared")


async def test_a_closed_run_completes(played):
    """Nothing of it keeps running in the engine."""
    assert (await played.handle.describe()).status is WorkflowExecutionStatus.COMPLETED
