"""What holds for every history whatever: the safety of the whole room, in one file."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from temporalio.api.history.v1 import HistoryEvent

from incident.model.playbook import Approval
from saga.diagnosis import Case, Diagnosis, diagnose
from saga.effects import Move
from saga.guards import still_true
from saga.moves import AGAIN, Answer, Reconciled, RedrivePlan, plan
from saga.outcome import about_step
from saga.verdict import World, verified
from saga.wording import in_words
from saga.words import Repeat, SagaKnowledge
from tests.saga.events import LATER, History
from tests.saga.known import ASKING, KNOWN, RESUMABLE, RESUMABLE_BY_RESULTS
from tests.saga.shapes import histories, seen

EVERYTHING = replace(ASKING, resume_from=RESUMABLE_BY_RESULTS.resume_from)
KNOWLEDGES = st.sampled_from([KNOWN, ASKING, RESUMABLE, RESUMABLE_BY_RESULTS, EVERYTHING])
ANSWERS = st.builds(Reconciled, answer=st.sampled_from(Answer), result=st.sampled_from(["", '"dpl_9"', "no json"]))
MANY = settings(max_examples=150)


@st.composite
def cases(draw: st.DrawFn) -> tuple[History, Diagnosis, SagaKnowledge]:
    history, knowledge = draw(histories()), draw(KNOWLEDGES)
    return history, diagnose(history.run(knowledge, **draw(seen(history))), knowledge, LATER), knowledge


@st.composite
def plans(draw: st.DrawFn) -> tuple[RedrivePlan, Diagnosis, SagaKnowledge]:
    _, found, knowledge = draw(cases())
    return plan(found, draw(ANSWERS), knowledge, draw(st.integers(0, 3))), found, knowledge


@MANY
@given(cases())
def test_every_history_is_exactly_one_case(case):
    """`diagnose` never raises, and always says why."""
    _, found, _ = case

    assert found.case in Case
    assert found.because


@MANY
@given(cases())
def test_a_diagnosis_travels(case):
    """Through a workflow's history and back, unchanged."""
    adapter = TypeAdapter(Diagnosis)

    assert adapter.validate_json(adapter.dump_json(case[1])) == case[1]


@MANY
@given(plans())
def test_no_plan_runs_undoes_or_leaves_out_anything_but_the_target(planned):
    """The promise of the whole issue."""
    found, _, _ = planned

    assert all(move.effect.only_target and not move.effect.impossible for move in found.moves)


@MANY
@given(plans())
def test_a_plan_runs_the_target_or_nothing(planned):
    """Whatever runs again is the failed step."""
    found, diagnosis, _ = planned

    assert all(move.effect.runs in (None, diagnosis.target) for move in found.moves)


def decided_by(event: HistoryEvent) -> int:
    """The workflow task whose command this event is; 0: it is none, or one that touches nothing."""
    name = event.WhichOneof("attributes") or ""
    attributes = getattr(event, name, None)
    marker = getattr(attributes, "marker_name", "")
    if name.startswith(("timer", "workflow_execution")) or marker in {"core_patch", "Version"}:
        return 0
    return getattr(attributes, "workflow_task_completed_event_id", 0)


def closed_at(history: History, number: int) -> int:
    """Where the engine says that this command is over; its own id for a marker; 0: nowhere."""
    if history.events[number - 1].HasField("marker_recorded_event_attributes"):
        return number
    for event in history.events:
        attributes = getattr(event, event.WhichOneof("attributes") or "", None)
        about = getattr(attributes, "scheduled_event_id", 0) or getattr(attributes, "initiated_event_id", 0)
        started = event.WhichOneof("attributes") in STARTS
        if about == number and not started and not event.HasField("workflow_task_completed_event_attributes"):
            return event.event_id
    return 0


STARTS = {"activity_task_started_event_attributes", "child_workflow_execution_started_event_attributes"}


@MANY
@given(cases(), ANSWERS)
def test_a_planned_reset_leaves_every_other_command_before_it(case, answer):
    """Counted anew from the raw events, by the words of temporal-guide §6.1 and nothing of ours."""
    history, found, knowledge = case
    resets = [move for move in plan(found, answer, knowledge).moves if move.move is Move.RESET]
    if not resets:
        return
    point = resets[0].effect.reset_event_id
    others = [
        event.event_id for event in history.events if decided_by(event) and event.event_id != found.target.scheduled_id
    ]

    assert history.events[point - 1].HasField("workflow_task_completed_event_attributes")
    assert all(decided_by(history.events[n - 1]) < point and 0 < closed_at(history, n) < point for n in others)


@MANY
@given(plans())
def test_what_happened_never_runs_again(planned):
    """The provider's word beats the history's."""
    found, _, _ = planned

    assert found.reconciled.answer is not Answer.HAPPENED or not {move.move for move in found.moves} & set(AGAIN)


@MANY
@given(plans())
def test_nothing_unsafe_runs_without_the_provider_s_word(planned):
    """Unkeyed, unknown to the runbook, or in doubt: only after "did not happen"."""
    found, diagnosis, knowledge = planned
    about = about_step(found.target.kind, found.target.type, knowledge) if found.target else None
    safe = about is not None and about.repeat is not Repeat.UNSAFE and not diagnosis.doubt

    assert safe or not found.first.effect.runs or found.reconciled.answer is Answer.DID_NOT


@MANY
@given(plans())
def test_an_unknown_step_is_never_run(planned):
    """Not even with everybody's consent."""
    found, _, knowledge = planned
    unknown = found.target and about_step(found.target.kind, found.target.type, knowledge) is None

    assert not unknown or not found.acts


@MANY
@given(plans())
def test_automatic_is_a_keyed_step_alone_and_certain(planned):
    """Everything else asks a person (issue 4 §3, approval)."""
    found, diagnosis, knowledge = planned
    if found.approval is not Approval.AUTOMATIC:
        return
    about = about_step(found.target.kind, found.target.type, knowledge)

    assert (about.repeat, diagnosis.doubt, diagnosis.sure) == (Repeat.KEYED, "", True)
    assert found.case in {Case.PARKED, Case.ONLY_TARGET, Case.BACK_OFF}


@MANY
@given(plans())
def test_a_reset_is_only_ever_planned_for_a_saga_that_ended(planned):
    """A reset terminates what runs (guide §6.1)."""
    found, diagnosis, _ = planned
    resets = [move for move in found.moves if move.move is Move.RESET]

    assert not resets or (diagnosis.status != "running" and resets[0].effect.reset_event_id == diagnosis.reset_event_id)


@MANY
@given(plans())
def test_a_plan_can_be_read_and_checked_and_travels(planned):
    """Words, guard and verdict never raise; the unchanged saga still holds."""
    found, diagnosis, _ = planned
    adapter = TypeAdapter(RedrivePlan)

    assert in_words(found)
    assert still_true(found, diagnosis) == "" or diagnosis.case is Case.REDRIVEN
    assert adapter.validate_json(adapter.dump_json(found)) == found


@MANY
@given(plans(), histories(), st.builds(World, tenant_answers=st.sampled_from([None, True])))
def test_any_history_can_be_held_against_any_plan(planned, after, world):
    """A verdict never raises, and what was not seen is never ok."""
    verdict = verified(planned[0], after.run(), world)

    assert verdict.judgement != "ok"
    assert verdict.points
