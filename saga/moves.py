"""What to do about one diagnosed job, safest first (issue 4 §3, temporal-guide §6.2).

`plan` only ever chooses among the effects that the diagnosis found to run the target alone and to undo nothing. It does
not know a reset to the first or last workflow task: no such move exists here. What it cannot do safely it hands over.
"""

import json
import uuid
from dataclasses import dataclass, field, replace
from enum import StrEnum

from incident.model.playbook import Approval
from saga.diagnosis import Case, Diagnosis
from saga.effects import Move, MoveEffect, Stand, StepRef
from saga.outcome import about_step
from saga.resuming import order_of
from saga.run import RunRef
from saga.words import Message, Repeat, ResumeShape, SagaKnowledge, StepKnowledge, Via

REQUESTS = uuid.uuid5(uuid.NAMESPACE_URL, "incidents/redrive")
MORE_ATTEMPTS = 3
"""Attempts granted to a pending activity that has none left after the next."""
AGAIN = (Move.TELL_RETRY, Move.RUN_NOW, Move.RESTART_ATTEMPTS, Move.RESET, Move.NEW_RUN)
PAST = (Move.TELL_DONE, Move.COMPLETE, Move.CONTINUE_PAST)
ACTIONABLE = {Case.PARKED, Case.ONLY_TARGET, Case.OTHERS_TOO, Case.COMPENSATED, Case.BACK_OFF, Case.UNKNOWN_OUTCOME}
ALONE_SAFE = {Case.PARKED, Case.ONLY_TARGET, Case.BACK_OFF}
"""Cases for which the runbook may choose `automatic`."""


class Answer(StrEnum):
    HAPPENED = "happened"
    DID_NOT = "did not happen"
    CANNOT_TELL = "cannot tell"
    """No look-up, no answer, or two that contradict each other."""


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """What the provider says about the target, asked by business key."""

    answer: Answer
    result: str = ""
    """What the step would have returned, as JSON."""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Telling:
    """A message to the saga, filled in."""

    via: Via
    name: str
    payload: str = ""
    """Its one argument as JSON; empty: none."""


@dataclass(frozen=True, kw_only=True)
class Resuming:
    """What the new run's input says besides what the old one's said (event 1 has that)."""

    input_field: str
    value: str = ""
    """JSON; empty: the object made of `results`."""
    results_field: str = ""
    results: dict[str, int] = field(default_factory=dict)
    """Done step → event whose payload is its result: fetch it whole, the line in the diagnosis may be cut."""
    known: dict[str, str] = field(default_factory=dict)
    """Step → result as JSON, from the provider."""


@dataclass(frozen=True, kw_only=True)
class PlannedMove:
    """One move with all it needs. A reset is sent once and never again: a retried one may be a second reset."""

    move: Move
    effect: MoveEffect
    telling: Telling | None = None
    result: str = ""
    """JSON to complete the step with."""
    attempts_to: int = 0
    """First allow this many attempts; 0: leave the policy alone."""
    request_id: str = ""
    """The same for the same run and event, whoever asks (temporal-guide §6.1)."""
    resuming: Resuming | None = None


@dataclass(frozen=True, kw_only=True)
class RedrivePlan:
    """What may be done, by whose leave, and what was found. `moves` is never empty; its first is the plan."""

    run: RunRef
    case: Case
    stand: Stand
    because: str
    moves: tuple[PlannedMove, ...]
    approval: Approval
    held: str = ""
    """Why it is handed over or left alone; empty: something is to be done."""
    facts: dict[str, str] = field(default_factory=dict)
    target: StepRef | None = None
    done: tuple[StepRef, ...] = ()
    reconciled: Reconciled
    unsafe_if: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    attempts: int = 0
    """Attempts of the target when it was looked at."""
    redrives: int = 0
    """Re-drives of this step before this one."""
    redrives_left: int = 0
    last_event_id: int = 0
    activity_id: str = ""

    @property
    def first(self) -> PlannedMove:
        """The move to make."""
        return self.moves[0]

    @property
    def acts(self) -> bool:
        """It changes something."""
        return self.first.move not in {Move.WAIT, Move.HAND_OVER}


def plan(
    diagnosis: Diagnosis, reconciled: Reconciled, knowledge: SagaKnowledge, attempts_so_far: int = 0
) -> RedrivePlan:
    """The safest way on. `attempts_so_far`: re-drives of this step already made, by anybody."""
    held = _held(diagnosis, reconciled, knowledge, attempts_so_far)
    chosen = [] if held else _allowed(diagnosis, reconciled)
    if not held and not chosen:
        held = _no_way(diagnosis, reconciled)
    moves = [_planned(effect, diagnosis, reconciled, knowledge) for effect in chosen] + _left(diagnosis)
    return RedrivePlan(
        run=diagnosis.run,
        case=diagnosis.case,
        stand=diagnosis.stand,
        because=diagnosis.because,
        moves=tuple(moves),
        approval=_approval(moves[0], diagnosis, reconciled, knowledge),
        held=held,
        facts=diagnosis.facts,
        target=diagnosis.target,
        done=diagnosis.done,
        reconciled=reconciled,
        unsafe_if=tuple(_unsafe_if(moves[0], diagnosis, knowledge)),
        found=tuple(_found(diagnosis, reconciled)),
        attempts=diagnosis.attempts,
        redrives=attempts_so_far,
        redrives_left=max(knowledge.attempts_per_step - attempts_so_far - 1, 0),
        last_event_id=diagnosis.last_event_id,
        activity_id=diagnosis.activity_id,
    )


# --- may anything be done at all ------------------------------------------------------------------------------------


def _held(diagnosis: Diagnosis, reconciled: Reconciled, knowledge: SagaKnowledge, attempts_so_far: int) -> str:
    """Why nothing is done; empty: something may be."""
    if diagnosis.case not in ACTIONABLE or diagnosis.target is None:
        return f"{diagnosis.case}: {diagnosis.because}"
    if attempts_so_far >= knowledge.attempts_per_step:
        return f"the step was re-driven {attempts_so_far} times already"
    about = _about(diagnosis, knowledge)
    if about is None:
        return f"the runbook does not know {diagnosis.target.type}: an unknown step is never safe"
    lacking = [fact for fact in about.needs if not diagnosis.facts.get(fact)]
    if lacking and reconciled.answer is not Answer.HAPPENED:
        return f"the saga does not say its {', '.join(lacking)}, without which {diagnosis.target.type} does harm"
    if reconciled.answer is Answer.HAPPENED:
        no_result = about.needs_result and not _is_json(reconciled.result)
        return "it happened, but its result is not known" if no_result else ""
    must_know = diagnosis.doubt or about.repeat is Repeat.UNSAFE
    if must_know and reconciled.answer is not Answer.DID_NOT:
        return f"the provider cannot tell whether it happened ({reconciled.detail or 'no answer'}): a person decides"
    return ""


def _about(diagnosis: Diagnosis, knowledge: SagaKnowledge) -> StepKnowledge | None:
    target = diagnosis.target
    return about_step(target.kind, target.type, knowledge) if target else None


def _allowed(diagnosis: Diagnosis, reconciled: Reconciled) -> list[MoveEffect]:
    """Run it again, or go on past it: what the provider says decides which."""
    happened = reconciled.answer is Answer.HAPPENED
    candidates = [diagnosis.effect(move) for move in (PAST if happened else AGAIN)]
    return [effect for effect in candidates if not effect.impossible and effect.only_target]


def _no_way(diagnosis: Diagnosis, reconciled: Reconciled) -> str:
    if reconciled.answer is Answer.HAPPENED:
        return "it happened, and the saga cannot be told so"
    return f"no move runs this step alone: {diagnosis.because}"


def _left(diagnosis: Diagnosis) -> list[PlannedMove]:
    """What remains when nothing else helps."""
    wait, over = (PlannedMove(move=move, effect=diagnosis.effect(move)) for move in (Move.WAIT, Move.HAND_OVER))
    match diagnosis.case:
        case Case.MOVING | Case.REDRIVEN:
            return [wait]
        case Case.RUNNING_NOW:
            return [wait, over]
    return [over]


# --- a move with all it needs ---------------------------------------------------------------------------------------


def _planned(effect: MoveEffect, diagnosis: Diagnosis, reconciled: Reconciled, knowledge: SagaKnowledge) -> PlannedMove:
    return PlannedMove(
        move=effect.move,
        effect=effect,
        telling=_telling(effect.move, diagnosis, reconciled, knowledge),
        result=reconciled.result if effect.move in PAST else "",
        attempts_to=_attempts_to(diagnosis) if effect.move is Move.RUN_NOW else 0,
        request_id=request_id(diagnosis.run.run_id, effect),
        resuming=_resuming(effect.move, diagnosis, reconciled, knowledge),
    )


def request_id(run_id: str, effect: MoveEffect) -> str:
    """Deterministic, for moves that make a run; some engines deduplicate by it and some do not (engine.md §5)."""
    if effect.move not in {Move.RESET, Move.NEW_RUN, Move.CONTINUE_PAST}:
        return ""
    return str(uuid.uuid5(REQUESTS, f"{run_id}/{effect.reset_event_id or effect.move}"))


def _attempts_to(diagnosis: Diagnosis) -> int:
    """When the next attempt is the last, its failure would end the saga."""
    last = 0 < diagnosis.most_attempts <= diagnosis.attempts
    return diagnosis.attempts + MORE_ATTEMPTS if last else 0


def _telling(move: Move, diagnosis: Diagnosis, reconciled: Reconciled, knowledge: SagaKnowledge) -> Telling | None:
    offer = knowledge.offer
    message = {Move.TELL_RETRY: offer.retry, Move.TELL_DONE: offer.skip}.get(move) if offer else None
    if message is None:
        return None
    words = {"job": "", "customer": "", "plan": "", **diagnosis.facts}
    words |= {"step": diagnosis.target.type if diagnosis.target else "", "result": reconciled.result or "null"}
    return Telling(via=message.via, name=message.name, payload=_filled(message, words))


def _filled(message: Message, words: dict[str, str]) -> str:
    if not message.payload:
        return ""
    if isinstance(message.payload, str):
        return json.dumps(_value(message.payload, words), ensure_ascii=False)
    return json.dumps({name: _value(value, words) for name, value in message.payload.items()}, ensure_ascii=False)


def _value(template: str, words: dict[str, str]) -> object:
    """`{result}` alone is JSON; everything else is text. Replaced by name, never by `format`: words are not trusted."""
    if template == "{result}":
        return json.loads(words["result"]) if _is_json(words["result"]) else None
    for name, word in words.items():
        template = template.replace("{" + name + "}", word)
    return template


def _resuming(move: Move, diagnosis: Diagnosis, reconciled: Reconciled, knowledge: SagaKnowledge) -> Resuming | None:
    offered, target = knowledge.resume_from, diagnosis.target
    if offered is None or target is None or move not in {Move.NEW_RUN, Move.CONTINUE_PAST}:
        return None
    past = move is Move.CONTINUE_PAST
    results = {step.type: step.closed_id for step in diagnosis.done}
    known = {target.type: reconciled.result or "null"} if past else {}
    if offered.shape is ResumeShape.DONE_RESULTS:
        return Resuming(input_field=offered.input_field, results=results, known=known)
    order = order_of(offered, knowledge)
    first = order[order.index(target.type) + past]
    alone = Resuming(input_field=offered.input_field, value=json.dumps(first))
    if not offered.results_field:
        return alone
    return replace(alone, results_field=offered.results_field, results=results, known=known)


# --- by whose leave, and what would make it wrong -------------------------------------------------------------------


def _approval(move: PlannedMove, diagnosis: Diagnosis, reconciled: Reconciled, knowledge: SagaKnowledge) -> Approval:
    if move.move in {Move.WAIT, Move.HAND_OVER}:
        return Approval.MANUAL
    if knowledge.approval is not Approval.AUTOMATIC:
        return knowledge.approval
    return Approval.AUTOMATIC if _may_run_alone(move, diagnosis, reconciled, knowledge) else Approval.APPROVAL


def _may_run_alone(move: PlannedMove, diagnosis: Diagnosis, reconciled: Reconciled, knowledge: SagaKnowledge) -> bool:
    """Keyed, certain, and nobody's wish against it (issue 4 §3, approval)."""
    about = _about(diagnosis, knowledge)
    return (
        about is not None
        and about.repeat is Repeat.KEYED
        and diagnosis.case in ALONE_SAFE
        and diagnosis.sure
        and not diagnosis.doubt
        and not diagnosis.ended_by
        and not diagnosis.paused_by
        and reconciled.answer is Answer.DID_NOT
        and not move.effect.forgets
        and not move.effect.duplicates
    )


def _unsafe_if(move: PlannedMove, diagnosis: Diagnosis, knowledge: SagaKnowledge) -> list[str]:
    if move.move in {Move.WAIT, Move.HAND_OVER}:
        return []
    about, target = _about(diagnosis, knowledge), diagnosis.target
    says = [
        (True, "somebody re-drives this job meanwhile, or another run of it begins"),
        (knowledge.cron_redrives, "reconcile-provisioning is not paused while this runs"),
        (about and about.repeat is Repeat.KEYED, f"the provider does not keep the key ({about.why if about else ''})"),
        (diagnosis.doubt, f"an old attempt still gets through: {diagnosis.doubt}"),
        (diagnosis.error and not diagnosis.sure, f"it is not {target.type if target else ''} that ended the saga"),
        (move.effect.forgets, f"the saga still needs {', '.join(move.effect.forgets)}: the new run will not have it"),
        (diagnosis.ended_by, f"it was ended on purpose: {diagnosis.ended_by}"),
        (diagnosis.paused_by, f"it was paused on purpose: {diagnosis.paused_by}"),
        (move.move in {Move.RUN_NOW, Move.RESTART_ATTEMPTS}, "an attempt starts by itself in that moment"),
    ]
    return [text for holds, text in says if holds]


def _found(diagnosis: Diagnosis, reconciled: Reconciled) -> list[str]:
    """Everything a person needs who takes over."""
    target = diagnosis.target
    says = [
        (True, f"{diagnosis.case}: {diagnosis.because}"),
        (target, f"step: {target.name if target else ''} ({diagnosis.attempts} attempts)"),
        (diagnosis.error, f"error: {diagnosis.error}"),
        (diagnosis.inside, f"inside the child it was {diagnosis.inside}"),
        (diagnosis.doubt, f"in doubt: {diagnosis.doubt}"),
        (True, f"the provider says: {reconciled.answer} {reconciled.detail}".strip()),
        (diagnosis.compensations, f"taken back: {', '.join(step.type for step in diagnosis.compensations)}"),
        (diagnosis.others, f"failed too: {', '.join(step.type for step in diagnosis.others)}"),
        (diagnosis.ended_by, f"ended by {diagnosis.ended_by}"),
        (diagnosis.resets, f"reset {len(diagnosis.resets)} times before"),
        (diagnosis.look_at, f"see also run {diagnosis.look_at.run_id if diagnosis.look_at else ''}"),
    ]
    refused = [_why_not(effect) for effect in diagnosis.moves if effect.move in AGAIN and not effect.impossible]
    return [text for holds, text in says if holds] + [line for line in refused if line]


def _why_not(effect: MoveEffect) -> str:
    """`reset would also run mint, and forget release`."""
    parts = [
        ("also run", [step.type for step in effect.reruns]),
        ("build on what was taken back by", [step.type for step in effect.undoes]),
        ("leave out", list(effect.skips)),
    ]
    said = [f"{verb} {', '.join(sorted(set(names)))}" for verb, names in parts if names]
    return f"{effect.move} would {' and '.join(said)}" if said else ""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
