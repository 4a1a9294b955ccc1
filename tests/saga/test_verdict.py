"""Did it work? By the new history and by the world (issue 4 §3, verify)."""

from dataclasses import replace

import pytest

from saga.diagnosis import diagnose
from saga.effects import Move
from saga.moves import Answer, Reconciled, plan
from saga.run import Outcome
from saga.verdict import Judgement, World, verified
from tests.saga import sagas
from tests.saga.events import LATER, History, by_code
from tests.saga.known import ASKING, KNOWN, RESUMABLE

GOOD = World(deployments=("dpl_1",), quota="500", paid="500", tenant_answers=True)
DID_NOT = Reconciled(answer=Answer.DID_NOT)
HAPPENED = Reconciled(answer=Answer.HAPPENED, result='"dpl_1"')


def planned(history, answer=DID_NOT, knowledge=KNOWN):
    return plan(diagnose(history.run(knowledge), knowledge, LATER), answer, knowledge)


RESET = planned(sagas.sequential())


def redriven() -> History:
    """The run that the reset made, up to the reset."""
    history = sagas.up_to(*sagas.BEFORE)
    history.reset("run-1", "run-2")
    history.task()
    return history


def went_well() -> History:
    history = redriven()
    history.done(history.schedule("create_database"))
    history.step("dns")
    return history.finished()


def minted_again() -> History:
    history = redriven()
    history.done(history.schedule("mint"), {"id": "dpl_2"})
    history.done(history.schedule("create_database"))
    return history.finished()


def dispatched_again() -> History:
    """It was scheduled before the reset and started after it."""
    history = sagas.up_to("reserve")
    history.task()
    mint = history.schedule("mint")
    history.reset("run-1", "run-2")
    history.task()
    database = history.schedule("create_database")
    history.done(mint)
    history.done(database)
    return history.finished()


def failed_again() -> History:
    history = redriven()
    number = history.schedule("create_database")
    history.fail(number)
    return history.ended(blame=number)


def under_way() -> History:
    history = redriven()
    history.schedule("create_database")
    return history


def not_ours() -> History:
    history = sagas.up_to(*sagas.BEFORE)
    history.reset("run-0", "run-2")
    return history.finished()


HISTORIES = [
    (Judgement.OK, went_well),
    (Judgement.BAD, minted_again),
    (Judgement.BAD, dispatched_again),
    (Judgement.BAD, failed_again),
    (Judgement.NOT_YET, under_way),
    (Judgement.NOT_YET, redriven),
    (Judgement.UNKNOWN, not_ours),
    (Judgement.UNKNOWN, sagas.sequential),  # the base run says nothing about the new one
]


@pytest.mark.parametrize(("judgement", "build"), HISTORIES)
def test_a_reset_is_judged_by_the_new_history(judgement, build):
    """Only the target again after the reset, and the saga goes on."""
    assert verified(RESET, build().run(), GOOD).judgement is judgement


WORLDS = [
    (Judgement.BAD, True, {"deployments": ("dpl_1", "dpl_2")}),
    (Judgement.BAD, True, {"deployments": ()}),
    (Judgement.BAD, True, {"quota": "0"}),
    (Judgement.BAD, False, {"tenant_answers": False}),
    (Judgement.UNKNOWN, False, {"deployments": None}),
    (Judgement.UNKNOWN, False, {"quota": None}),
    (Judgement.UNKNOWN, False, {"paid": None}),
    (Judgement.UNKNOWN, False, {"tenant_answers": None}),
]


@pytest.mark.parametrize(("judgement", "money", "world"), WORLDS)
def test_a_finished_saga_is_judged_by_the_world(judgement, money, world):
    """Exactly one `dpl_`, the quota that was paid, a tenant that answers; unknown is not ok."""
    verdict = verified(RESET, went_well().run(), replace(GOOD, **world))

    assert (verdict.judgement, verdict.money_in_doubt) == (judgement, money)


@pytest.mark.parametrize("world", [{"deployments": ()}, {"quota": "0"}, {"tenant_answers": False}])
def test_a_saga_under_way_need_not_be_there_yet(world):
    """What comes later is not missing yet."""
    assert verified(RESET, under_way().run(), replace(GOOD, **world)).judgement is Judgement.NOT_YET


def test_a_second_deployment_is_bad_at_once():
    """Nothing that comes later unmakes it."""
    verdict = verified(RESET, under_way().run(), replace(GOOD, deployments=("dpl_1", "dpl_2")))

    assert (verdict.judgement, verdict.money_in_doubt) == (Judgement.BAD, True)


def test_a_history_that_cannot_be_read_is_unknown():
    """The saga's server is down: nothing is called well."""
    assert verified(RESET, None, GOOD).judgement is Judgement.UNKNOWN


def test_a_parked_saga_that_was_told_is_judged_in_the_same_run():
    """Everything after the telling is new."""
    found = planned(sagas.parked(), knowledge=ASKING)
    history = sagas.parked()
    history.update("retry_step")
    history.step("create_database")
    history.step("dns")

    assert verified(found, history.finished().run(ASKING), GOOD).judgement is Judgement.OK


def test_a_parked_saga_that_failed_again_is_bad():
    """It is parked once more."""
    found = planned(sagas.parked(), knowledge=ASKING)
    history = sagas.parked()
    history.update("retry_step")
    history.task()
    history.fail(history.schedule("create_database"))

    assert verified(found, history.run(ASKING), GOOD).judgement is Judgement.BAD


def new_run(*steps: str) -> History:
    history = History(run_id="run-2")
    for step in steps:
        history.step(step)
    return history.finished()


PAST = planned(sagas.sequential("mint", before=("reserve",), failure=by_code()), HAPPENED, RESUMABLE)


@pytest.mark.parametrize(
    ("judgement", "steps"),
    [
        (Judgement.OK, ("set_quota", "create_database", "dns")),
        (Judgement.BAD, ("mint", "set_quota")),  # it happened, and it ran again
        (Judgement.BAD, ("reserve", "set_quota")),  # it was done
    ],
)
def test_a_new_run_past_the_step_must_not_run_it(judgement, steps):
    """The whole new run is after our move."""
    assert PAST.first.move is Move.CONTINUE_PAST
    assert verified(PAST, new_run(*steps).run(), GOOD).judgement is judgement


@pytest.mark.parametrize(("result", "judgement"), [("dpl_1", Judgement.OK), ("dpl_2", Judgement.BAD)])
def test_a_completed_step_has_our_result_or_it_ran(result, judgement):
    """The engine writes a start for a completed step (seen live): only the result tells them apart."""
    found = planned(sagas.sequential("mint", before=("reserve",)), HAPPENED, RESUMABLE)
    effect = replace(found.first, move=Move.COMPLETE)
    history = sagas.up_to("reserve")
    history.task()
    number = history.schedule("mint")
    found = replace(found, moves=(effect,), last_event_id=number, attempts=2)
    history.done(number, result)
    run = history.finished().run()

    assert run.steps[-1].outcome is Outcome.DONE
    assert verified(found, run, GOOD).judgement is judgement
