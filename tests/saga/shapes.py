"""Histories of any shape: what a saga, an engine and an operator could have made of it, and more."""

from hypothesis import strategies as st

from saga.run import PendingState, PendingTask, RunRef, RunStatus
from tests.saga.events import History, by_code, by_reset, by_time, pending

STEPS = ["reserve", "mint", "set_quota", "create_database", "dns", "release", "drop_database", "unheard_of"]
KINDS = ["Region", "SafeRegion", "UnheardOf"]
FAILURES = [
    *[by_code()] * 3,
    by_code("Rejected"),
    by_code("AnswerLost"),
    by_code(""),
    by_reset(),
    by_time("start"),
    by_time("heartbeat", by_code()),
]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Steps that went well, then tasks that decide anything at all and whatever became of it, then mostly a failure."""
    history = History(continued_from=draw(st.sampled_from(["", "", "", "run-0"])))
    for step in ("reserve", "mint", "set_quota")[: draw(st.integers(0, 3))]:
        history.step(step)
    opened: list[int] = []
    for _ in range(draw(st.sampled_from([0, 0, 1, 2, 3, 8]))):
        _act(draw, history, opened)
    failed = _last_step(draw, history, opened) if draw(st.integers(0, 3)) else 0
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        _act(draw, history, opened)
    _end(draw, history, failed)
    return history


def _last_step(draw: st.DrawFn, history: History, opened: list[int]) -> int:
    """One step in a task of its own, or beside others, that is not done."""
    task = history.task()
    if not draw(st.integers(0, 4)):
        _decide(draw, history, opened, task)
    number = history.schedule(draw(st.sampled_from(STEPS[:5])), task)
    while opened and draw(st.booleans()):
        step = opened.pop()
        (history.child_done if history.types[step] in KINDS else history.done)(step)
    if draw(st.integers(0, 3)):
        history.fail(number, draw(st.sampled_from(FAILURES)), draw(st.integers(1, 3)))
    return number


def _act(draw: st.DrawFn, history: History, opened: list[int]) -> None:
    match draw(st.sampled_from(["task", "task", "close", "close", "signal", "reset", "bad task", "noise"])):
        case "task":
            _decide(draw, history, opened, history.task())
        case "close" if opened:
            _close(draw, history, opened.pop(draw(st.integers(0, len(opened) - 1))))
        case "signal":
            draw(st.sampled_from([history.signal, history.update]))(draw(st.sampled_from(["paid", "retry_step"])))
        case "reset":
            history.reset(draw(st.sampled_from(["run-0", "run-1"])), history.run_id)
        case "bad task":
            history.failed_task()
        case "noise":
            history.add("workflow_execution_options_updated")


def _decide(draw: st.DrawFn, history: History, opened: list[int], task: int) -> None:
    for _ in range(draw(st.integers(0, 3))):
        match draw(st.sampled_from(["activity", "activity", "local", "child", "timer", "marker", "nexus", "message"])):
            case "activity":
                given = draw(st.sampled_from([None, {"region": "eu"}]))
                opened.append(history.schedule(draw(st.sampled_from(STEPS)), task, given))
            case "local":
                failure = draw(st.sampled_from([None, *FAILURES]))
                history.local(draw(st.sampled_from(STEPS)), failure=failure, backoff=draw(st.booleans()))
            case "child":
                opened.append(history.child(draw(st.sampled_from(KINDS)), f"child-{len(history.events)}", task))
            case "timer":
                history.timer()
            case "marker":
                history.marker(draw(st.sampled_from(["SideEffect", "core_patch", "Version", "LocalActivity"])))
            case "nexus":
                number = history.add(
                    "nexus_operation_scheduled", service="s", operation="o", workflow_task_completed_event_id=task
                )
                history.types[number] = "s.o"
            case "message":
                history.add(
                    "signal_external_workflow_execution_initiated",
                    signal_name="tell",
                    workflow_task_completed_event_id=task,
                )


def _close(draw: st.DrawFn, history: History, step: int) -> None:
    failure, attempts = draw(st.sampled_from(FAILURES)), draw(st.integers(1, 4))
    if history.types[step] in KINDS:
        draw(st.sampled_from([history.child_done, history.child_failed]))(step)
        return
    match draw(st.sampled_from(["done", "done", "fail", "time out", "cancel"])):
        case "done":
            history.done(step)
        case "fail":
            history.fail(step, failure, attempts, draw(st.sampled_from([None, *FAILURES])) if attempts > 1 else None)
        case "time out":
            which = draw(st.sampled_from(["start", "queue", "total", "heartbeat"]))
            history.time_out(step, which, attempts, draw(st.sampled_from([None, *FAILURES])))
        case "cancel":
            history.cancel(step)


def _end(draw: st.DrawFn, history: History, failed: int) -> None:
    ways = ["named", "named", "runs", "runs", "ended", "terminated", "timed_out", "canceled", "finished"]
    match draw(st.sampled_from(ways)):
        case "named" if history.types:
            history.ended(blame=failed or draw(st.sampled_from(sorted(history.types))))
        case "named" | "ended":
            history.ended()
        case "runs":
            history.task()
        case way:
            getattr(history, way)()


@st.composite
def seen(draw: st.DrawFn, history: History) -> dict[str, object]:
    """What describing it might say beside it, true or not."""
    more: dict[str, object] = {}
    if draw(st.integers(0, 9)) == 0:
        more |= draw(
            st.sampled_from(
                [
                    {"reset_run_id": "run-2"},
                    {"current_run_id": "run-2"},
                    {"history_length": 9999},
                    {"status": RunStatus.UNKNOWN},
                    {"workflow_task": PendingTask(attempt=9)},
                    {"workflow_type": "Other"},
                ]
            )
        )
    if history.status is RunStatus.RUNNING:
        for step, kind in history.types.items():
            if draw(st.integers(0, 3)) and kind not in KINDS:
                state, attempt = draw(st.sampled_from(PendingState)), draw(st.integers(1, 12))
                error = draw(st.sampled_from(["", "DbError", "Rejected", "AnswerLost"]))
                more["pending"] = (*more.get("pending", ()), *pending(step, kind, state, attempt, error))
        more["pending_children"] = draw(st.sampled_from([(), (RunRef(workflow_id="child-1", run_id="r"),)]))
    return more
