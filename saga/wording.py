"""A plan in words that a person can approve at 3 a.m. (issue 4 §3)."""

import json

from saga.effects import Move, StepRef
from saga.moves import Answer, PlannedMove, RedrivePlan

LONGEST_RESULT = 60
HOW = {
    Move.TELL_RETRY: "the saga is waiting, tell it to retry",
    Move.TELL_DONE: "the saga is waiting, tell it that the step happened, with its result",
    Move.RUN_NOW: "the step waits for its next attempt, let it run now (pause and unpause)",
    Move.RESTART_ATTEMPTS: "the step waits for its next attempt, let it begin its attempts anew",
    Move.COMPLETE: "record the waiting step as done, with the result the provider gave",
    Move.RESET: "the saga has ended, reset it to just before this step, once",
    Move.NEW_RUN: "the saga has ended, start it anew from this step on",
    Move.CONTINUE_PAST: "the saga has ended, start it anew after this step, with the result the provider gave",
    Move.WAIT: "nothing, look again later",
    Move.HAND_OVER: "hand it to the provisioning owner with everything found",
}


def in_words(plan: RedrivePlan) -> str:
    """One sentence for each thing a person must know before saying yes."""
    parts = [_will(plan), _will_not(plan), _asked(plan), _how(plan)]
    if plan.acts:
        parts += [_if_it_fails(plan), f"Unsafe if: {'; '.join(plan.unsafe_if)}."]
    return " ".join(filter(None, parts))


def whom(plan: RedrivePlan) -> str:
    """`job 7f3 (ACME, plan L)`, or the workflow id when the saga does not say."""
    job = plan.facts.get("job") or plan.run.workflow_id
    tariff = f"plan {plan.facts['plan']}" if plan.facts.get("plan") else ""
    more = ", ".join(filter(None, (plan.facts.get("customer", ""), tariff)))
    return f"job {job} ({more})" if more else f"job {job}"


def _will(plan: RedrivePlan) -> str:
    step = plan.target.type if plan.target else "no step"
    if not plan.acts:
        return f"Will not touch {whom(plan)}: {plan.held}."
    if plan.first.effect.runs:
        return f"Will run `{step}` again for {whom(plan)}."
    return f"Will not run `{step}` again for {whom(plan)}: it happened ({_result(plan.first.result) or 'no result'})."


def _will_not(plan: RedrivePlan) -> str:
    if not plan.acts or not plan.done:
        return ""
    return f"Will not run: {', '.join(_done(step) for step in plan.done)}."


def _asked(plan: RedrivePlan) -> str:
    """Where history alone cannot say that it did not happen: what a person who says yes relies on."""
    if not plan.acts or not plan.first.effect.duplicates or plan.reconciled.answer is not Answer.DID_NOT:
        return ""
    detail = f" ({plan.reconciled.detail})" if plan.reconciled.detail else ""
    return f"It may have happened, so the provider was asked: it did not{detail}."


def _done(step: StepRef) -> str:
    result = _result(step.result)
    return f"{step.type} (done, {result})" if result else f"{step.type} (done)"


def _result(line: str) -> str:
    """`dpl_8812` rather than `{"id": "dpl_8812"}`."""
    try:
        value = json.loads(line)
    except ValueError:
        return line[:LONGEST_RESULT]
    if isinstance(value, dict):
        value = ", ".join(str(part) for part in value.values() if isinstance(part, str | int | float))
    return "" if value is None else str(value)[:LONGEST_RESULT]


def _how(plan: RedrivePlan) -> str:
    more = f", after allowing {plan.first.attempts_to} attempts" if plan.first.attempts_to else ""
    return f"How: {HOW[plan.first.move]}{more}."


def _if_it_fails(plan: RedrivePlan) -> str:
    left = plan.redrives_left
    again = f"it is looked at anew, {left} more re-drive(s) may be asked for" if left else "it goes to the owner"
    return f"If it fails again: {_next(plan.moves[1:])}{again}."


def _next(rest: tuple[PlannedMove, ...]) -> str:
    other = next((move for move in rest if move.move not in {Move.WAIT, Move.HAND_OVER}), None)
    return f"({other.move} would be possible too) " if other else ""
