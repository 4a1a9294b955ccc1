"""What each possible move would do besides the one thing wanted: run again, undo, leave out, forget, duplicate.

A reset copies the history up to the target's deciding task and decides anew (temporal-guide §6.1). So it runs again
what the same task decided, what was open at that point, and what came later; and what came later is erased from the
saga's memory, compensations included. The other moves touch one step of a run that keeps its memory, or begin anew.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from saga.compensations import compensations_after, taken_away
from saga.outcome import doubt, knowledge_of, may_repeat
from saga.resuming import Resumed, resumed
from saga.run import Kind, Outcome, PendingState, SagaRun, StepRun
from saga.words import Repeat, SagaKnowledge


class Move(StrEnum):
    """Safest first (issue 4 §3)."""

    TELL_RETRY = "tell_retry"
    """The saga waits: tell it to try the step again."""
    TELL_DONE = "tell_done"
    """The saga waits: tell it that the step happened, with its result."""
    RUN_NOW = "run_now"
    """Pause and unpause the pending activity: it runs at once and keeps its count of attempts."""
    RESTART_ATTEMPTS = "restart_attempts"
    """`reset_activity`: it runs at once and counts from one."""
    COMPLETE = "complete"
    """Record the pending activity as done, with the known result."""
    RESET = "reset"
    NEW_RUN = "new_run"
    """A new run of the saga that begins at the failed step."""
    CONTINUE_PAST = "continue_past"
    """A new run of the saga that begins after it, with its known result."""
    WAIT = "wait"
    HAND_OVER = "hand_over"
    """To the provisioning owner, with everything found."""


class Stand(StrEnum):
    """Where the target stands: it decides which moves exist at all."""

    CLOSED = "the saga has ended"
    PARKED = "the saga waits and asks"
    BACK_OFF = "waits for its next attempt"
    QUEUED = "waits for a worker"
    PAUSED = "is paused"
    STARTED = "an attempt runs"
    IDLE = "the saga runs and does nothing"
    NONE = "no step is in trouble"


@dataclass(frozen=True, kw_only=True)
class StepRef:
    """A step in few words."""

    scheduled_id: int
    kind: Kind
    type: str
    name: str
    outcome: Outcome
    result: str = ""
    result_whole: bool = True
    closed_id: int = 0
    input_digest: str = ""


@dataclass(frozen=True, kw_only=True)
class MoveEffect:
    """One move on this very run. Only moves with `only_target` and without `impossible` may be planned."""

    move: Move
    impossible: str = ""
    """Why it does not exist here; empty: it does."""
    runs: StepRef | None = None
    """The target, when the move runs it again."""
    reruns: tuple[StepRef, ...] = ()
    """Anything else that would run again."""
    undoes: tuple[StepRef, ...] = ()
    """What was taken back and would be built upon, or would be forgotten by the saga."""
    skips: tuple[str, ...] = ()
    """Steps that never ran and would be left out."""
    forgets: tuple[str, ...] = ()
    """Signals and updates that would be lost."""
    duplicates: tuple[StepRef, ...] = ()
    """What may come to exist twice."""
    reset_event_id: int = 0

    @property
    def only_target(self) -> bool:
        """It runs the target or nothing, undoes nothing and leaves nothing out."""
        return not (self.reruns or self.undoes or self.skips)


def ref(step: StepRun, knowledge: SagaKnowledge) -> StepRef:
    """`step`, by the name people know it by."""
    about = knowledge_of(step, knowledge)
    return StepRef(
        scheduled_id=step.scheduled_id,
        kind=step.kind,
        type=step.type,
        name=about.name if about else f"{step.type} (unknown to the runbook)",
        outcome=step.outcome,
        result=step.result,
        result_whole=step.result_whole,
        closed_id=step.closed_id,
        input_digest=step.input_digest,
    )


def refs(steps: list[StepRun], knowledge: SagaKnowledge) -> tuple[StepRef, ...]:
    return tuple(ref(step, knowledge) for step in steps)


def effects(run: SagaRun, target: StepRun, stand: Stand, knowledge: SagaKnowledge) -> tuple[MoveEffect, ...]:
    """Every move, possible or not, safest first."""
    gone = refs(taken_away(run, target, knowledge), knowledge)
    in_this_run = [*_told(target, stand, knowledge), *_on_pending(target, stand, knowledge)]
    return (
        *(replace(effect, undoes=gone) for effect in in_this_run),
        _reset(run, target, stand, knowledge),
        _anew(Move.NEW_RUN, run, target, stand, knowledge),
        _anew(Move.CONTINUE_PAST, run, target, stand, knowledge),
        MoveEffect(move=Move.WAIT),
        MoveEffect(move=Move.HAND_OVER),
    )


def beside(run: SagaRun, target: StepRun) -> list[StepRun]:
    """What a reset to the target's deciding task would run again: decided by that task, open at it, or later."""
    point = target.deciding_task
    return [step for step in run.steps if step is not target and not _settled_before(step, point)]


def _settled_before(step: StepRun, point: int) -> bool:
    return step.deciding_task < point and 0 < step.closed_id < point


def _told(target: StepRun, stand: Stand, knowledge: SagaKnowledge) -> list[MoveEffect]:
    offer = knowledge.offer
    parked = "" if stand is Stand.PARKED else "the saga does not wait to be told"
    again = parked or ("" if offer else "the saga offers no retry")
    past = parked or ("" if offer and offer.skip else "the saga cannot be told to go on")
    return [
        _again(Move.TELL_RETRY, again, target, knowledge),
        MoveEffect(move=Move.TELL_DONE, impossible=past),
    ]


def _on_pending(target: StepRun, stand: Stand, knowledge: SagaKnowledge) -> list[MoveEffect]:
    resting = "" if stand in {Stand.BACK_OFF, Stand.PAUSED} else f"{stand}: no attempt rests"
    again = _again(Move.RUN_NOW, resting, target, knowledge)
    anew = _again(Move.RESTART_ATTEMPTS, resting or _no_restart(target, knowledge), target, knowledge)
    # Queued too: a step recorded as done before a worker takes it needs no run.
    at_rest = stand in {Stand.BACK_OFF, Stand.PAUSED, Stand.QUEUED}
    done = MoveEffect(move=Move.COMPLETE, impossible="" if at_rest else f"{stand}: there is nothing to complete")
    return [again, anew, done]


def _no_restart(target: StepRun, knowledge: SagaKnowledge) -> str:
    """An attempt that starts meanwhile loses its token and runs twice (guide §6.1): only a key makes that harmless."""
    if target.pending is None or target.pending.state is not PendingState.SCHEDULED:
        return "only a scheduled attempt may be restarted"
    about = knowledge_of(target, knowledge)
    return "" if about and about.repeat is Repeat.KEYED else "an attempt that starts meanwhile would run twice"


def _reset(run: SagaRun, target: StepRun, stand: Stand, knowledge: SagaKnowledge) -> MoveEffect:
    point, undone = target.deciding_task, compensations_after(run, target, knowledge)
    reruns = [step for step in beside(run, target) if step not in undone]
    twice = [step for step in reruns if not may_repeat(step, knowledge)]
    alone = _again(Move.RESET, _no_reset(run, target, stand), target, knowledge)
    return replace(
        alone,
        reruns=refs(reruns, knowledge),
        undoes=refs(undone, knowledge),
        forgets=tuple(message.name for message in run.received if message.event_id > point),
        duplicates=(*alone.duplicates, *refs(twice, knowledge)),
        reset_event_id=point,
    )


def _no_reset(run: SagaRun, target: StepRun, stand: Stand) -> str:
    if stand is not Stand.CLOSED:
        return "a reset would end the running saga"
    if target.deciding_task not in run.workflow_tasks:
        return "the task that decided this step is not in the history"
    return ""


def _anew(move: Move, run: SagaRun, target: StepRun, stand: Stand, knowledge: SagaKnowledge) -> MoveEffect:
    past = move is Move.CONTINUE_PAST
    running = "" if stand is Stand.CLOSED else "the saga has not ended"
    alone = MoveEffect(move=move, impossible=running) if past else _again(move, running, target, knowledge)
    if running:
        return alone
    found: Resumed = resumed(run, target, knowledge, past=past)
    return replace(
        alone,
        impossible=alone.impossible or found.impossible,
        reruns=refs(found.reruns, knowledge),
        undoes=refs(taken_away(run, target, knowledge), knowledge),
        skips=tuple(found.skips),
    )


def _again(move: Move, impossible: str, target: StepRun, knowledge: SagaKnowledge) -> MoveEffect:
    """A move that runs the target. A child is many steps: it runs again only where that is known to be safe."""
    inside = target.kind is Kind.CHILD and not may_repeat(target, knowledge)
    twice = [target] if doubt(target, knowledge) and not may_repeat(target, knowledge) else []
    return MoveEffect(
        move=move,
        impossible=impossible or (f"every step inside {target.type} would run again" if inside else ""),
        runs=ref(target, knowledge),
        duplicates=refs(twice, knowledge),
    )
