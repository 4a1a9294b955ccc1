"""Just before acting, everything must be as it was (issue 4 §3, guards)."""

from dataclasses import replace

import pytest

from saga.diagnosis import diagnose
from saga.guards import still_true
from saga.moves import Answer, Reconciled, plan
from saga.run import PendingState
from tests.saga import sagas
from tests.saga.events import LATER, pending
from tests.saga.known import ASKING, KNOWN

DID_NOT = Reconciled(answer=Answer.DID_NOT)


def judged(history, knowledge=KNOWN, **seen):
    return diagnose(history.run(knowledge, **seen), knowledge, LATER)


def in_back_off(**more):
    history = sagas.up_to(*sagas.BEFORE)
    history.task()
    return judged(history, pending=pending(history.schedule("create_database"), "create_database", **more))


def test_what_did_not_change_still_holds():
    """The same history again, and the provider says the same."""
    found = plan(judged(sagas.sequential()), DID_NOT, KNOWN)

    assert still_true(found, judged(sagas.sequential()), DID_NOT) == ""


CHANGED = [
    ("somebody redrove it", {"reset_run_id": "run-2"}),
    ("somebody redrove it", {"current_run_id": "run-2"}),
    ("it was", {"history_length": 999}),  # it cannot be read any more
]


@pytest.mark.parametrize(("why", "seen"), CHANGED)
def test_a_closed_saga_that_changed_is_left_alone(why, seen):
    """One row for each thing that may have happened meanwhile."""
    found = plan(judged(sagas.sequential()), DID_NOT, KNOWN)

    assert why in still_true(found, judged(sagas.sequential(), **seen))


def test_another_run_is_not_the_one_approved():
    """Approval is for one run."""
    found = plan(judged(sagas.sequential()), DID_NOT, KNOWN)
    other = sagas.sequential()
    other.run_id = "run-2"

    assert "another run" in still_true(found, judged(other))


def test_a_parked_saga_that_was_told_meanwhile_is_left_alone():
    """Its history went on."""
    found = plan(judged(sagas.parked(), ASKING), DID_NOT, ASKING)
    told = sagas.parked()
    told.update("retry_step")

    assert still_true(found, judged(told, ASKING)) == "the saga's history went on"


@pytest.mark.parametrize(
    "more",
    [{"attempt": 10}, {"state": PendingState.STARTED}, {"state": PendingState.PAUSED}, {"error": "AnswerLost"}],
)
def test_a_pending_step_that_went_on_is_left_alone(more):
    """Another attempt may have done it since the provider was asked."""
    found = plan(in_back_off(), DID_NOT, KNOWN)

    assert still_true(found, in_back_off(**more)) != ""


@pytest.mark.parametrize("answer", [Answer.HAPPENED, Answer.CANNOT_TELL])
def test_a_provider_that_answers_otherwise_stops_it(answer):
    """The look-up is made again just before acting."""
    found = plan(judged(sagas.sequential()), DID_NOT, KNOWN)

    assert "answers otherwise" in still_true(found, judged(sagas.sequential()), Reconciled(answer=answer))


def test_a_move_that_would_do_something_else_now_is_not_made():
    """Belt and braces: the effect itself is compared."""
    found = plan(judged(sagas.sequential()), DID_NOT, KNOWN)
    now = judged(sagas.sequential())
    other = replace(now, moves=tuple(replace(effect, reset_event_id=4) for effect in now.moves))

    assert "something else" in still_true(found, other)


def test_another_failed_step_is_not_the_one_approved():
    """Even where everything else looks the same."""
    found = plan(judged(sagas.sequential()), DID_NOT, KNOWN)
    now = judged(sagas.sequential())
    other = replace(now, target=replace(now.target, scheduled_id=3))

    assert still_true(found, other) == "another step is the failed one"
