"""Just before acting: is everything still as it was when the plan was made? (issue 4 §3, guards)"""

from saga.diagnosis import Case, Diagnosis
from saga.moves import Reconciled, RedrivePlan


def still_true(plan: RedrivePlan, now: Diagnosis, reconciled_now: Reconciled | None = None) -> str:
    """Why the plan no longer holds; empty: it holds. `reconciled_now`: the provider asked again."""
    says = [
        (now.run.run_id != plan.run.run_id, f"another run is looked at: {now.run.run_id}"),
        (now.case is Case.REDRIVEN, f"somebody redrove it: {now.because}"),
        (now.case is not plan.case, f"it was {plan.case!s}, now it is {now.case!s} ({now.because})"),
        (now.stand is not plan.stand, f"the step no longer {plan.stand!s}: {now.stand!s}"),
        (_other_step(plan, now), "another step is the failed one"),
        (now.attempts != plan.attempts, f"attempt {now.attempts} has come since attempt {plan.attempts}"),
        (now.last_event_id != plan.last_event_id, "the saga's history went on"),
        (_other_effect(plan, now), "the same move would now do something else"),
        (_other_answer(plan, reconciled_now), "the provider answers otherwise now"),
    ]
    return next((text for holds, text in says if holds), "")


def _other_step(plan: RedrivePlan, now: Diagnosis) -> bool:
    return (now.target and now.target.scheduled_id) != (plan.target and plan.target.scheduled_id)


def _other_effect(plan: RedrivePlan, now: Diagnosis) -> bool:
    return now.effect(plan.first.move) != plan.first.effect


def _other_answer(plan: RedrivePlan, now: Reconciled | None) -> bool:
    before = plan.reconciled
    return now is not None and (now.answer, now.result) != (before.answer, before.result)
