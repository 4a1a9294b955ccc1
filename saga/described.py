"""DescribeWorkflowExecution as plain facts: status, what is pending, who redrove it."""

from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import PendingActivityState, PendingWorkflowTaskState, WorkflowExecutionStatus
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse

from saga.failures import told
from saga.one_line import one_line
from saga.payloads import facts_in
from saga.run import Described, PendingState, PendingStep, PendingTask, RunRef, RunStatus
from saga.words import Source, Where

STATUSES = {
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING: RunStatus.RUNNING,
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_PAUSED: RunStatus.RUNNING,
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED: RunStatus.COMPLETED,
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_FAILED: RunStatus.FAILED,
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TIMED_OUT: RunStatus.TIMED_OUT,
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TERMINATED: RunStatus.TERMINATED,
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CANCELED: RunStatus.CANCELED,
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW: RunStatus.CONTINUED,
}
STATES = {
    PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED: PendingState.SCHEDULED,
    PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED: PendingState.PAUSED,
    PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED: PendingState.ENDING,
    PendingActivityState.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED: PendingState.ENDING,
}
"""A state not listed here counts as started: nothing is done to an attempt that may be running."""


def described(
    response: DescribeWorkflowExecutionResponse, current_run_id: str, sources: dict[str, Source]
) -> Described:
    """`current_run_id`: what describing the workflow id without a run id answered, at the same moment."""
    info, extended = response.workflow_execution_info, response.workflow_extended_info
    return Described(
        workflow_id=info.execution.workflow_id,
        run_id=info.execution.run_id,
        workflow_type=info.type.name,
        status=STATUSES.get(info.status, RunStatus.UNKNOWN),
        current_run_id=current_run_id,
        reset_run_id=extended.reset_run_id,
        started_at=_when(info, "start_time"),
        closed_at=_when(info, "close_time"),
        history_length=info.history_length,
        cancel_requested=extended.cancel_requested,
        pending=tuple(_pending(activity) for activity in response.pending_activities),
        pending_children=tuple(
            RunRef(workflow_id=child.workflow_id, run_id=child.run_id, workflow_type=child.workflow_type_name)
            for child in response.pending_children
        ),
        workflow_task=_task(response),
        facts={
            **facts_in(Where.MEMO, dict(info.memo.fields), sources),
            **facts_in(Where.SEARCH_ATTRIBUTE, dict(info.search_attributes.indexed_fields), sources),
        },
    )


def _pending(activity: PendingActivityInfo) -> PendingStep:
    state = STATES.get(activity.state, PendingState.STARTED)
    if activity.paused and state is PendingState.SCHEDULED:
        state = PendingState.PAUSED
    return PendingStep(
        activity_id=activity.activity_id,
        type=activity.activity_type.name,
        state=state,
        attempt=max(activity.attempt, 1),
        most_attempts=activity.maximum_attempts,
        next_attempt_at=_when(activity, "next_attempt_schedule_time"),
        started_at=_when(activity, "last_started_time"),
        expires_at=_when(activity, "expiration_time"),
        failed=told(activity.last_failure) if activity.HasField("last_failure") else None,
        paused_by=_paused_by(activity),
    )


def _paused_by(activity: PendingActivityInfo) -> str:
    manual = activity.pause_info.manual
    return one_line(": ".join(filter(None, (manual.identity, manual.reason)))) if activity.paused else ""


def _task(response: DescribeWorkflowExecutionResponse) -> PendingTask | None:
    if not response.HasField("pending_workflow_task"):
        return None
    task = response.pending_workflow_task
    return PendingTask(
        attempt=max(task.attempt, 1),
        started=task.state == PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED,
        since=_when(task, "original_scheduled_time"),
    )


def _when(message: Message, field: str) -> datetime | None:
    if not message.HasField(field):
        return None
    stamp = getattr(message, field)
    return instant(stamp) if isinstance(stamp, Timestamp) else None


def instant(stamp: Timestamp) -> datetime | None:
    """Aware UTC; None for what is not set or no instant."""
    if not stamp.seconds:
        return None
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
