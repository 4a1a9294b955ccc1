"""Histories of any shape: what a saga, an engine and an operator could have made of it, and more."""

from hypothesis import strategies as st

from saga.run import PendingState, PendingTask, RunRef, RunStatus
from tests.saga.events import History, by_code, by_reset, by_time, pending

STEPS = ["reserve", "mint", "set_quota", "create_database", "dns", "release", "drop_database", "unheard_of"]
KINDS = ["Region", "SafeRegion", "UnheardOf"]
FAILURES = [
    by_code(),
    by_code("Rejected"),
    by_code("AnswerLost"),
    by_code(""),
    by_reset(),
    by_time("start"),
    by_time("heartbeat", by_code()),
]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Tasks that decide anything at all, and whatever became of it, in any order."""
    history = History(continued_from=draw(st.sampled_from(["", "", "run-0"])))
    opened: list[int] = []
    for _ in range(draw(st.integers(0, 12))):
        _act(draw, history, opened)
    _end(draw, history, opened)
    return history


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


def _end(draw: st.DrawFn, history: History, opened: list[int]) -> None:
    ending = draw(
        st.sampled_from(["ended", "ended", "named", "terminated", "timed_out", "canceled", "finished", "runs"])
    )
    if ending == "named" and history.types:
        history.ended(blame=draw(st.sampled_from(sorted(history.types))))
    elif ending not in {"named", "runs"}:
        getattr(history, ending)()


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
            if draw(st.booleans()) and kind not in KINDS:
                state, attempt = draw(st.sampled_from(PendingState)), draw(st.integers(1, 12))
                error = draw(st.sampled_from(["", "DbError", "Rejected", "AnswerLost"]))
                more["pending"] = (*more.get("pending", ()), *pending(step, kind, state, attempt, error))
        more["pending_children"] = draw(st.sampled_from([(), (RunRef(workflow_id="child-1", run_id="r"),)]))
    return more
