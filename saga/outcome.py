"""Did the failed step happen? `doubt` says why it may have, or nothing when it certainly did not (guide §6.2 (c)).

A failure says what the caller saw, not what the provider did. So an unsafe step is known not to have happened only when
every attempt is known to have done nothing; a step whose key the provider enforces needs less proof, because running it
twice makes one thing. History keeps only the last two attempts of an activity: the others count as unknown.
"""

from saga.run import Ended, Failed, Kind, Outcome, PendingState, StepRun, Timeout
from saga.words import Repeat, SagaKnowledge, StepKnowledge


def about_step(kind: Kind, step_type: str, knowledge: SagaKnowledge) -> StepKnowledge | None:
    """What the runbook says about it, children as if they were steps. None: unknown, never safe."""
    if kind in {Kind.ACTIVITY, Kind.LOCAL}:
        return knowledge.step(step_type)
    child = knowledge.child(step_type) if kind is Kind.CHILD else None
    if child is None:
        return None
    return StepKnowledge(
        activity=child.workflow_type,
        name=child.name,
        repeat=Repeat.HARMLESS if child.rerun_safe else Repeat.UNSAFE,
        why=child.why,
        reconcile=child.reconcile,
        verify=child.verify,
        undone_by=child.undone_by,
    )


def knowledge_of(step: StepRun, knowledge: SagaKnowledge) -> StepKnowledge | None:
    return about_step(step.kind, step.type, knowledge)


def may_repeat(step: StepRun, knowledge: SagaKnowledge) -> bool:
    """Running it twice makes one thing."""
    about = knowledge_of(step, knowledge)
    return about is not None and about.repeat is not Repeat.UNSAFE


def doubt(step: StepRun, knowledge: SagaKnowledge) -> str:
    """Why it may have happened; empty: it did not, or repeating it is safe and nothing hints that it did."""
    if step.kind is Kind.CHILD:
        return _child_doubt(step)
    about = knowledge_of(step, knowledge)
    if step.pending is None and step.outcome is Outcome.OPEN:
        return "it was under way when the saga ended, and left no trace of what became of it"
    ends = _visible(step)
    told = next(filter(None, (_attempt_doubt(end, about) for end in ends)), "")
    return told or _hidden_doubt(step, about)


def _child_doubt(step: StepRun) -> str:
    """A child that failed says so itself; one that was cut off does not."""
    if step.outcome is Outcome.FAILED:
        return ""
    return f"the child workflow did not end by itself ({step.outcome})"


def _visible(step: StepRun) -> list[Failed]:
    """How its attempts ended, newest first."""
    last = step.pending.failed if step.pending else step.failed
    return [end for end in (last, step.before) if end]


def _hidden_doubt(step: StepRun, about: StepKnowledge | None) -> str:
    hidden = _attempts_ended(step) - len(_visible(step))
    if hidden <= 0 or _is_safe(about):
        return ""
    return f"{hidden} earlier attempt(s) left no trace in the history"


def _attempts_ended(step: StepRun) -> int:
    if step.pending is None:
        return step.attempts
    return step.pending.attempt - (step.pending.state in {PendingState.SCHEDULED, PendingState.PAUSED})


def _attempt_doubt(end: Failed, about: StepKnowledge | None) -> str:
    match end.ended:
        case Ended.NEVER_BEGAN:
            return ""
        case Ended.BY_CODE:
            return _code_doubt(end, about)
        case Ended.BY_TIME if end.timeout is Timeout.SCHEDULE_TO_START:
            return _waiting_doubt(end, about)
        case Ended.BY_TIME:
            return f"it timed out ({end.timeout or 'for an unknown reason'}): nobody knows whether it was done"
        case Ended.BY_RESET:
            return "it was under way when the run was reset"
        case Ended.BY_CANCEL:
            return "it was cancelled, perhaps after it was done"
    return "its failure is of a kind that says nothing about the provider"


def _code_doubt(end: Failed, about: StepKnowledge | None) -> str:
    if about and end.type in about.may_have_done:
        return f"after {end.type} it may have been done"
    if _is_safe(about) or (about and end.type in about.did_nothing):
        return ""
    return f"nothing says that the provider did nothing when it answered {end.type or 'an error without a type'}"


def _waiting_doubt(end: Failed, about: StepKnowledge | None) -> str:
    """No worker took this attempt. When it was not the first, the time-out carries the failure before it."""
    if end.cause is None:
        return ""
    if not _is_safe(about):
        return "attempts before the one that no worker took left no trace in the history"
    return _attempt_doubt(end.cause, about)


def _is_safe(about: StepKnowledge | None) -> bool:
    return about is not None and about.repeat is not Repeat.UNSAFE
