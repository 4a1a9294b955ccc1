"""Histories written by hand, as the engine writes them (seen live: engine.md §5, and `test_engine.py` here)."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType, TimeoutType, WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent

from saga.history import read
from saga.run import Described, Ended, Failed, PendingState, PendingStep, RunStatus, SagaRun
from saga.words import SagaKnowledge
from tests.saga.known import KNOWN

BEGAN = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)
LATER = BEGAN + timedelta(hours=2)
"""When the saga is looked at: long after anything moved."""

TIMEOUTS = {
    "start": TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE,
    "queue": TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_START,
    "total": TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE,
    "heartbeat": TimeoutType.TIMEOUT_TYPE_HEARTBEAT,
}


def payload(value: object) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode())


def payloads(*values: object) -> Payloads:
    return Payloads(payloads=[payload(value) for value in values])


def by_code(kind: str = "DbError", message: str = "no") -> Failure:
    failure = Failure(message=message, stack_trace='File "x.py", line 1')
    failure.application_failure_info.type = kind
    return failure


def by_time(which: str, cause: Failure | None = None) -> Failure:
    failure = Failure(message=f"activity {which} timeout", cause=cause)
    failure.timeout_failure_info.timeout_type = TIMEOUTS[which]
    return failure


def by_reset() -> Failure:
    failure = Failure(message="reset")
    failure.reset_workflow_failure_info.SetInParent()
    return failure


@dataclass
class History:
    """Events in the order told. Each method returns the id that later ones refer to."""

    workflow_type: str = "ProvisionTenant"
    given: dict[str, str] = field(default_factory=lambda: {"job": "7f3", "customer": "ACME", "plan": "L"})
    run_id: str = "run-1"
    continued_from: str = ""
    events: list[HistoryEvent] = field(default_factory=list)
    status: RunStatus = RunStatus.RUNNING
    types: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.events:
            self.add(
                "workflow_execution_started",
                workflow_type={"name": self.workflow_type},
                input=payloads(self.given),
                continued_execution_run_id=self.continued_from,
                first_execution_run_id=self.continued_from or self.run_id,
            )

    def add(self, kind: str, **attributes: Any) -> int:
        number = len(self.events) + 1
        event = HistoryEvent(
            event_id=number,
            event_type=getattr(EventType, f"EVENT_TYPE_{kind.upper()}", 0),
            **{f"{kind}_event_attributes": attributes},
        )
        event.event_time.FromDatetime(BEGAN + timedelta(seconds=number))
        self.events.append(event)
        return number

    def task(self) -> int:
        scheduled = self.add("workflow_task_scheduled", attempt=1)
        started = self.add("workflow_task_started", scheduled_event_id=scheduled)
        return self.add("workflow_task_completed", scheduled_event_id=scheduled, started_event_id=started)

    def failed_task(self, message: str = "[TMPRL1100] Nondeterminism error") -> int:
        scheduled = self.add("workflow_task_scheduled", attempt=1)
        started = self.add("workflow_task_started", scheduled_event_id=scheduled)
        cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR
        return self.add(
            "workflow_task_failed",
            scheduled_event_id=scheduled,
            started_event_id=started,
            cause=cause,
            failure=Failure(message=message),
        )

    def schedule(self, activity: str, task: int | None = None, given: object = None, most: int = 0) -> int:
        number = self.add(
            "activity_task_scheduled",
            activity_id=str(len(self.events) + 1),
            activity_type={"name": activity},
            input=payloads(given or self.given),
            workflow_task_completed_event_id=task or self.task_now(),
            retry_policy={"maximum_attempts": most},
        )
        self.types[number] = activity
        return number

    def task_now(self) -> int:
        """The task that has just been completed, or a new one."""
        last = self.events[-1]
        commands = {
            EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
            EventType.EVENT_TYPE_MARKER_RECORDED,
            EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
            EventType.EVENT_TYPE_TIMER_STARTED,
        }
        if last.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED or last.event_type in commands:
            return next(
                e.event_id for e in reversed(self.events) if e.HasField("workflow_task_completed_event_attributes")
            )
        return self.task()

    def start(self, step: int, attempts: int = 1, before: Failure | None = None) -> int:
        return self.add("activity_task_started", scheduled_event_id=step, attempt=attempts, last_failure=before)

    def done(self, step: int, result: object = "ok") -> int:
        started = self.start(step)
        given = payloads(result)
        return self.add("activity_task_completed", scheduled_event_id=step, started_event_id=started, result=given)

    def fail(self, step: int, failure: Failure | None = None, attempts: int = 1, before: Failure | None = None) -> int:
        started = self.start(step, attempts, before)
        failure = failure or by_code()
        return self.add("activity_task_failed", scheduled_event_id=step, started_event_id=started, failure=failure)

    def time_out(self, step: int, which: str, attempts: int = 1, cause: Failure | None = None) -> int:
        started = 0 if which == "queue" else self.start(step, attempts)
        failure = by_time(which, cause)
        return self.add("activity_task_timed_out", scheduled_event_id=step, started_event_id=started, failure=failure)

    def cancel(self, step: int) -> int:
        return self.add("activity_task_canceled", scheduled_event_id=step)

    def step(self, activity: str, result: object = "ok", given: object = None) -> int:
        """One step in a task of its own, done."""
        self.task()
        number = self.schedule(activity, given=given)
        self.done(number, result)
        return number

    def local(self, activity: str, result: object = "ok", failure: Failure | None = None, backoff: bool = False) -> int:
        task = self.task_now()
        data = {"seq": 1, "attempt": 1, "activity_id": "1", "activity_type": activity, "backoff": None}
        if backoff:
            data["backoff"] = {"seconds": 90, "nanos": 0}
        details = {"data": payloads(data)}
        if failure is None:
            details["result"] = payloads(result)
        number = self.add(
            "marker_recorded",
            marker_name="core_local_activity",
            details=details,
            workflow_task_completed_event_id=task,
            failure=failure,
        )
        self.types[number] = activity
        return number

    def marker(self, name: str, **details: object) -> int:
        told = {key: payloads(value) for key, value in details.items()}
        task = self.task_now()
        return self.add("marker_recorded", marker_name=name, details=told, workflow_task_completed_event_id=task)

    def child(self, kind: str, workflow_id: str = "child-1", task: int | None = None) -> int:
        number = self.add(
            "start_child_workflow_execution_initiated",
            workflow_id=workflow_id,
            workflow_type={"name": kind},
            workflow_task_completed_event_id=task or self.task_now(),
            input=payloads(self.given),
        )
        self.types[number] = kind
        self.add(
            "child_workflow_execution_started",
            initiated_event_id=number,
            workflow_execution={"workflow_id": workflow_id, "run_id": f"{workflow_id}-run"},
        )
        return number

    def child_done(self, child: int, result: object = "ok") -> int:
        return self.add("child_workflow_execution_completed", initiated_event_id=child, result=payloads(result))

    def child_failed(self, child: int, failure: Failure | None = None) -> int:
        inner = failure or self.wrapped(7, "create_database", by_code())
        return self.add("child_workflow_execution_failed", initiated_event_id=child, failure=inner)

    @staticmethod
    def wrapped(scheduled_id: int, activity: str, cause: Failure) -> Failure:
        failure = Failure(message="Activity task failed", cause=cause)
        failure.activity_failure_info.scheduled_event_id = scheduled_id
        failure.activity_failure_info.activity_type.name = activity
        return failure

    def signal(self, name: str) -> int:
        return self.add("workflow_execution_signaled", signal_name=name)

    def update(self, name: str) -> int:
        return self.add("workflow_execution_update_accepted", accepted_request={"input": {"name": name}})

    def timer(self) -> int:
        return self.add("timer_started", timer_id="1", workflow_task_completed_event_id=self.task_now())

    def reset(self, base: str, new: str) -> int:
        self.run_id = new
        cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW
        scheduled = self.add("workflow_task_scheduled", attempt=1)
        started = self.add("workflow_task_started", scheduled_event_id=scheduled)
        return self.add(
            "workflow_task_failed",
            scheduled_event_id=scheduled,
            started_event_id=started,
            cause=cause,
            base_run_id=base,
            new_run_id=new,
        )

    def ended(self, blame: int = 0, failure: Failure | None = None) -> "History":
        """The saga fails; `blame`: the step its failure names."""
        task = self.task()
        if blame:
            failure = self.wrapped(blame, self.types[blame], failure or by_code())
        self.add("workflow_execution_failed", failure=failure or by_code("Saga"), workflow_task_completed_event_id=task)
        self.status = RunStatus.FAILED
        return self

    def finished(self) -> "History":
        self.add("workflow_execution_completed", workflow_task_completed_event_id=self.task())
        self.status = RunStatus.COMPLETED
        return self

    def terminated(self, by: str = "ana", reason: str = "customer refunded") -> "History":
        self.add("workflow_execution_terminated", identity=by, reason=reason)
        self.status = RunStatus.TERMINATED
        return self

    def timed_out(self) -> "History":
        self.add("workflow_execution_timed_out")
        self.status = RunStatus.TIMED_OUT
        return self

    def canceled(self) -> "History":
        self.add("workflow_execution_canceled", workflow_task_completed_event_id=self.task())
        self.status = RunStatus.CANCELED
        return self

    def seen(self, **more: Any) -> Described:
        """What describing this run would say."""
        plain = Described(
            workflow_id="provision-7f3",
            run_id=self.run_id,
            workflow_type=self.workflow_type,
            status=self.status,
            current_run_id=self.run_id,
            history_length=len(self.events),
        )
        return replace(plain, **more)

    def run(self, knowledge: SagaKnowledge = KNOWN, **more: Any) -> SagaRun:
        """Read by the reader itself."""
        return read(self.events, self.seen(**more), knowledge.sources)


def pending(
    step: int,
    activity: str,
    state: PendingState = PendingState.SCHEDULED,
    attempt: int = 9,
    error: str = "DbError",
    **more: Any,
) -> tuple[PendingStep, ...]:
    """An activity in back-off, or in another state."""
    failed = Failed(line=f"{error}: no", ended=Ended.BY_CODE, type=error) if error else None
    one = PendingStep(
        activity_id=str(step),
        type=activity,
        state=state,
        attempt=attempt,
        next_attempt_at=LATER + timedelta(minutes=1) if state is PendingState.SCHEDULED and attempt > 1 else None,
        failed=failed,
    )
    return (replace(one, **more),)
