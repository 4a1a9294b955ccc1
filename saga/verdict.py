"""Did it work? Judged by the new history and by the world, never by our call's answer (issue 4 §3, verify)."""

import json
from dataclasses import dataclass
from enum import StrEnum

from saga.effects import Move
from saga.moves import RedrivePlan
from saga.one_line import one_line
from saga.run import Kind, Outcome, RunStatus, SagaRun, StepRun

NEW_RUNS = {Move.RESET, Move.NEW_RUN, Move.CONTINUE_PAST}


class Judgement(StrEnum):
    OK = "ok"
    NOT_YET = "not yet"
    UNKNOWN = "unknown"
    BAD = "bad"


WORST_FIRST = (Judgement.BAD, Judgement.UNKNOWN, Judgement.NOT_YET, Judgement.OK)


@dataclass(frozen=True, kw_only=True)
class World:
    """What the providers answer about this customer. None: it could not be asked."""

    deployments: tuple[str, ...] | None = None
    """Every `dpl_` of the customer."""
    quota: str | None = None
    paid: str | None = None
    tenant_answers: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Point:
    """One thing looked at."""

    judgement: Judgement
    says: str
    money: bool = False
    """Money or data are in doubt: finance and the ledger owner must know."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    points: tuple[Point, ...]

    @property
    def judgement(self) -> Judgement:
        """The worst of them. Unknown is not ok."""
        found = {point.judgement for point in self.points}
        return next(judgement for judgement in WORST_FIRST if judgement in found or judgement is Judgement.OK)

    @property
    def money_in_doubt(self) -> bool:
        return any(point.money and point.judgement is Judgement.BAD for point in self.points)


def verified(plan: RedrivePlan, after: SagaRun | None, world: World) -> Verdict:
    """`after`: the run that goes on now, read anew; None: it could not be read."""
    finished = after is not None and after.described.status is RunStatus.COMPLETED
    history = [Point(judgement=Judgement.UNKNOWN, says="the new history could not be read")]
    if after is not None:
        history = _history(plan, after)
    return Verdict(points=(*history, *_world(world, finished=finished)))


def _history(plan: RedrivePlan, after: SagaRun) -> list[Point]:
    if after.unreadable:
        return [Point(judgement=Judgement.UNKNOWN, says=f"the new history is not to be believed: {after.unreadable}")]
    begun = acted_at(plan, after)
    if begun is None:
        return [Point(judgement=Judgement.UNKNOWN, says="this run does not come from our move")]
    since = [step for step in after.steps if step.scheduled_id > begun or step.started_id > begun]
    return [_nothing_else(plan, since), _moved_on(plan, after, since)]


def acted_at(plan: RedrivePlan, after: SagaRun) -> int | None:
    """The event after which everything is new; None: the run is not ours."""
    same = after.described.run_id == plan.run.run_id
    if plan.first.move not in NEW_RUNS:
        return plan.last_event_id if same else None
    if same:
        return None
    if plan.first.move is not Move.RESET:
        return 0
    ours = [reset.event_id for reset in after.resets if reset.base_run == plan.run.run_id]
    return ours[-1] if ours else None


def _nothing_else(plan: RedrivePlan, since: list[StepRun]) -> Point:
    """Nothing that was done before ran again, and the target only where it was meant to."""
    done = {(step.kind, step.type, step.input_digest) for step in plan.done}
    again = [step.type for step in since if (step.kind, step.type, step.input_digest) in done]
    if not plan.first.effect.runs:
        again += [step.type for step in since if _is_target(plan, step) and not _was_completed(plan, step)]
    if again:
        return Point(judgement=Judgement.BAD, says=f"ran again: {', '.join(sorted(set(again)))}", money=True)
    return Point(judgement=Judgement.OK, says="nothing that was done ran again")


def _was_completed(plan: RedrivePlan, step: StepRun) -> bool:
    """Recorded as done by us: the engine then writes a start that never was (seen live), so only the result tells."""
    if plan.first.move is not Move.COMPLETE or step.attempts > plan.attempts:
        return False
    return step.outcome is Outcome.DONE and _plain(step.result) == _plain(one_line(plan.first.result))


def _plain(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return line


def _is_target(plan: RedrivePlan, step: StepRun) -> bool:
    target = plan.target
    if target is None or (step.kind, step.type) != (target.kind, target.type):
        return False
    return step.kind is Kind.LOCAL or step.input_digest == target.input_digest


def _moved_on(plan: RedrivePlan, after: SagaRun, since: list[StepRun]) -> Point:
    status = after.described.status
    if status is RunStatus.COMPLETED:
        return Point(judgement=Judgement.OK, says="the saga has finished")
    if status is not RunStatus.RUNNING:
        return Point(judgement=Judgement.BAD, says=f"the saga {status!s} again")
    target = [step for step in after.steps if _is_target(plan, step)]
    if plan.first.effect.runs and not (target and target[-1].outcome is Outcome.DONE):
        failed = bool(target) and target[-1].outcome is not Outcome.OPEN and target[-1] in since
        judgement = Judgement.BAD if failed else Judgement.NOT_YET
        return Point(judgement=judgement, says="the step failed again" if failed else "the step is not done yet")
    if any(not _is_target(plan, step) for step in since):
        return Point(judgement=Judgement.OK, says="the saga moved on")
    return Point(judgement=Judgement.NOT_YET, says="the step is done, the saga has not moved on yet")


def _world(world: World, *, finished: bool) -> list[Point]:
    return [_deployments(world, finished=finished), _quota(world, finished=finished), _tenant(world, finished=finished)]


def _deployments(world: World, *, finished: bool) -> Point:
    if world.deployments is None:
        return Point(judgement=Judgement.UNKNOWN, says="the provider's deployments could not be seen")
    count = len(set(world.deployments))
    if count == 1:
        return Point(judgement=Judgement.OK, says=f"exactly one deployment: {world.deployments[0]}")
    says = f"{count} deployments instead of one: {', '.join(sorted(set(world.deployments))) or 'none'}"
    return Point(judgement=Judgement.BAD if count or finished else Judgement.NOT_YET, says=says, money=True)


def _quota(world: World, *, finished: bool) -> Point:
    if world.quota is None or world.paid is None:
        return Point(judgement=Judgement.UNKNOWN, says="quota and what was paid could not be compared")
    if world.quota == world.paid:
        return Point(judgement=Judgement.OK, says=f"the quota is what was paid: {world.paid}")
    says = f"the quota is {world.quota}, paid was {world.paid}"
    return Point(judgement=_bad_or_not_yet(finished=finished), says=says, money=True)


def _tenant(world: World, *, finished: bool) -> Point:
    if world.tenant_answers is None:
        return Point(judgement=Judgement.UNKNOWN, says="the tenant could not be asked")
    if world.tenant_answers:
        return Point(judgement=Judgement.OK, says="the tenant answers")
    return Point(judgement=_bad_or_not_yet(finished=finished), says="the tenant does not answer")


def _bad_or_not_yet(*, finished: bool) -> Judgement:
    return Judgement.BAD if finished else Judgement.NOT_YET
