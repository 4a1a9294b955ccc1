"""Which step is the failed one: the only one that may be run again.

The saga's own failure names it, when it names any. Otherwise it is the last that failed and was not made good later.
What takes back another step is never the target: a failed compensation is the owner's business.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from saga.run import Failed, Kind, Outcome, PendingState, RunStatus, SagaRun, StepRun
from saga.words import SagaKnowledge

RERUNNABLE = {Kind.ACTIVITY, Kind.LOCAL, Kind.CHILD, Kind.NEXUS}
BAD = {Outcome.FAILED, Outcome.TIMED_OUT}


@dataclass(frozen=True, kw_only=True)
class Target:
    """`sure`: the saga's failure names it, or nothing else failed. `others`: failed too, and not made good."""

    step: StepRun
    sure: bool
    others: tuple[StepRun, ...] = ()


def target_of(run: SagaRun, knowledge: SagaKnowledge) -> Target | None:
    """None: no step failed or hangs, so no step is to be run again."""
    steps = [step for step in _newest(run.steps) if _may_be_it(step, knowledge)]
    bad = sorted((step for step in steps if step.outcome in BAD and not step.retries), key=lambda step: step.closed_id)
    still = [step for step in steps if step.outcome is Outcome.OPEN]
    step = _in_running(bad, still) if run.described.status is RunStatus.RUNNING else _in_closed(run, bad, still, steps)
    if step is None:
        return None
    others = tuple(other for other in bad if other is not step)
    return Target(step=step, sure=_named(run, steps) is step or not others, others=others)


def _may_be_it(step: StepRun, knowledge: SagaKnowledge) -> bool:
    return step.kind in RERUNNABLE and step.type not in knowledge.compensations


def _newest(steps: Iterable[StepRun]) -> list[StepRun]:
    """The last execution of each step: the same type with the same input again is the saga's own retry."""
    last = {step.identity: step for step in steps}
    return list(last.values())


def _in_running(bad: list[StepRun], still: list[StepRun]) -> StepRun | None:
    activities = [step for step in still if step.kind is Kind.ACTIVITY]
    if activities:
        return max(activities, key=_trouble)
    return next(iter(still), None) or next(reversed(bad), None)


def _trouble(step: StepRun) -> tuple[bool, int, bool, int]:
    """Failing before waiting, more attempts before fewer, running before resting, older before younger."""
    pending = step.pending
    if pending is None:
        return False, 0, True, -step.scheduled_id
    resting = pending.state in {PendingState.SCHEDULED, PendingState.PAUSED}
    return pending.failed is not None, pending.attempt, not resting, -step.scheduled_id


def _in_closed(run: SagaRun, bad: list[StepRun], still: list[StepRun], steps: list[StepRun]) -> StepRun | None:
    named = _named(run, steps)
    if named or run.described.status in {RunStatus.COMPLETED, RunStatus.CONTINUED}:
        return named
    if run.described.status is RunStatus.FAILED:
        return next(reversed(bad or still), None)
    canceled = [step for step in steps if step.outcome is Outcome.CANCELED]
    return next(reversed(still or bad or canceled), None)


def _named(run: SagaRun, steps: list[StepRun]) -> StepRun | None:
    """The step whose failure ended the saga: by its id, or (a local activity, a re-raised error) by its words."""
    ending = run.ending
    if ending is None or run.described.status is not RunStatus.FAILED:
        return None
    for step in steps:
        if (
            ending.blamed_id == step.scheduled_id
            and ending.blamed_type == step.type
            and step.outcome is not Outcome.DONE
        ):
            return step
    alike = [step for step in steps if step.outcome in BAD and _alike(step.failed, ending.failed)]
    return alike[-1] if alike and not ending.blamed_id else None


def _alike(one: Failed | None, other: Failed | None) -> bool:
    return one is not None and other is not None and bool(one.line) and (one.type, one.line) == (other.type, other.line)
