"""Which case a history is (temporal-guide §6.2, engine.md §5): one row per shape, failing step and kind of failure."""

from dataclasses import replace
from datetime import timedelta

import pytest

from saga.diagnosis import Case, Diagnosis, diagnose
from saga.effects import Move, Stand
from saga.run import PendingState, PendingTask, RunRef, RunStatus
from saga.words import Sign, Source, Where
from tests.saga import sagas
from tests.saga.events import LATER, History, by_code, by_time, pending
from tests.saga.known import ASKING, KNOWN


def judged(history: History, knowledge=KNOWN, now=LATER, **seen) -> Diagnosis:
    return diagnose(history.run(knowledge, **seen), knowledge, now)


REJECTED = {"failure": by_code("Rejected")}
CLOSED = [
    # sequential: nothing but the target reruns (engine.md §5, first row)
    (Case.ONLY_TARGET, "create_database", sagas.sequential),
    (Case.ONLY_TARGET, "dns", lambda: sagas.sequential("dns")),
    (Case.ONLY_TARGET, "reserve", lambda: sagas.sequential("reserve", before=())),
    (Case.ONLY_TARGET, "mint", lambda: sagas.sequential("mint", before=("reserve",), **REJECTED)),
    (Case.ONLY_TARGET, "create_database", sagas.sequential_unnamed),
    (Case.ONLY_TARGET, "create_database", sagas.retried_by_itself),
    (Case.ONLY_TARGET, "create_database", sagas.failed_after_reset),
    (Case.ONLY_TARGET, "create_database", sagas.tolerated_before),
    (Case.ONLY_TARGET, "create_database", sagas.compensated_and_tried_again),
    # somebody else runs again
    (Case.OTHERS_TOO, "create_database", sagas.parallel),
    (Case.OTHERS_TOO, "create_database", sagas.parallel_open),
    (Case.OTHERS_TOO, "create_database", sagas.redispatched),
    (Case.OTHERS_TOO, "create_database", sagas.later_branch),
    (Case.OTHERS_TOO, "create_database", sagas.local_before),
    (Case.OTHERS_TOO, "create_database", lambda: sagas.local_failed(beside=True)),
    (Case.OTHERS_TOO, "create_database", sagas.child_beside),
    (Case.OTHERS_TOO, "create_database", sagas.side_effect_beside),
    (Case.OTHERS_TOO, "Region", sagas.child_failed),
    # alone in its task, a local activity and a child that may rerun are steps like others
    (Case.ONLY_TARGET, "create_database", sagas.local_failed),
    (Case.ONLY_TARGET, "SafeRegion", lambda: sagas.child_failed("SafeRegion")),
    # the saga took something back (engine.md §5, third row)
    (Case.COMPENSATED, "create_database", sagas.compensated),
    (Case.COMPENSATED, "create_database", sagas.cleaned_up),
    (Case.COMPENSATED, "create_database", sagas.compensation_failed),
    (Case.COMPENSATED, "create_database", lambda: sagas.compensated("something_new")),
    # nobody knows whether it happened (guide §6.2 (c))
    *[
        (Case.UNKNOWN_OUTCOME, s, lambda s=s: sagas.timed_out(s, "start"))
        for s in ("reserve", "mint", "create_database")
    ],
    *[(Case.UNKNOWN_OUTCOME, s, lambda s=s: sagas.timed_out(s, "heartbeat")) for s in ("reserve", "mint", "dns")],
    *[(Case.UNKNOWN_OUTCOME, s, lambda s=s: sagas.timed_out(s, "total")) for s in ("mint", "create_database")],
    (Case.UNKNOWN_OUTCOME, "mint", lambda: sagas.sequential("mint", before=("reserve",))),
    (Case.UNKNOWN_OUTCOME, "mint", lambda: sagas.sequential("mint", before=("reserve",), attempts=3, **REJECTED)),
    (Case.UNKNOWN_OUTCOME, "create_database", lambda: sagas.sequential(failure=by_code("AnswerLost"))),
    (Case.UNKNOWN_OUTCOME, "create_database", lambda: sagas.sequential(attempts=2, last=by_time("heartbeat"))),
    (Case.UNKNOWN_OUTCOME, "unheard_of", lambda: sagas.sequential("unheard_of")),
    (Case.UNKNOWN_OUTCOME, "create_database", sagas.lost_by_reset),
    (Case.UNKNOWN_OUTCOME, "mint", lambda: sagas.never_taken(cause=True)),
    *[
        (Case.UNKNOWN_OUTCOME, "create_database", lambda e=e: sagas.open_when(e))
        for e in ("terminated", "timed_out", "canceled")
    ],
    # no worker took it: it did not happen, whatever the key
    (Case.ONLY_TARGET, "mint", sagas.never_taken),
]


@pytest.mark.parametrize(("case", "target", "build"), CLOSED)
def test_a_closed_saga_is_this_case_for_this_step(case, target, build):
    """Each row's reason stands beside it."""
    found = judged(build())

    assert (found.case, found.target.type, found.stand) == (case, target, Stand.CLOSED)


@pytest.mark.parametrize(("case", "target", "build"), CLOSED)
def test_only_a_reset_that_runs_the_target_alone_has_a_reset_event(case, target, build):
    """The event id is there to be used (guide §6.1); where it must not be used, there is none."""
    found = judged(build())
    effect = found.effect(Move.RESET)

    assert bool(found.reset_event_id) == (effect.only_target and not effect.impossible)


def test_the_reset_event_is_the_task_that_decided_the_step():
    """`ActivityTaskScheduled.workflow_task_completed_event_id` (guide §6.1)."""
    history, number = sagas.failing()
    history.ended(blame=number)

    assert judged(history).reset_event_id == number - 1


def test_a_parallel_reset_would_mint_a_second_deployment():
    """The runbook's warning (engine.md §5): the sibling reruns, and it makes another."""
    effect = judged(sagas.parallel()).effect(Move.RESET)

    assert ([s.type for s in effect.reruns], [s.type for s in effect.duplicates]) == (["mint"], ["mint"])


def test_a_reset_forgets_what_was_compensated():
    """The new run would not know that its reservation is gone (engine.md §5)."""
    effect = judged(sagas.compensated()).effect(Move.RESET)

    assert [step.type for step in effect.undoes] == ["release"]


def test_a_reset_loses_what_the_saga_was_told_since():
    """Signals and updates after the reset point (guide §6.1)."""
    history, number = sagas.failing()
    history.signal("paid")
    history.update("change_plan")
    history.ended(blame=number)

    assert judged(history).effect(Move.RESET).forgets == ("paid", "change_plan")


def test_what_is_done_stands_there_with_its_result():
    """The `dpl_` id is the evidence an operator looks for (issue 4 §2)."""
    found = judged(sagas.sequential())

    assert [(s.type, s.result) for s in found.done][1] == ("mint", '{"id": "dpl_8812"}')


def test_what_was_taken_back_is_not_done():
    """A released reservation is no reservation."""
    assert "reserve" not in {step.type for step in judged(sagas.compensated()).done}


def test_the_step_inside_a_child_is_named():
    """The child's failure wraps the real one."""
    assert judged(sagas.child_failed()).inside == "create_database"


def test_the_step_the_saga_names_is_the_target_though_another_failed_later():
    """Two failed; the saga's own failure says which one ended it."""
    history = sagas.up_to("reserve")
    history.task()
    database = history.schedule("create_database")
    history.fail(database)
    history.task()
    history.fail(history.schedule("dns"))

    assert judged(history.ended(blame=database)).target.type == "create_database"


def test_an_id_of_another_history_names_no_step_of_this_one():
    """A failure carried over from elsewhere bears that workflow's event ids."""
    history = sagas.up_to("reserve")
    history.task()
    dns = history.schedule("dns")
    history.fail(dns)
    history.task()
    history.fail(history.schedule("create_database"))
    foreign = History.wrapped(dns, "something_elsewhere", by_code("Elsewhere"))

    assert judged(history.ended(failure=foreign)).target.type == "create_database"


def test_two_failures_and_no_name_are_not_sure():
    """The last one is taken, and no automation may rely on it."""
    history = sagas.up_to("reserve")
    history.task()
    history.fail(history.schedule("create_database"))
    history.task()
    history.fail(history.schedule("dns"))
    found = judged(history.ended())

    assert (found.target.type, found.sure, [s.type for s in found.others]) == ("dns", False, ["create_database"])


def test_a_step_that_failed_in_one_region_is_not_made_good_by_another_region():
    """The same activity with another input is another step."""
    history = sagas.up_to("reserve")
    history.task()
    failed = history.schedule("create_database", given={"region": "eu"})
    history.fail(failed)
    history.step("create_database", given={"region": "us"})

    assert judged(history.ended()).target.scheduled_id == failed


def test_a_step_made_good_by_a_later_try_is_not_the_target():
    """The saga's own retry succeeded; it failed elsewhere."""
    history, _ = sagas.failing("dns")
    history.step("dns")

    assert judged(history.ended()).case is Case.SAGA_ITSELF


# --- running ---------------------------------------------------------------------------------------------------------


def waiting(step="create_database", history=None, **more):
    """A running saga whose step is pending in some state, and what describing it says."""
    history = history or sagas.up_to(
        *(sagas.BEFORE[: sagas.BEFORE.index(step)] if step in sagas.BEFORE else sagas.BEFORE)
    )
    history.task()
    number = history.schedule(step)
    return history, {"pending": pending(number, step, **more)}


RUNNING = [
    (Case.BACK_OFF, Stand.BACK_OFF, "create_database", {}),
    (Case.BACK_OFF, Stand.BACK_OFF, "mint", {"error": "Rejected", "attempt": 2}),
    (Case.BACK_OFF, Stand.PAUSED, "create_database", {"state": PendingState.PAUSED}),
    (Case.BACK_OFF, Stand.QUEUED, "mint", {"attempt": 1, "error": ""}),
    (Case.RUNNING_NOW, Stand.STARTED, "create_database", {"state": PendingState.STARTED}),
    (Case.RUNNING_NOW, Stand.STARTED, "mint", {"state": PendingState.ENDING}),
    (Case.UNKNOWN_OUTCOME, Stand.BACK_OFF, "mint", {}),  # its error does not prove that nothing was minted
    (Case.UNKNOWN_OUTCOME, Stand.BACK_OFF, "mint", {"error": "Rejected", "attempt": 3}),  # attempt 1 left no trace
    (Case.UNKNOWN_OUTCOME, Stand.BACK_OFF, "create_database", {"error": "AnswerLost"}),
    (Case.UNKNOWN_OUTCOME, Stand.BACK_OFF, "unheard_of", {}),
]


@pytest.mark.parametrize(("case", "stand", "step", "more"), RUNNING)
def test_a_running_saga_is_this_case(case, stand, step, more):
    """By the state of its pending activity (guide §6.2 (b), (b'), (c))."""
    history, seen = waiting(step, **more)
    found = judged(history, **seen)

    assert (found.case, found.stand, found.target.type) == (case, stand, step)


def test_a_pending_time_out_is_an_unknown_outcome():
    """The last attempt timed out; the next one has not begun."""
    history, seen = waiting(failed=sagas.timed_out("mint", "start").run().steps[-1].failed)

    assert judged(history, **seen).case is Case.UNKNOWN_OUTCOME


@pytest.mark.parametrize(
    ("step", "failure"), [("create_database", "DbError"), ("mint", "Rejected"), ("dns", "DbError")]
)
def test_a_saga_that_waits_after_a_failure_is_parked(step, failure):
    """It can be told what to do (guide §6.2 (0))."""
    assert judged(sagas.parked(step, failure), ASKING).case is Case.PARKED


@pytest.mark.parametrize(("step", "failure"), [("mint", "DbError"), ("create_database", "AnswerLost")])
def test_a_saga_parked_after_an_unknown_outcome_is_no_plain_retry(step, failure):
    """Told to retry, it may mint a second one."""
    found = judged(sagas.parked(step, failure), ASKING)

    assert (found.case, found.stand) == (Case.UNKNOWN_OUTCOME, Stand.PARKED)


def test_a_parked_saga_need_not_be_late():
    """It asks now: nobody needs to wait fifteen minutes."""
    assert judged(sagas.parked(), ASKING, now=LATER - timedelta(hours=2)).case is Case.PARKED


SIGNED = replace(
    ASKING,
    offer=replace(
        ASKING.offer,
        parked=Sign(source=Source(where=Where.SEARCH_ATTRIBUTE, name="NeedsHuman"), equals="true"),
    ),
)


@pytest.mark.parametrize(("says", "case"), [("true", Case.PARKED), ("false", Case.SAGA_ITSELF), ("", Case.SAGA_ITSELF)])
def test_the_saga_s_own_sign_says_that_it_is_parked(says, case):
    """Where the runbook names a sign, its absence means that the saga waits for something else."""
    assert judged(sagas.parked(), SIGNED, facts={"parked": says}).case is case


def test_a_sign_is_not_believed_while_an_activity_is_under_way():
    """A sign may be left over from the last time."""
    history, seen = waiting()

    assert judged(history, SIGNED, facts={"parked": "true"}, **seen).case is Case.BACK_OFF


def test_a_saga_that_waits_without_an_offer_is_the_owner_s():
    """Nothing is under way, and nobody knows what it waits for."""
    assert judged(sagas.parked()).case is Case.SAGA_ITSELF


def test_a_saga_that_went_on_after_the_failure_does_not_ask_about_it():
    """It tolerated the failure and waits for something else."""
    history, _ = sagas.failing()
    history.step("dns")
    history.task()

    assert judged(history, ASKING).case is Case.SAGA_ITSELF


def test_a_saga_that_compensates_now_is_compensated():
    """Its compensation hangs: whatever is pending, the target's ground is gone."""
    history, _ = sagas.failing()
    history.task()
    release = history.schedule("release")

    assert judged(history, pending=pending(release, "release")).case is Case.COMPENSATED


def test_a_child_under_way_is_where_to_look():
    """The parent waits; the child's own history says more."""
    history = sagas.up_to("reserve")
    history.task()
    history.child("Region")
    found = judged(history, pending_children=(RunRef(workflow_id="child-1", run_id="child-1-run"),))

    assert (found.case, found.look_at.run_id) == (Case.RUNNING_NOW, "child-1-run")


def test_of_two_pending_the_failing_one_is_the_target():
    """One waits for a worker, the other is at its ninth attempt."""
    history = sagas.up_to("reserve")
    task = history.task()
    dns, database = history.schedule("dns", task), history.schedule("create_database", task)
    both = (*pending(dns, "dns", attempt=1, error=""), *pending(database, "create_database"))

    assert judged(history, pending=both).target.type == "create_database"


@pytest.mark.parametrize(
    ("attempt", "after", "case"),
    [
        (7, timedelta(minutes=10), Case.MOVING),
        (8, timedelta(minutes=10), Case.BACK_OFF),  # ≥ 8 attempts
        (2, timedelta(minutes=14), Case.MOVING),
        (2, timedelta(minutes=17), Case.BACK_OFF),  # > 15 min without progress
    ],
)
def test_stuck_as_the_metric_defines_it(attempt, after, case):
    """Source: runbook §3.1."""
    history, seen = waiting(attempt=attempt)
    progress = history.run().progress_at

    assert judged(history, now=progress + after, **seen).case is case


def test_the_saga_s_own_retries_count_as_attempts():
    """Eight times scheduled is eight times tried (runbook §3.1)."""
    history = sagas.up_to("reserve")
    for _ in range(7):
        history.task()
        history.fail(history.schedule("create_database"))
    history, seen = waiting(history=history, attempt=1, error="")

    assert judged(history, now=history.run().progress_at + timedelta(minutes=5), **seen).case is Case.BACK_OFF


# --- not to be touched -----------------------------------------------------------------------------------------------


def continued() -> History:
    history = sagas.up_to("reserve")
    task = history.task()
    history.add(
        "workflow_execution_continued_as_new", new_execution_run_id="run-2", workflow_task_completed_event_id=task
    )
    history.status = RunStatus.CONTINUED
    return history


def retried_by_policy() -> History:
    history, _ = sagas.failing()
    history.add("workflow_execution_failed", failure=by_code(), new_execution_run_id="run-2")
    history.status = RunStatus.FAILED
    return history


STRANGE = History(workflow_type="SomethingElse")
HANDS_OFF = [
    (Case.REDRIVEN, sagas.sequential, {"reset_run_id": "run-2"}),
    (Case.REDRIVEN, sagas.sequential, {"current_run_id": "run-2"}),
    (Case.REDRIVEN, retried_by_policy, {}),
    (Case.REDRIVEN, sagas.parked, {"current_run_id": "run-2"}),
    (Case.NOT_OURS, lambda: STRANGE, {}),
    (Case.MOVING, continued, {"current_run_id": "run-2"}),
    (Case.MOVING, lambda: sagas.up_to("reserve").finished(), {}),
    (Case.SAGA_ITSELF, lambda: sagas.up_to("reserve").ended(), {}),
    (Case.SAGA_ITSELF, lambda: sagas.up_to("reserve").terminated(), {}),
    (Case.SAGA_ITSELF, lambda: sagas.up_to("reserve"), {}),
    (Case.SAGA_ITSELF, lambda: sagas.up_to("reserve"), {"workflow_task": PendingTask(attempt=5)}),
    (Case.UNREADABLE, sagas.sequential, {"current_run_id": ""}),
    (Case.UNREADABLE, sagas.sequential, {"history_length": 999}),
    (Case.UNREADABLE, sagas.sequential, {"status": RunStatus.RUNNING}),
    (Case.UNREADABLE, sagas.parked, {"status": RunStatus.FAILED}),
    (Case.UNREADABLE, sagas.sequential, {"status": RunStatus.UNKNOWN}),
]


@pytest.mark.parametrize(("case", "build", "seen"), HANDS_OFF)
def test_a_run_that_is_not_to_be_touched(case, build, seen):
    """No step of it may be run by us, so no move is even described."""
    found = judged(build(), **seen)

    assert (found.case, found.moves) == (case, ())


def test_a_failing_workflow_task_is_no_step():
    """A nondeterminism error is the owner's: no move of ours mends code."""
    history, _ = sagas.failing()
    history.failed_task()
    found = judged(history, workflow_task=PendingTask(attempt=12))

    assert (found.case, "Nondeterminism" in found.because) == (Case.SAGA_ITSELF, True)


def test_a_saga_that_waits_for_its_own_timer_moves():
    """A long wait of its own is no trouble."""
    history = sagas.up_to("reserve")
    history.task()
    history.timer()

    assert judged(history).case is Case.MOVING


def test_a_history_with_a_hole_cannot_be_read():
    """A page was lost: what is missing may be a second mint."""
    history = sagas.sequential()
    del history.events[8:12]

    assert judged(history).case is Case.UNREADABLE


def test_a_history_without_one_whole_step_cannot_be_read():
    """Nothing else in it refers to the step that is missing."""
    history = sagas.sequential()
    whole_step = slice(7, 13)
    del history.events[whole_step]

    assert "follows" in judged(history, history_length=0).because


def test_an_empty_history_cannot_be_read():
    """Past retention."""
    history = sagas.sequential()
    history.events.clear()

    assert judged(history).case is Case.UNREADABLE


def test_a_reset_before_is_told():
    """Somebody was here already."""
    assert [reset.base_run for reset in judged(sagas.failed_after_reset()).resets] == ["run-0"]


def test_who_ended_it_on_purpose_is_told():
    """Perhaps the customer was refunded."""
    assert judged(sagas.open_when("terminated")).ended_by == "ana: customer refunded"
