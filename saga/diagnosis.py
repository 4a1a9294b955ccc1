"""What is wrong with one job: exactly one case, the evidence, and what each move would do (temporal-guide §6.2).

`diagnose` reads top to bottom: first whether this run may be judged at all, then whether anything is wrong, then which
step it is and where it stands. It never acts and never advises: `saga.moves` does the latter.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from saga.compensations import compensations_after
from saga.effects import Move, MoveEffect, Stand, StepRef, effects, ref, refs
from saga.outcome import doubt
from saga.run import Kind, Outcome, PendingState, Reset, RunRef, RunStatus, SagaRun, StepRun
from saga.target import BAD, Target, target_of
from saga.words import PARKED, RESUMABLE, SagaKnowledge

OWN_CODE_FAILS = 3
"""Attempts of one workflow task after which the saga's own code counts as failing: one may be lost to a restart."""


class Case(StrEnum):
    """The rows of temporal-guide §6.2, and the reasons to keep away."""

    PARKED = "parked and asking"
    ONLY_TARGET = "failed, only the target would rerun"
    OTHERS_TOO = "siblings, children or local activities would rerun"
    COMPENSATED = "compensation already ran"
    BACK_OFF = "pending in back-off"
    RUNNING_NOW = "attempt running now"
    UNKNOWN_OUTCOME = "outcome unknown"
    REDRIVEN = "already redriven"
    NOT_OURS = "not a saga we know"
    MOVING = "moving"
    SAGA_ITSELF = "the saga itself is stuck, not a step"
    UNREADABLE = "cannot be read"


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Everything found out about one run, in values that travel and print."""

    case: Case
    because: str
    run: RunRef
    status: RunStatus
    facts: dict[str, str] = field(default_factory=dict)
    stand: Stand = Stand.NONE
    target: StepRef | None = None
    sure: bool = True
    """The saga's own failure names the target, or nothing else failed."""
    doubt: str = ""
    """Why the target may have happened; empty: it did not."""
    error: str = ""
    attempts: int = 0
    most_attempts: int = 0
    """0: no limit."""
    activity_id: str = ""
    inside: str = ""
    """The step that failed within the child workflow that is the target."""
    since: datetime | None = None
    done: tuple[StepRef, ...] = ()
    """Done and not taken back: what must not run again."""
    others: tuple[StepRef, ...] = ()
    """Failed too."""
    compensations: tuple[StepRef, ...] = ()
    moves: tuple[MoveEffect, ...] = ()
    reset_event_id: int = 0
    """Where a reset would be right; 0: nowhere."""
    resets: tuple[Reset, ...] = ()
    retries_told: int = 0
    """How often the saga was told to try the target again, by anybody."""
    look_at: RunRef | None = None
    """Another run that says more: the one that continued, the redriven one, the child that hangs."""
    ended_by: str = ""
    """Who terminated or cancelled the saga, and why."""
    paused_by: str = ""
    last_event_id: int = 0

    def effect(self, move: Move) -> MoveEffect:
        """What `move` would do; impossible where there is no target."""
        found = next((effect for effect in self.moves if effect.move is move), None)
        always = move in {Move.WAIT, Move.HAND_OVER}
        return found or MoveEffect(move=move, impossible="" if always else "no step is to be run")


def diagnose(run: SagaRun, knowledge: SagaKnowledge, now: datetime) -> Diagnosis:
    """The one case this run is. Sources: issue 4 §2, temporal-guide §6.1 and §6.2."""
    base = _base(run, knowledge)
    for look in (_not_to_be_judged, _over, _own_code):
        found = look(run, knowledge, base)
        if found:
            return found
    target = target_of(run, knowledge)
    if target is None:
        return _nothing_failed(run, knowledge, base, now)
    if run.described.status is RunStatus.RUNNING:
        return _running(run, target, knowledge, base, now)
    return _closed(run, target, knowledge, base)


def _base(run: SagaRun, knowledge: SagaKnowledge) -> Diagnosis:
    return Diagnosis(
        case=Case.MOVING,
        because="",
        run=run.ref,
        status=run.described.status,
        facts={name: value for name, value in run.facts.items() if name not in (PARKED, RESUMABLE)},
        done=refs(_standing(run, knowledge), knowledge),
        since=run.progress_at,
        resets=run.resets,
        ended_by=run.ending.by if run.ending else "",
        last_event_id=run.last_event_id,
    )


def _standing(run: SagaRun, knowledge: SagaKnowledge) -> list[StepRun]:
    """Done, and nothing that takes it back came after it."""
    steps = [*run.earlier, *run.steps]
    undone_at = {step.type: place for place, step in enumerate(steps) if step.type in knowledge.compensations}
    undoers = {thing.activity: thing.undone_by for thing in knowledge.steps}
    undoers |= {child.workflow_type: child.undone_by for child in knowledge.children}
    return [
        step
        for place, step in enumerate(steps)
        if step.outcome is Outcome.DONE
        and step.kind is not Kind.DRAW
        and step.type not in knowledge.compensations
        and undone_at.get(undoers.get(step.type, ""), -1) < place
    ]


def _not_to_be_judged(run: SagaRun, knowledge: SagaKnowledge, base: Diagnosis) -> Diagnosis | None:
    seen = run.described
    if run.unreadable or seen.status is RunStatus.UNKNOWN:
        return replace(base, case=Case.UNREADABLE, because=run.unreadable or "its status is not known to us")
    if seen.workflow_type != knowledge.workflow_type and knowledge.child(seen.workflow_type) is None:
        return replace(
            base, case=Case.NOT_OURS, because=f"the runbook does not know workflow type {seen.workflow_type}"
        )
    if not seen.current_run_id:
        return replace(base, case=Case.UNREADABLE, because="it is not known which run is the current one")
    return _redriven(run, base)


def _redriven(run: SagaRun, base: Diagnosis) -> Diagnosis | None:
    seen = run.described
    retried = run.ending.next_run if run.ending and seen.status is not RunStatus.CONTINUED else ""
    newer = seen.current_run_id if seen.current_run_id != seen.run_id else ""
    if seen.reset_run_id:
        why, where = "somebody reset it", seen.reset_run_id
    elif retried:
        why, where = "its own retry policy began it anew", retried
    elif newer and seen.status is not RunStatus.CONTINUED:
        why, where = "a newer run of the same job exists", newer
    else:
        return None
    other = RunRef(workflow_id=seen.workflow_id, run_id=newer or where, workflow_type=seen.workflow_type)
    return replace(base, case=Case.REDRIVEN, because=f"{why}: run {where}", look_at=other)


def _over(run: SagaRun, _: SagaKnowledge, base: Diagnosis) -> Diagnosis | None:
    if run.described.status is RunStatus.COMPLETED:
        return replace(base, because="the saga has finished")
    if run.described.status is RunStatus.CONTINUED:
        next_run = run.ending.next_run if run.ending else ""
        on = replace(run.ref, run_id=run.described.current_run_id or next_run)
        return replace(base, because=f"it continued as run {next_run or on.run_id}", look_at=on)
    return None


def _own_code(run: SagaRun, _: SagaKnowledge, base: Diagnosis) -> Diagnosis | None:
    """A workflow task that fails again and again: no step can be run by anybody until its code is mended."""
    task = run.described.workflow_task
    if run.described.status is not RunStatus.RUNNING or task is None:
        return None
    if not (run.task_failed and task.attempt > 1) and task.attempt < OWN_CODE_FAILS:
        return None
    why = run.task_failed or "its workflow task is not completed by any worker"
    return replace(base, case=Case.SAGA_ITSELF, because=f"{why} (attempt {task.attempt} of the workflow task)")


def _nothing_failed(run: SagaRun, knowledge: SagaKnowledge, base: Diagnosis, now: datetime) -> Diagnosis:
    seen = run.described
    if seen.status is not RunStatus.RUNNING:
        ended = run.ending.failed.line if run.ending and run.ending.failed else base.ended_by
        return replace(base, case=Case.SAGA_ITSELF, because=f"it {seen.status} with no failed step: {ended or '?'}")
    if _is_late(run, knowledge, now) and not run.timers_open:
        return replace(base, case=Case.SAGA_ITSELF, because="no step failed, none is under way, and nothing moves")
    waits = "it waits for a timer of its own" if run.timers_open else "no step failed"
    return replace(base, because=waits)


def _is_late(run: SagaRun, knowledge: SagaKnowledge, now: datetime) -> bool:
    return run.progress_at is not None and now - run.progress_at > knowledge.stuck.without_progress


def _with(run: SagaRun, target: Target, stand: Stand, knowledge: SagaKnowledge, base: Diagnosis) -> Diagnosis:
    """The diagnosis with the target's evidence, its case still open."""
    step, pending = target.step, target.step.pending
    failed = (pending.failed if pending else None) or step.failed
    all_moves = effects(run, step, stand, knowledge)
    reset = next(effect for effect in all_moves if effect.move is Move.RESET)
    return replace(
        base,
        stand=stand,
        target=ref(step, knowledge),
        sure=target.sure,
        doubt=doubt(step, knowledge),
        error=failed.line if failed else "",
        attempts=pending.attempt if pending else step.attempts,
        most_attempts=pending.most_attempts if pending else step.most_attempts,
        activity_id=step.activity_id,
        inside=failed.inside if failed and step.kind is Kind.CHILD else "",
        since=step.closed_at or base.since,
        others=refs(list(target.others), knowledge),
        compensations=refs(compensations_after(run, step, knowledge), knowledge),
        moves=all_moves,
        reset_event_id=reset.reset_event_id if reset.only_target and not reset.impossible else 0,
        retries_told=_retries_told(run, step, knowledge),
        look_at=_child_run(step, run),
        paused_by=pending.paused_by if pending else "",
    )


def _retries_told(run: SagaRun, target: StepRun, knowledge: SagaKnowledge) -> int:
    if knowledge.offer is None:
        return 0
    began = min(step.scheduled_id for step in run.steps if step.identity == target.identity)
    return sum(said.name == knowledge.offer.retry.name and said.event_id > began for said in run.received)


def _child_run(step: StepRun, run: SagaRun) -> RunRef | None:
    if step.kind is not Kind.CHILD:
        return None
    known = next((child for child in run.described.pending_children if child.workflow_id == step.activity_id), None)
    return known or RunRef(workflow_id=step.activity_id, run_id=step.child_run_id, workflow_type=step.type)


def _closed(run: SagaRun, target: Target, knowledge: SagaKnowledge, base: Diagnosis) -> Diagnosis:
    found = _with(run, target, Stand.CLOSED, knowledge, base)
    name = f"{target.step.type}"
    if found.compensations:
        return _compensated(found)
    if found.doubt:
        return replace(found, case=Case.UNKNOWN_OUTCOME, because=f"{name}: {found.doubt}")
    reset = found.effect(Move.RESET)
    if not reset.only_target or not _child_may_rerun(target.step, knowledge):
        also = ", ".join(sorted({step.type for step in reset.reruns})) or f"everything inside {name}"
        return replace(found, case=Case.OTHERS_TOO, because=f"a reset to before {name} would also run {also}")
    return replace(found, case=Case.ONLY_TARGET, because=f"{name} failed, and a reset to before it runs nothing else")


def _child_may_rerun(step: StepRun, knowledge: SagaKnowledge) -> bool:
    child = knowledge.child(step.type) if step.kind is Kind.CHILD else None
    return step.kind is not Kind.CHILD or (child is not None and child.rerun_safe)


def _compensated(found: Diagnosis) -> Diagnosis:
    ran = ", ".join(step.type for step in found.compensations)
    return replace(found, case=Case.COMPENSATED, because=f"after the failure the saga ran {ran}")


def _running(run: SagaRun, target: Target, knowledge: SagaKnowledge, base: Diagnosis, now: datetime) -> Diagnosis:
    found = _with(run, target, stand_of(run, target.step, knowledge), knowledge, base)
    if found.compensations:
        return _compensated(found)
    if found.stand is not Stand.PARKED and not _is_stuck(run, found, knowledge, now):
        return replace(found, because=f"{target.step.type} is under way, and it is not stuck yet")
    return _stuck(run, found, target.step)


def _is_stuck(run: SagaRun, found: Diagnosis, knowledge: SagaKnowledge, now: datetime) -> bool:
    """Source: runbook §3.1. The saga's own retries count as attempts of the same step."""
    target = found.target
    again = [
        step for step in run.steps if target and (step.type, step.input_digest) == (target.type, target.input_digest)
    ]
    tried = found.attempts + len(again) - 1
    return _is_late(run, knowledge, now) or tried >= knowledge.stuck.attempts


def _stuck(run: SagaRun, found: Diagnosis, step: StepRun) -> Diagnosis:
    name = step.type
    if found.stand is Stand.STARTED:
        return replace(found, case=Case.RUNNING_NOW, because=f"{name} runs right now (attempt {found.attempts})")
    if found.doubt:
        return replace(found, case=Case.UNKNOWN_OUTCOME, because=f"{name}: {found.doubt}")
    if found.stand is Stand.PARKED:
        return replace(found, case=Case.PARKED, because=f"{name} failed, and the saga waits to be told what to do")
    if found.stand is Stand.IDLE:
        why = f"{name} failed, and the saga waits for something that we do not know"
        return replace(found, case=Case.SAGA_ITSELF, because=why)
    return replace(found, case=Case.BACK_OFF, because=f"{name} {found.stand} (attempt {found.attempts})")


def stand_of(run: SagaRun, step: StepRun, knowledge: SagaKnowledge) -> Stand:
    """Where the target of a running saga stands. What cannot be seen counts as running."""
    if step.pending:
        return _stand_of_pending(step)
    if step.outcome is Outcome.OPEN:
        return Stand.STARTED
    return Stand.PARKED if _is_parked(run, step, knowledge) else Stand.IDLE


def _stand_of_pending(step: StepRun) -> Stand:
    pending = step.pending
    if pending is None or pending.state in {PendingState.STARTED, PendingState.ENDING}:
        return Stand.STARTED
    if pending.state is PendingState.PAUSED:
        return Stand.PAUSED
    return Stand.BACK_OFF if pending.attempt > 1 and pending.next_attempt_at else Stand.QUEUED


def _is_parked(run: SagaRun, step: StepRun, knowledge: SagaKnowledge) -> bool:
    """The sign alone is not believed: nothing is under way, and the failure is the last thing that happened."""
    seen, offer = run.described, knowledge.offer
    if offer is None or seen.pending or seen.pending_children or seen.workflow_task or step.outcome not in BAD:
        return False
    if any(other.closed_id > step.closed_id or other.outcome is Outcome.OPEN for other in run.steps):
        return False
    return offer.parked is None or run.facts.get(PARKED, "").lower() == offer.parked.equals.lower()
