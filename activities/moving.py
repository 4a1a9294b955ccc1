"""Each move of a plan, made on the saga's engine exactly once (temporal-guide §6.1, §6.2)."""

import json
from datetime import timedelta
from typing import Any

from activities.saga_desk import SagaDesk
from integrations.errors import Refused
from integrations.sagas import Execution, NotThere
from saga.asking import RedriveAsk
from saga.effects import Move
from saga.moves import PlannedMove, Resuming
from saga.words import Via

SOON = timedelta(seconds=1)


async def make(ask: RedriveAsk, desk: SagaDesk) -> str:
    """Make the plan's first move; what was done, in words. Raises IntegrationError."""
    run = Execution(workflow_id=ask.plan.run.workflow_id, run_id=ask.plan.run.run_id)
    move = ask.plan.first
    match move.move:
        case Move.TELL_RETRY | Move.TELL_DONE:
            return await _tell(run, move, ask, desk)
        case Move.RUN_NOW | Move.RESTART_ATTEMPTS | Move.COMPLETE:
            return await _on_pending(run, move, ask, desk)
        case Move.RESET:
            reset = await desk.sagas.reset(
                run, move.effect.reset_event_id, request_id=move.request_id, reason=_reason(ask)
            )
            return f"reset to just before the step: run {reset}"
        case Move.NEW_RUN | Move.CONTINUE_PAST:
            return await _anew(run, move, desk)
        case Move.WAIT | Move.HAND_OVER:
            raise Refused(f"{move.move} is nothing to carry out")


async def _tell(run: Execution, move: PlannedMove, ask: RedriveAsk, desk: SagaDesk) -> str:
    telling = move.telling
    if telling is None:
        raise Refused("the plan does not say what to tell the saga")
    payload = json.loads(telling.payload) if telling.payload else None
    if telling.via is Via.SIGNAL:
        await desk.sagas.signal(run, telling.name, payload)
    else:
        # A key of this very plan: told twice it is one update, told for a later failure it is another.
        await desk.sagas.update(run, telling.name, payload, key=f"{ask.holder}/{ask.plan.last_event_id}")
    return f"told the saga: {telling.name}"


async def _on_pending(run: Execution, move: PlannedMove, ask: RedriveAsk, desk: SagaDesk) -> str:
    sagas, activity_id = desk.sagas, ask.plan.activity_id
    if move.attempts_to:
        await sagas.allow_attempts(run, activity_id, move.attempts_to, SOON)
    if move.move is Move.COMPLETE:
        await sagas.complete_activity(run, activity_id, json.loads(move.result or "null"))
        return "recorded the step as done, with the provider's result"
    if move.move is Move.RESTART_ATTEMPTS:
        await sagas.reset_activity(run, activity_id)
        return "its attempts begin anew, the first one now"
    await sagas.pause_activity(run, activity_id, reason=_reason(ask))
    await sagas.unpause_activity(run, activity_id)
    return "its next attempt runs now"


async def leave_nothing_paused(ask: RedriveAsk, desk: SagaDesk) -> None:
    """Cut off between pause and unpause, the step would wait for ever. Raises IntegrationError."""
    if ask.plan.first.move is not Move.RUN_NOW:
        return
    run = Execution(workflow_id=ask.plan.run.workflow_id, run_id=ask.plan.run.run_id)
    try:
        pending = (await desk.sagas.described(run)).pending_activities
    except NotThere:
        return
    for step in pending:
        if step.paused and step.pause_info.manual.reason == _reason(ask):
            await desk.sagas.unpause_activity(run, step.activity_id)


def _reason(ask: RedriveAsk) -> str:
    return f"{ask.holder} for {ask.incident}"


async def _anew(run: Execution, move: PlannedMove, desk: SagaDesk) -> str:
    """A new run of the same id, with the old one's input, memo and search attributes, and where to begin."""
    resuming = move.resuming
    if resuming is None:
        raise Refused("the plan does not say where the new run begins")
    wanted = {closed: step for step, closed in resuming.results.items()}
    first, results = None, {}
    async for page in desk.sagas.history(run):
        for event in page:
            if event.event_id == 1:
                first = event
            if event.event_id in wanted:
                results[wanted[event.event_id]] = desk.sagas.result_of(event)
    if first is None or results.keys() != resuming.results.keys():
        raise Refused("the results of what is done cannot be read any more")
    payload = desk.sagas.input_of(first)
    _fill(payload, resuming, results)
    started = await desk.sagas.start_like(run, payload, request_id=move.request_id)
    return f"started run {started}"


def _fill(payload: Any, resuming: Resuming, results: dict[str, Any]) -> None:
    """Write into the input where to begin, and what is done. Raises Refused."""
    known = results | {step: json.loads(value) for step, value in resuming.known.items()}
    if not isinstance(payload, dict):
        raise Refused("the saga's input is not one JSON object: nothing can be written into it")
    _put(payload, resuming.input_field, json.loads(resuming.value) if resuming.value else known)
    if resuming.results_field:
        _put(payload, resuming.results_field, known)


def _put(payload: dict[str, Any], path: str, value: Any) -> None:
    """`resume_from.step`: objects on the way are made where the input has none."""
    *way, last = path.split(".")
    for part in way:
        if not isinstance(payload.get(part), dict):
            payload[part] = {}
        payload = payload[part]
    payload[last] = value
