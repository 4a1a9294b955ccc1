"""The organisation's provisioning sagas: another namespace of Temporal, maybe another server, seen through a client.

Only the calls that a re-drive needs, each with its one meaning. Facts from Temporal's API reference (service
WorkflowService: ResetWorkflowExecution, PauseActivity, UpdateActivityOptions, UpdateSchedule, …); what is surprising
about each stands beside it.
"""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.activity.v1 import ActivityOptions
from temporalio.api.common.v1 import Payload, Payloads, RetryPolicy, SearchAttributes, WorkflowExecution
from temporalio.api.enums.v1 import ResetReapplyExcludeType, WorkflowIdConflictPolicy, WorkflowIdReusePolicy
from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.schedule.v1 import Schedule
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeScheduleRequest,
    DescribeScheduleResponse,
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryRequest,
    PauseActivityRequest,
    ResetActivityRequest,
    ResetWorkflowExecutionRequest,
    StartWorkflowExecutionRequest,
    UnpauseActivityRequest,
    UpdateActivityOptionsRequest,
    UpdateScheduleRequest,
)
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from integrations.errors import IntegrationError, Refused, Unreachable

PATIENCE = timedelta(seconds=10)
PAGE_EVENTS = 1000
"""Events asked for at a time: a history of thousands never stands in memory whole."""
ENGINES_OWN = {"BuildIds", "TemporalChangeVersion", "BinaryChecksums", "TemporalPauseInfo", "TemporalReportedProblems"}
HELPS_TO_TRY_AGAIN = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.INTERNAL,
    RPCStatusCode.ABORTED,
    RPCStatusCode.CANCELLED,
}


class NotThere(Refused):
    """No such run, schedule or activity: it never was, or it is past the namespace's retention."""


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One run of one saga."""

    workflow_id: str
    run_id: str

    def proto(self) -> WorkflowExecution:
        return WorkflowExecution(workflow_id=self.workflow_id, run_id=self.run_id)


@dataclass(frozen=True)
class Sagas:
    """`identity` is what their history and Web UI show of us."""

    client: Client
    identity: str = "incidents"

    @property
    def _rpc(self) -> Any:
        return self.client.workflow_service

    async def found(self, query: str, most: int) -> list[Execution]:
        """Runs that match a visibility query, at most so many. Raises IntegrationError."""
        try:
            runs = self.client.list_workflows(query, limit=most, rpc_timeout=PATIENCE)
            return [Execution(workflow_id=run.id, run_id=run.run_id) async for run in runs]
        except (RPCError, RuntimeError) as error:
            raise meaning(error) from None

    async def described(self, run: Execution) -> DescribeWorkflowExecutionResponse:
        """State, pending activities, was it reset; without a run id: of the current run. Raises IntegrationError."""
        request = DescribeWorkflowExecutionRequest(namespace=self.client.namespace, execution=run.proto())
        answer: DescribeWorkflowExecutionResponse = await self._ask(
            self._rpc.describe_workflow_execution(request, timeout=PATIENCE)
        )
        return answer

    async def history(self, run: Execution) -> AsyncIterator[Sequence[HistoryEvent]]:
        """Its events, a page at a time. Raises IntegrationError."""
        token = b""
        while True:
            request = GetWorkflowExecutionHistoryRequest(
                namespace=self.client.namespace,
                execution=run.proto(),
                maximum_page_size=PAGE_EVENTS,
                next_page_token=token,
            )
            page = await self._ask(self._rpc.get_workflow_execution_history(request, timeout=PATIENCE))
            yield page.history.events
            token = page.next_page_token
            if not token:
                return

    async def update(self, run: Execution, name: str, payload: Any, *, key: str) -> None:
        """Tell a waiting saga something, and wait for its yes. The same key is one update. Raises IntegrationError."""
        handle = self.client.get_workflow_handle(run.workflow_id, run_id=run.run_id)
        try:
            await handle.execute_update(name, payload, id=key, rpc_timeout=PATIENCE)
        except WorkflowUpdateFailedError as error:
            raise Refused(f"the saga refused {name}: {getattr(error.cause, 'message', error.cause)}") from None
        except (RPCError, RuntimeError) as error:
            raise meaning(error) from None

    async def signal(self, run: Execution, name: str, payload: Any) -> None:
        """Tell a waiting saga something; nobody answers, and twice is two signals. Raises IntegrationError."""
        handle = self.client.get_workflow_handle(run.workflow_id, run_id=run.run_id)
        try:
            await handle.signal(name, payload, rpc_timeout=PATIENCE)
        except (RPCError, RuntimeError) as error:
            raise meaning(error) from None

    async def reset(self, run: Execution, event_id: int, *, request_id: str, reason: str) -> str:
        """Run id of the reset run. Never retried here: a server may start another run for the same request id.

        Signals received since are not applied again: an old `abort` among them would end the new run. Raises
        IntegrationError; after Unreachable nobody knows whether it happened: look at the base run's `reset_run_id`.
        """
        request = ResetWorkflowExecutionRequest(
            namespace=self.client.namespace,
            workflow_execution=run.proto(),
            reason=reason,
            workflow_task_finish_event_id=event_id,
            request_id=request_id,
            reset_reapply_exclude_types=[
                ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL,
                ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE,
            ],
            identity=self.identity,
        )
        answer = await self._ask(self._rpc.reset_workflow_execution(request, retry=False, timeout=PATIENCE))
        return str(answer.run_id)

    async def pause_activity(self, run: Execution, activity_id: str, *, reason: str) -> None:
        """No further attempt until it is un-paused; one that runs may finish. Raises IntegrationError."""
        request = PauseActivityRequest(
            namespace=self.client.namespace,
            execution=run.proto(),
            id=activity_id,
            identity=self.identity,
            reason=reason,
        )
        await self._ask(self._rpc.pause_activity(request, timeout=PATIENCE))

    async def unpause_activity(self, run: Execution, activity_id: str) -> None:
        """Its next attempt starts now. Raises IntegrationError."""
        request = UnpauseActivityRequest(
            namespace=self.client.namespace, execution=run.proto(), id=activity_id, identity=self.identity
        )
        await self._ask(self._rpc.unpause_activity(request, timeout=PATIENCE))

    async def reset_activity(self, run: Execution, activity_id: str) -> None:
        """Attempts count from 1 again, the next one starts now. Raises IntegrationError.

        Only for one that waits: the answer of a running attempt would be thrown away.
        """
        request = ResetActivityRequest(
            namespace=self.client.namespace, execution=run.proto(), id=activity_id, identity=self.identity
        )
        await self._ask(self._rpc.reset_activity(request, timeout=PATIENCE))

    async def allow_attempts(self, run: Execution, activity_id: str, attempts: int, interval: timedelta) -> None:
        """Change its retry policy: so many attempts in all, so far apart at first. Raises IntegrationError."""
        every = Duration()
        every.FromTimedelta(interval)
        request = UpdateActivityOptionsRequest(
            namespace=self.client.namespace,
            execution=run.proto(),
            id=activity_id,
            identity=self.identity,
            activity_options=ActivityOptions(
                retry_policy=RetryPolicy(maximum_attempts=attempts, initial_interval=every)
            ),
            update_mask=FieldMask(paths=["retry_policy.maximum_attempts", "retry_policy.initial_interval"]),
        )
        await self._ask(self._rpc.update_activity_options(request, timeout=PATIENCE))

    async def complete_activity(self, run: Execution, activity_id: str, result: Any) -> None:
        """Record that it happened, with its known result; also while it waits for a retry. Raises IntegrationError."""
        handle = self.client.get_async_activity_handle(
            workflow_id=run.workflow_id, run_id=run.run_id, activity_id=activity_id
        )
        try:
            await handle.complete(result, rpc_timeout=PATIENCE)
        except (RPCError, RuntimeError) as error:
            raise meaning(error) from None

    async def start_like(self, run: Execution, payload: Any, *, request_id: str) -> str:
        """Run id of a new run like `run`, with another input: same id, type, queue, memo and search attributes.

        The same request id starts one run. Refused while the id runs, and once it has ended well: whoever was faster
        has done it. Raises IntegrationError.
        """
        seen = await self.described(run)
        info, config = seen.workflow_execution_info, seen.execution_config
        request = StartWorkflowExecutionRequest(
            namespace=self.client.namespace,
            workflow_id=run.workflow_id,
            workflow_type=info.type,
            task_queue=TaskQueue(name=config.task_queue.name),
            input=Payloads(payloads=await self.client.data_converter.encode([payload])),
            identity=self.identity,
            request_id=request_id,
            workflow_id_reuse_policy=WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
            workflow_id_conflict_policy=WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
            memo=info.memo,
            search_attributes=_custom(info.search_attributes),
        )
        answer = await self._ask(self._rpc.start_workflow_execution(request, retry=False, timeout=PATIENCE))
        return str(answer.run_id)

    def input_of(self, started: HistoryEvent) -> Any:
        """The saga's one input, decoded. Raises Refused where it is not JSON."""
        return _decoded(started.workflow_execution_started_event_attributes.input.payloads)

    def result_of(self, closed: HistoryEvent) -> Any:
        """What the step returned, decoded. Raises Refused where it is not JSON."""
        attributes = getattr(closed, closed.WhichOneof("attributes") or "")
        return _decoded(attributes.result.payloads)

    async def schedule(self, schedule_id: str) -> DescribeScheduleResponse:
        """The Schedule as it stands, with its conflict token. Raises IntegrationError."""
        request = DescribeScheduleRequest(namespace=self.client.namespace, schedule_id=schedule_id)
        answer: DescribeScheduleResponse = await self._ask(self._rpc.describe_schedule(request, timeout=PATIENCE))
        return answer

    async def replace_schedule(self, schedule_id: str, schedule: Schedule, *, conflict_token: bytes) -> None:
        """Ask for this state. Raises IntegrationError.

        An update that raced another is dropped without a word, so look afterwards whether it stands.
        """
        request = UpdateScheduleRequest(
            namespace=self.client.namespace,
            schedule_id=schedule_id,
            schedule=schedule,
            conflict_token=conflict_token,
            identity=self.identity,
        )
        await self._ask(self._rpc.update_schedule(request, timeout=PATIENCE))

    async def _ask(self, call: Any) -> Any:
        try:
            return await call
        except (RPCError, RuntimeError) as error:
            raise meaning(error) from None


def _decoded(payloads: Sequence[Payload]) -> Any:
    if not payloads:
        return None
    try:
        return json.loads(payloads[0].data)
    except ValueError:
        raise Refused("a payload of the saga is not JSON") from None


def _custom(known: SearchAttributes) -> SearchAttributes:
    """Without those the engine sets itself: it refuses to be told them."""
    own = {name: value for name, value in known.indexed_fields.items() if name not in ENGINES_OWN}
    return SearchAttributes(indexed_fields=own)


def meaning(error: RPCError | RuntimeError) -> IntegrationError:
    """RuntimeError is what the SDK raises while nobody answers at the address."""
    if not isinstance(error, RPCError):
        return Unreachable("the provisioning engine does not answer")
    words = f"the provisioning engine: {error.message} ({error.status.name.lower()})"[:300]
    if error.status is RPCStatusCode.NOT_FOUND and not _names_namespace(error):
        return NotThere(words)
    return Unreachable(words) if error.status in HELPS_TO_TRY_AGAIN else Refused(words)


def _names_namespace(error: RPCError) -> bool:
    """The whole namespace is missing: that says nothing of any saga or schedule."""
    return any(detail.Is(NamespaceNotFoundFailure.DESCRIPTOR) for detail in error.grpc_status.details)
