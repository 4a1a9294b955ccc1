"""What a new run that begins in the middle would do, by what the saga says it supports (temporal-guide §6.2 (a')).

The new run trusts what it is told to skip. So everything skipped must be done and still stand, and everything not
skipped must not have been done.
"""

from collections import Counter
from dataclasses import dataclass, field

from saga.run import Kind, Outcome, SagaRun, StepRun
from saga.words import RESUMABLE, ResumeFrom, ResumeShape, SagaKnowledge

NAMED = {Kind.ACTIVITY, Kind.LOCAL, Kind.CHILD}
"""What a saga can be told to skip."""


@dataclass(frozen=True, kw_only=True)
class Resumed:
    impossible: str = ""
    reruns: list[StepRun] = field(default_factory=list)
    skips: list[str] = field(default_factory=list)


def resumed(run: SagaRun, target: StepRun, knowledge: SagaKnowledge, *, past: bool) -> Resumed:
    """`past`: begin after the target."""
    offered = knowledge.resume_from
    if offered is None or not _says_it_can(run, offered):
        return Resumed(impossible="the saga cannot be started in the middle")
    order = order_of(offered, knowledge)
    why_not = _why_not(run, target, order, past=past) or _no_results(run, offered)
    if why_not:
        return Resumed(impossible=why_not)
    ran = [step for step in _ran(run, knowledge) if step is not target]
    if offered.shape is ResumeShape.DONE_RESULTS:
        return Resumed(reruns=_not_skipped(ran, order))
    first = order.index(target.type) + past
    done = {step.type for step in ran if step.outcome is Outcome.DONE} | {target.type}
    return Resumed(
        reruns=[step for step in ran if step.type not in order[:first]],
        skips=[step for step in order[:first] if step not in done],
    )


def _says_it_can(run: SagaRun, offered: ResumeFrom) -> bool:
    sign = offered.only_where
    return sign is None or run.facts.get(RESUMABLE, "").lower() == sign.equals.lower()


def order_of(offered: ResumeFrom, knowledge: SagaKnowledge) -> list[str]:
    """The steps in the order in which the saga runs them."""
    listed = [step.activity for step in knowledge.steps if step.activity not in knowledge.compensations]
    return list(offered.order) or listed


def _why_not(run: SagaRun, target: StepRun, order: list[str], *, past: bool) -> str:
    if target.type not in order:
        return "the saga's order does not name this step"
    if past and target.type == order[-1]:
        return "nothing comes after this step"
    if run.continued_from and not run.earlier:
        return f"what run {run.continued_from} did before it continued is not known here"
    executions = {step.input_digest for step in (*run.earlier, *run.steps) if step.type == target.type}
    return "the step ran with several inputs: the saga cannot be told which" if len(executions) > 1 else ""


def _no_results(run: SagaRun, offered: ResumeFrom) -> str:
    """Results are fetched whole from this run's history."""
    carried = offered.results_field or offered.shape is ResumeShape.DONE_RESULTS
    return f"some results are in run {run.continued_from}" if run.continued_from and carried else ""


def _ran(run: SagaRun, knowledge: SagaKnowledge) -> list[StepRun]:
    """What was tried and counts: the last execution of each step. Drawn values are drawn in any run."""
    tried = [step for step in (*run.earlier, *run.steps) if step.kind is not Kind.DRAW]
    last = {step.identity: step for step in tried}
    return [step for step in last.values() if step.type not in knowledge.compensations]


def _not_skipped(ran: list[StepRun], order: list[str]) -> list[StepRun]:
    """A result is given by the step's type: one that is unknown, not done, or ran with several inputs cannot be."""
    times = Counter(step.type for step in ran)
    return [
        step
        for step in ran
        if step.outcome is not Outcome.DONE or step.kind not in NAMED or step.type not in order or times[step.type] > 1
    ]
