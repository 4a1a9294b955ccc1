"""What the reader makes of events: steps, attempts, results, and what it must not keep."""

import json
from dataclasses import replace

import pytest
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import PendingActivityState, WorkflowExecutionStatus
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse

from saga.described import described
from saga.diagnosis import Case, diagnose
from saga.effects import Move
from saga.history import carry_on, read, read_pages
from saga.run import Ended, Kind, Outcome, PendingState, RunStatus, Timeout
from saga.words import Source, Where
from tests.saga import sagas
from tests.saga.events import LATER, History, by_code, by_time, payload, payloads
from tests.saga.known import KNOWN, RESUMABLE
from tests.saga.known import RESUMABLE_BY_RESULTS as BY_RESULTS


def only(history: History):
    return history.run().steps[-1]


def test_facts_come_from_the_input():
    """The runbook says where customer, job and plan live."""
    assert History().run().facts == {"customer": "ACME", "job": "7f3", "plan": "L"}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (Source(where=Where.INPUT, path="order.lines.0.id"), "x1"),
        (Source(where=Where.INPUT, name="1"), "eu"),
        (Source(where=Where.INPUT, name="2", path="gb"), "500"),
        (Source(where=Where.INPUT, path="nowhere.at.all"), None),
        (Source(where=Where.INPUT, path="order.lines.x"), None),
        (Source(where=Where.INPUT, name="9"), None),
    ],
)
def test_a_source_goes_into_the_input(source, found):
    """A path that leads nowhere finds nothing."""
    history = History()
    given = history.events[0].workflow_execution_started_event_attributes.input
    given.CopyFrom(payloads({"order": {"lines": [{"id": "x1"}]}}, "eu", {"gb": 500}))
    knowledge = replace(KNOWN, job=source)

    assert history.run(knowledge).facts.get("job") == found


def test_a_fact_too_long_to_be_an_id_is_none():
    """Half of it would be another customer's key."""
    assert "customer" not in History(given={"customer": "x" * 300}).run().facts


def test_an_encrypted_input_has_no_facts():
    """Without its codec it says nothing, and nothing breaks."""
    history = History()
    given = history.events[0].workflow_execution_started_event_attributes.input
    given.CopyFrom(Payloads(payloads=[Payload(metadata={"encoding": b"binary/encrypted"}, data=b"\x00\xff")]))

    assert history.run().facts == {}


def test_a_long_result_is_cut_and_says_so():
    """What needs the whole result fetches the event."""
    history = History()
    history.step("mint", {"id": "dpl_8812", "log": "x " * 500})

    assert (len(only(history).result), only(history).result_whole) == (200, False)


def test_a_secret_in_a_result_is_cut():
    """A step may return a connection string."""
    history = History()
    history.step("create_database", "postgres://app:hunter2@db/x")

    assert "hunter2" not in repr(history.run())


def test_attempts_and_the_one_before_are_kept():
    """History keeps the last two attempts of an activity and no more."""
    history, _ = sagas.failing(attempts=5, last=by_time("heartbeat"))
    step = only(history)

    assert (step.attempts, step.before.timeout, step.failed.type) == (5, Timeout.HEARTBEAT, "DbError")


@pytest.mark.parametrize("which", ["start", "queue", "total", "heartbeat"])
def test_time_outs_are_told_apart(which):
    """Only one of them means that nothing ran."""
    history = sagas.timed_out("mint", which)
    names = {"start": "start-to-close", "queue": "schedule-to-start", "total": "schedule-to-close"}

    assert only(history).failed.timeout == names.get(which, which)


def test_a_cancelled_step_is_cancelled():
    """Not failed, not done."""
    history = sagas.up_to("reserve")
    history.task()
    history.cancel(history.schedule("mint"))

    assert (only(history).outcome, only(history).failed.ended) == (Outcome.CANCELED, Ended.BY_CANCEL)


def test_a_local_activity_is_read_from_its_marker():
    """`core_local_activity`, as the SDK writes it (seen live)."""
    history = History()
    history.task()
    history.local("set_quota", {"gb": 500})
    step = only(history)

    assert (step.kind, step.type, step.outcome, step.result) == (Kind.LOCAL, "set_quota", Outcome.DONE, '{"gb": 500}')


@pytest.mark.parametrize(
    ("details", "name"),
    [
        ({"data": {"ActivityType": "set_quota", "Attempt": 1}, "result": 1}, "set_quota"),  # Go
        ({"type": "set_quota", "result": 1}, "set_quota"),  # Java
        ({"data": "???"}, "???"),
        ({}, "(unnamed local activity)"),
    ],
)
def test_other_sdks_local_activities_are_read_too(details, name):
    """One that cannot be read is an unknown step, never none."""
    history = History()
    history.task()
    history.marker("LocalActivity", **details)

    assert (only(history).kind, only(history).type) == (Kind.LOCAL, name)


@pytest.mark.parametrize("name", ["core_patch", "Version"])
def test_a_version_marker_is_no_step(name):
    """It says which branch the code took."""
    history = History()
    history.task()
    history.marker(name)

    assert history.run().steps == ()


def test_a_local_activity_that_waits_for_its_retry_has_not_failed_for_good():
    """Its back-off is a timer of the saga (Core: `backoff` in the marker)."""
    history = History()
    history.task()
    history.local("set_quota", failure=by_code(), backoff=True)
    history.timer()

    assert diagnose(history.run(), KNOWN, LATER).case is Case.MOVING


def test_a_child_s_failure_names_the_step_inside():
    """The wrapper says little; what it wraps says it."""
    step = only(sagas.child_failed())

    assert (step.failed.inside, step.failed.type, step.child_run_id) == ("create_database", "DbError", "child-1-run")


def test_what_continues_carries_on_what_was_done():
    """Steps of the run before are not in this history."""
    before = sagas.up_to("reserve", "mint").run()
    after = History(continued_from="run-1", run_id="run-2")
    after.task()
    number = after.schedule("create_database")
    after.fail(number)
    run = carry_on(before, after.ended(blame=number).run())

    assert [step.type for step in diagnose(run, KNOWN, LATER).done] == ["reserve", "mint"]


def test_results_of_an_earlier_run_cannot_be_handed_on():
    """They are in another history, whose events have the same numbers."""
    before = sagas.up_to("reserve", "mint", "set_quota").run()
    after = History(continued_from="run-1", run_id="run-2")
    number = after.schedule("create_database", after.task())
    after.fail(number)
    run = carry_on(before, after.ended(blame=number).run())
    possible = [not diagnose(run, known, LATER).effect(Move.NEW_RUN).impossible for known in (RESUMABLE, BY_RESULTS)]

    assert possible == [True, False]


def test_a_run_that_continued_cannot_be_resumed_blindly():
    """What it did before is not known: nobody may say what to skip."""
    history = History(continued_from="run-0")
    number = history.schedule("create_database", history.task())
    history.fail(number)
    found = diagnose(history.ended(blame=number).run(), RESUMABLE, LATER)

    assert "run-0" in found.effect(Move.NEW_RUN).impossible


async def test_pages_and_one_list_read_the_same():
    """However the history arrives."""
    history = sagas.sequential()

    async def pages():
        for start in range(0, len(history.events), 7):
            yield history.events[start : start + 7]

    assert await read_pages(pages(), history.seen(), KNOWN.sources) == read(
        history.events, history.seen(), KNOWN.sources
    )


async def test_events_one_by_one_read_the_same():
    """The SDK gives them so."""
    history = sagas.sequential()

    async def events():
        for event in history.events:
            yield event

    assert await read_pages(events(), history.seen(), KNOWN.sources) == history.run()


def test_events_out_of_order_are_not_believed():
    """Reversed paging would turn causes into effects."""
    history = sagas.sequential()

    assert read(reversed(history.events), history.seen(), KNOWN.sources).unreadable


def test_an_event_about_no_step_is_not_believed():
    """A history that refers to what it does not hold is no history."""
    history = History()
    history.add("activity_task_completed", scheduled_event_id=77)

    assert "77" in history.run().unreadable


def answer() -> DescribeWorkflowExecutionResponse:
    found = DescribeWorkflowExecutionResponse()
    info = found.workflow_execution_info
    info.execution.workflow_id, info.execution.run_id, info.type.name = "provision-7f3", "run-1", "ProvisionTenant"
    info.status = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING
    info.memo.fields["plan"].CopyFrom(payload("XL"))
    found.workflow_extended_info.reset_run_id = "run-2"
    activity = found.pending_activities.add(activity_id="5", attempt=3, maximum_attempts=9)
    activity.activity_type.name = "create_database"
    activity.state = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
    activity.last_failure.CopyFrom(by_code(message="postgres://u:hunter2@db"))
    return found


def test_a_description_is_plain_facts():
    """Status, memo, what is pending, who reset it."""
    seen = described(answer(), "run-1", {"plan": Source(where=Where.MEMO, name="plan")})

    assert (seen.status, seen.reset_run_id, seen.facts) == (RunStatus.RUNNING, "run-2", {"plan": "XL"})
    assert (seen.pending[0].state, seen.pending[0].attempt) == (PendingState.SCHEDULED, 3)
    assert "hunter2" not in repr(seen)


def test_a_paused_activity_says_by_whom():
    """Old servers say scheduled and paused; it rests either way."""
    found = answer()
    found.pending_activities[0].paused = True
    found.pending_activities[0].pause_info.manual.identity = "ana"
    found.pending_activities[0].pause_info.manual.reason = "vendor"
    seen = described(found, "run-1", {}).pending[0]

    assert (seen.state, seen.paused_by) == (PendingState.PAUSED, "ana: vendor")


@pytest.mark.parametrize("state", [0, 2, 99])
def test_a_state_we_do_not_know_counts_as_running(state):
    """Nothing is done to what may be running."""
    found = answer()
    found.pending_activities[0].state = state

    assert described(found, "run-1", {}).pending[0].state is PendingState.STARTED


def test_no_payload_is_kept():
    """Inputs and results of customers stay where they are."""
    history = History()
    history.step("mint", "r " * 50_000, given={"secret": "s " * 50_000})

    assert len(json.dumps(repr(history.run()))) < 5_000
