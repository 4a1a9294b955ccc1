"""Does anybody work? Asked of the engine: who polls, what waits, and which incidents nobody touches.

Facts from Temporal's page "Task Queues" and its API's comments: a poll ends after a minute at the latest, so a worker
that lives was seen within that; pollers are remembered for minutes after they died.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import EventType, PendingWorkflowTaskState, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from bridge.second_path.missed import Away, Missed
from bridge.signal import signal_of
from incident.model.alert import Alert
from incident.model.already_paged import EarlierPage
from incident.model.incident import Phase
from incident.model.severity import Severity
from workflows import contract

SEEN_WITHIN = timedelta(seconds=90)
"""A worker polls at least once a minute; the rest is for a busy machine."""
PATIENCE = timedelta(seconds=5)
MOST = 200
"""Incidents looked at in one turn; the oldest first."""
HURTING = " OR ".join(f"IncidentPhase = '{phase}'" for phase in (Phase.TRIAGE, Phase.MITIGATE, Phase.RESOLVE))
UNOWNED = (
    f"WorkflowType = '{contract.WORKFLOW_TYPE}' AND ExecutionStatus = 'Running' "
    f"AND IncidentAcked = false AND ({HURTING})"
)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """The queue of incidents, as the engine sees it now."""

    worker_seen: bool
    """Somebody polled it lately."""
    oldest_waits: timedelta
    """How long its oldest task has waited; 0: none waits."""
    waiting: int


class Standstill:
    """Every method raises RPCError, or RuntimeError where a lazy client cannot connect."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def queue(self, now: datetime) -> Queue:
        """Who works, and what waits."""
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=contract.TASK_QUEUE),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            report_stats=True,
        )
        answer = await self._client.workflow_service.describe_task_queue(request, timeout=PATIENCE)
        seen = [_utc(poller.last_access_time) for poller in answer.pollers]
        return Queue(
            worker_seen=any(now - at < SEEN_WITHIN for at in seen),
            oldest_waits=answer.stats.approximate_backlog_age.ToTimedelta(),
            waiting=answer.stats.approximate_backlog_count,
        )

    async def unowned(self, longer_than: timedelta, now: datetime) -> AsyncIterator[Missed]:
        """Open incidents that nobody has acknowledged and no worker has touched for `longer_than`."""
        async for found in self._client.list_workflows(UNOWNED, limit=MOST, rpc_timeout=PATIENCE):
            since = await self.waits_since(found.id)
            if since and now - since >= longer_than:
                yield _missed(found, since)

    async def waits_since(self, incident: str) -> datetime | None:
        """Since when this incident has something to decide that no worker takes; None: it has not, or is over."""
        try:
            run = await self._client.get_workflow_handle(incident).describe(rpc_timeout=PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        task = run.raw_description.pending_workflow_task
        waits = task.state == PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED
        if run.status is not WorkflowExecutionStatus.RUNNING or not waits:
            return None
        return _utc(task.original_scheduled_time)

    async def acked(self, incident: str) -> bool:
        """Has somebody sent an ack that no worker has heard yet?"""
        unheard: list[str] = []
        async for event in self._client.get_workflow_handle(incident).fetch_history_events(rpc_timeout=PATIENCE):
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                unheard = []
            elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                unheard.append(event.workflow_execution_signaled_event_attributes.signal_name)
        return "ack" in unheard

    async def tell(self, incident: str, pages: tuple[EarlierPage, ...]) -> None:
        """Tell the incident of pages it did not send. One that is over needs to know nothing."""
        handle = self._client.get_workflow_handle(incident)
        try:
            await handle.signal("alert", signal_of(None, pages), rpc_timeout=PATIENCE)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise


def _missed(found: WorkflowExecution, since: datetime) -> Missed:
    known = found.typed_search_attributes
    name = known.get(contract.ALERT) or found.id
    return Missed(
        incident=found.id,
        alert=Alert(name=name),
        severity=Severity(known.get(contract.SEVERITY) or Severity.SEV1),
        domain=known.get(contract.DOMAIN) or "",
        away=Away.WORKER,
        since=since,
        firing=(name,),
    )


def _utc(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)
