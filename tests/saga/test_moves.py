"""What is planned for each case, what the provider's answer changes, and by whose leave (issue 4 §3)."""

from dataclasses import replace

import pytest

from incident.model.playbook import Approval
from saga.diagnosis import diagnose
from saga.effects import Move
from saga.moves import Answer, Reconciled, RedrivePlan, plan
from saga.run import PendingState
from saga.wording import in_words
from saga.words import Message, Via
from tests.saga import sagas
from tests.saga.events import LATER, History, by_code, pending
from tests.saga.known import ASKING, KNOWN, RESUMABLE, RESUMABLE_BY_RESULTS

DID_NOT = Reconciled(answer=Answer.DID_NOT)
HAPPENED = Reconciled(answer=Answer.HAPPENED, result='"dpl_9"')
CANNOT_TELL = Reconciled(answer=Answer.CANNOT_TELL, detail="timed out")


def planned(history: History, answer=DID_NOT, knowledge=KNOWN, attempts=0, **seen) -> RedrivePlan:
    return plan(diagnose(history.run(knowledge, **seen), knowledge, LATER), answer, knowledge, attempts)


def waiting(step="create_database", before=sagas.BEFORE, **more):
    history = sagas.up_to(*before)
    history.task()
    number = history.schedule(step)
    return history, pending(number, step, **more)


def moves(found: RedrivePlan) -> list[Move]:
    return [move.move for move in found.moves]


def mint_failed() -> History:
    return sagas.sequential("mint", before=("reserve",))


OVER, RESET, NEW, PAST = [Move.HAND_OVER], [Move.RESET, Move.HAND_OVER], Move.NEW_RUN, Move.CONTINUE_PAST
CLOSED = [
    # only the target reruns: reset, whoever may approve it
    (RESET, sagas.sequential, DID_NOT, KNOWN),
    (RESET, sagas.sequential, CANNOT_TELL, KNOWN),  # keyed, and nothing hints that it happened
    (RESET, sagas.local_failed, DID_NOT, KNOWN),
    (RESET, lambda: sagas.child_failed("SafeRegion"), DID_NOT, KNOWN),
    ([Move.RESET, NEW, Move.HAND_OVER], sagas.sequential, DID_NOT, RESUMABLE),
    # unknown: the provider decides
    (RESET, mint_failed, DID_NOT, KNOWN),
    (OVER, mint_failed, CANNOT_TELL, KNOWN),
    (OVER, mint_failed, HAPPENED, KNOWN),  # it happened, and the saga cannot be told so
    ([PAST, Move.HAND_OVER], mint_failed, HAPPENED, RESUMABLE),
    ([PAST, Move.HAND_OVER], mint_failed, HAPPENED, RESUMABLE_BY_RESULTS),
    (OVER, mint_failed, Reconciled(answer=Answer.HAPPENED), RESUMABLE),  # without its result nothing can go on
    (OVER, lambda: sagas.timed_out("create_database", "start"), CANNOT_TELL, KNOWN),
    # known not to have happened, but unkeyed: without the provider's word nothing runs
    (OVER, sagas.never_taken, CANNOT_TELL, KNOWN),
    (RESET, sagas.never_taken, DID_NOT, KNOWN),
    # a provider that says it happened is believed, though the step failed
    ([PAST, Move.HAND_OVER], sagas.sequential, HAPPENED, RESUMABLE),
    # others would rerun: never a reset
    *[(OVER, build, DID_NOT, KNOWN) for build in (sagas.parallel, sagas.parallel_open, sagas.redispatched)],
    *[(OVER, build, DID_NOT, KNOWN) for build in (sagas.later_branch, sagas.local_before, sagas.child_beside)],
    *[(OVER, build, DID_NOT, KNOWN) for build in (sagas.side_effect_beside, sagas.child_failed)],
    ([NEW, Move.HAND_OVER], sagas.parallel, DID_NOT, RESUMABLE_BY_RESULTS),
    (OVER, sagas.parallel, DID_NOT, RESUMABLE),  # set_quota never ran: to begin at the database would leave it out
    (
        [NEW, Move.HAND_OVER],
        sagas.child_beside,
        DID_NOT,
        replace(
            RESUMABLE_BY_RESULTS,
            resume_from=replace(RESUMABLE_BY_RESULTS.resume_from, order=("reserve", "Region", "create_database")),
        ),
    ),
    # compensated: never a reset, and no new run on ground that is gone
    *[(OVER, sagas.compensated, answer, known) for answer in (DID_NOT, HAPPENED) for known in (KNOWN, RESUMABLE)],
    (OVER, lambda: sagas.compensated("something_new"), DID_NOT, RESUMABLE),
    (OVER, sagas.cleaned_up, DID_NOT, KNOWN),
    ([NEW, Move.HAND_OVER], sagas.cleaned_up, DID_NOT, RESUMABLE),  # only the half-made database is gone
    # an unknown step is never safe
    (OVER, lambda: sagas.sequential("unheard_of"), DID_NOT, KNOWN),
    (OVER, lambda: sagas.sequential("unheard_of"), HAPPENED, RESUMABLE),
]


@pytest.mark.parametrize(("wanted", "build", "answer", "knowledge"), CLOSED)
def test_a_closed_saga_s_moves(wanted, build, answer, knowledge):
    """Safest first; what is not safe is handed over (issue 4 §3)."""
    assert moves(planned(build(), answer, knowledge)) == wanted


def clean_up_failed() -> History:
    """What is left of the half-made database is not known."""
    history, number = sagas.failing()
    history.task()
    history.fail(history.schedule("drop_database"))
    return history.ended(blame=number)


def done_after_it_in_the_order() -> History:
    """`mint` was rejected while the quota, which comes after it, was set."""
    history = sagas.up_to("reserve")
    task = history.task()
    mint, quota = history.schedule("mint", task), history.schedule("set_quota", task)
    history.done(quota)
    history.fail(mint, by_code("Rejected"))
    return history.ended(blame=mint)


def two_regions() -> History:
    """The same step with two inputs: both failed, the saga names one."""
    history = sagas.up_to(*sagas.BEFORE)
    task = history.task()
    eu, us = (history.schedule("create_database", task, {"region": region}) for region in ("eu", "us"))
    history.fail(us)
    history.fail(eu)
    return history.ended(blame=eu)


def quota_of_two_regions() -> History:
    """A result is given by its step's name, and there are two."""
    history = sagas.up_to("reserve", "mint")
    history.step("set_quota", given={"region": "eu"})
    history.step("set_quota", given={"region": "us"})
    history.task()
    number = history.schedule("create_database")
    history.fail(number)
    return history.ended(blame=number)


def after_something_unheard_of() -> History:
    """A step that the runbook does not know is done: nobody can say whether it would be skipped."""
    history = sagas.up_to("reserve", "unheard_of")
    history.task()
    number = history.schedule("create_database")
    history.fail(number)
    return history.ended(blame=number)


NO_NEW_RUN = [
    (clean_up_failed, DID_NOT, RESUMABLE),
    (done_after_it_in_the_order, DID_NOT, RESUMABLE),
    (two_regions, HAPPENED, RESUMABLE),
    (two_regions, HAPPENED, RESUMABLE_BY_RESULTS),
    (two_regions, DID_NOT, RESUMABLE),
    (quota_of_two_regions, HAPPENED, RESUMABLE_BY_RESULTS),
    (after_something_unheard_of, HAPPENED, RESUMABLE),
    (after_something_unheard_of, HAPPENED, RESUMABLE_BY_RESULTS),
]


@pytest.mark.parametrize(("build", "answer", "knowledge"), NO_NEW_RUN)
def test_no_new_run_that_would_skip_or_repeat_something_else(build, answer, knowledge):
    """A new run trusts what it is told to skip (temporal-guide §6.2 (a'))."""
    assert moves(planned(build(), answer, knowledge)) == OVER


PARKED = [
    ([Move.TELL_RETRY, Move.HAND_OVER], "create_database", "DbError", DID_NOT),
    ([Move.TELL_RETRY, Move.HAND_OVER], "create_database", "DbError", CANNOT_TELL),
    ([Move.TELL_RETRY, Move.HAND_OVER], "mint", "DbError", DID_NOT),
    (OVER, "mint", "DbError", CANNOT_TELL),
    (OVER, "create_database", "AnswerLost", CANNOT_TELL),
    ([Move.TELL_DONE, Move.HAND_OVER], "mint", "DbError", HAPPENED),
]


@pytest.mark.parametrize(("wanted", "step", "failure", "answer"), PARKED)
def test_a_parked_saga_s_moves(wanted, step, failure, answer):
    """The saga's own offer comes first (temporal-guide §6.2 (0))."""
    assert moves(planned(sagas.parked(step, failure), answer, ASKING)) == wanted


AGAIN = [Move.RUN_NOW, Move.RESTART_ATTEMPTS, Move.HAND_OVER]
PENDING = [
    (AGAIN, "create_database", {}, DID_NOT),
    ([Move.RUN_NOW, Move.HAND_OVER], "create_database", {"state": PendingState.PAUSED}, DID_NOT),
    ([Move.RUN_NOW, Move.HAND_OVER], "mint", {}, DID_NOT),  # unkeyed: an attempt that starts meanwhile would run twice
    (OVER, "mint", {}, CANNOT_TELL),
    ([Move.COMPLETE, Move.HAND_OVER], "mint", {}, HAPPENED),
    (OVER, "create_database", {"attempt": 1, "error": ""}, DID_NOT),  # no worker takes it: no move of ours helps
    ([Move.WAIT, Move.HAND_OVER], "create_database", {"state": PendingState.STARTED}, DID_NOT),
    ([Move.WAIT, Move.HAND_OVER], "mint", {"state": PendingState.STARTED}, HAPPENED),
]


@pytest.mark.parametrize(("wanted", "step", "more", "answer"), PENDING)
def test_a_pending_step_s_moves(wanted, step, more, answer):
    """Pause and unpause, fresh attempts only for a keyed one, never beside a running attempt (guide §6.1)."""
    before = sagas.BEFORE if step == "create_database" else ("reserve",)
    history, seen = waiting(step, before, **more)

    assert moves(planned(history, answer, pending=seen)) == wanted


def test_a_pending_step_whose_ground_was_taken_back_is_not_run():
    """Another branch gave the reservation back while this step waited."""
    history, seen = waiting()
    history.step("release")

    assert moves(planned(history, pending=seen)) == OVER


def test_a_saga_that_took_something_back_and_waits_is_not_told_to_retry():
    """Its reservation is gone."""
    history, _ = sagas.failing()
    history.step("release")
    history.task()

    assert moves(planned(history, knowledge=ASKING)) == OVER


def test_a_moving_saga_is_left_alone():
    """Nothing is wrong, so nothing is planned."""
    assert moves(planned(sagas.up_to("reserve").finished())) == [Move.WAIT]


def test_a_redriven_saga_is_left_alone():
    """Somebody was faster."""
    assert moves(planned(sagas.sequential(), reset_run_id="run-2")) == [Move.WAIT]


@pytest.mark.parametrize(("attempts", "acts"), [(0, True), (1, True), (2, False), (5, False)])
def test_a_step_is_redriven_a_bounded_number_of_times(attempts, acts):
    """M attempts per step, then it is handed over (issue 4 §3, guards)."""
    assert planned(sagas.sequential(), attempts=attempts).acts is acts


def test_the_last_attempt_of_a_policy_gets_more():
    """Otherwise its failure ends the saga."""
    history, seen = waiting(attempt=9, most_attempts=9)

    assert planned(history, pending=seen).first.attempts_to == 12


def test_a_reset_asked_for_twice_has_one_request_id():
    """Deterministic for run and event (temporal-guide §6.3)."""
    first, second = planned(sagas.sequential()), planned(sagas.sequential())

    assert first.first.request_id == second.first.request_id != ""


def test_a_reset_of_another_run_has_another_request_id():
    """A second failure is a second reset."""
    other = History(run_id="run-9")
    other.task()
    number = other.schedule("create_database")
    other.fail(number)

    assert planned(other.ended(blame=number)).first.request_id != planned(sagas.sequential()).first.request_id


def test_the_saga_s_message_is_filled_in():
    """The payload is the runbook's template."""
    found = planned(sagas.parked("mint"), HAPPENED, ASKING)

    assert (found.first.telling.name, found.first.telling.payload) == (
        "skip_step",
        '{"step": "mint", "result": "dpl_9"}',
    )


def test_a_bare_payload_is_a_bare_value():
    """Some sagas take a string."""
    bare = replace(ASKING, offer=replace(ASKING.offer, retry=Message(via=Via.SIGNAL, name="again", payload="{step}")))

    assert planned(sagas.parked(), knowledge=bare).first.telling.payload == '"create_database"'


def test_a_customer_s_name_is_no_template():
    """Facts come from outside."""
    evil = History(given={"job": "{result}", "customer": "{0.__class__}", "plan": "L"})
    told = replace(
        ASKING, offer=replace(ASKING.offer, retry=Message(via=Via.SIGNAL, name="again", payload="{customer}"))
    )
    evil.task()
    evil.fail(evil.schedule("create_database"))
    evil.task()

    assert planned(evil, knowledge=told).first.telling.payload == '"{0.__class__}"'


def test_a_new_run_begins_at_the_step():
    """`resume_from` names it."""
    found = planned(sagas.cleaned_up(), knowledge=RESUMABLE)

    assert (found.first.resuming.input_field, found.first.resuming.value) == ("resume_from", '"create_database"')


def test_a_run_that_goes_on_begins_after_the_step():
    """The next in the saga's order, the known result beside it."""
    found = planned(mint_failed(), HAPPENED, RESUMABLE)

    assert found.first.resuming.value == '"set_quota"'


def test_done_results_are_given_by_their_events():
    """A line of a result is not the result: the shell fetches it whole."""
    found = planned(mint_failed(), HAPPENED, RESUMABLE_BY_RESULTS)
    event = found.done[0].closed_id

    assert (found.first.resuming.results, found.first.resuming.known) == ({"reserve": event}, {"mint": '"dpl_9"'})


# --- approval ---------------------------------------------------------------------------------------------------------


def test_a_keyed_step_that_runs_alone_may_be_automatic():
    """Where the runbook chose it (issue 4 §3, approval)."""
    assert planned(sagas.sequential()).approval is Approval.AUTOMATIC


def asked() -> History:
    history, number = sagas.failing()
    history.signal("paid")
    return history.ended(blame=number)


def ended_on_purpose() -> History:
    history, _ = sagas.failing()
    return history.terminated()


def unsure() -> History:
    history = sagas.up_to("reserve")
    history.task()
    history.fail(history.schedule("dns"))
    history.task()
    history.fail(history.schedule("create_database"))
    return history.ended()


ASKS_A_PERSON = [
    (sagas.sequential, CANNOT_TELL),  # the look-up does not answer
    (sagas.sequential, HAPPENED),  # provider and saga contradict each other
    (lambda: sagas.timed_out("create_database", "start"), DID_NOT),  # unknown outcome
    (mint_failed, DID_NOT),  # unkeyed
    (sagas.never_taken, DID_NOT),  # unkeyed, though it surely did not happen
    (lambda: sagas.sequential("dns"), DID_NOT),  # harmless is not keyed
    (lambda: sagas.sequential("unheard_of"), DID_NOT),
    (sagas.parallel, DID_NOT),
    (sagas.compensated, DID_NOT),
    (sagas.cleaned_up, DID_NOT),  # a new run would be safe, but the saga took something back
    (asked, DID_NOT),  # a reset would lose a message
    (lambda: sagas.open_when("terminated"), DID_NOT),  # unknown, too
    (ended_on_purpose, DID_NOT),  # somebody ended it on purpose
    (unsure, DID_NOT),  # two failed, and the saga does not say which of them it was
]


@pytest.mark.parametrize(("build", "answer"), ASKS_A_PERSON)
@pytest.mark.parametrize("knowledge", [KNOWN, replace(RESUMABLE, approval=Approval.AUTOMATIC)])
def test_a_person_is_asked(build, answer, knowledge):
    """`automatic` in the runbook does not make it so."""
    assert planned(build(), answer, knowledge).approval is not Approval.AUTOMATIC


def test_a_paused_step_was_paused_by_somebody():
    """It is not unpaused behind their back."""
    history, seen = waiting(state=PendingState.PAUSED, paused_by="ana: wait for the vendor")

    assert planned(history, pending=seen).approval is Approval.APPROVAL


@pytest.mark.parametrize("approval", [Approval.APPROVAL, Approval.TWO_PEOPLE, Approval.MANUAL])
def test_a_stricter_runbook_is_obeyed(approval):
    """The runbook may only ask for more."""
    assert planned(sagas.sequential(), knowledge=replace(KNOWN, approval=approval)).approval is approval


# --- words ------------------------------------------------------------------------------------------------------------


def test_the_plan_reads_as_the_issue_wrote_it():
    """A person approves it at 3 a.m. (issue 4 §3)."""
    assert in_words(planned(sagas.parked(), knowledge=ASKING)) == (
        "Will run `create_database` again for job 7f3 (ACME, plan L). "
        "Will not run: reserve (done, ok), mint (done, dpl_8812), set_quota (done, ok). "
        "How: the saga is waiting, tell it to retry. "
        "If it fails again: it is looked at anew, 1 more re-drive(s) may be asked for. "
        "Unsafe if: somebody re-drives this job meanwhile, or another run of it begins; "
        "reconcile-provisioning is not paused while this runs; "
        "the provider does not keep the key (key job/database)."
    )


def test_a_hand_over_says_why_and_what_was_found():
    """The owner starts from everything we know."""
    found = planned(sagas.parallel())

    assert "Will not touch job 7f3 (ACME, plan L)" in in_words(found)
    assert "reset would also run mint" in found.found


def test_a_plan_that_goes_on_past_says_with_what():
    """The provider's result is what the saga will believe."""
    assert "Will not run `mint` again" in in_words(planned(mint_failed(), HAPPENED, RESUMABLE))
    assert "dpl_9" in in_words(planned(mint_failed(), HAPPENED, RESUMABLE))


def test_the_doubt_stands_in_the_words():
    """Whoever approves knows what cannot be known."""
    assert "it timed out (start-to-close)" in in_words(planned(sagas.timed_out("create_database", "start")))


def test_no_secret_of_an_error_stands_in_the_plan():
    """Errors are cut where they enter."""
    leaky = sagas.sequential(failure=by_code("DbError", "postgres://u:hunter2@db"))

    assert "hunter2" not in repr(planned(leaky))


def test_a_step_that_may_have_happened_is_told_as_such():
    """Who says yes knows whose word it rests on."""
    asked = "It may have happened, so the provider was asked: it did not."
    assert asked in in_words(planned(sagas.timed_out("set_quota", "start")))
    assert asked not in in_words(planned(sagas.timed_out("create_database", "start")))  # keyed: nothing rests on it
