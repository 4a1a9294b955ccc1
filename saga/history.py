"""A saga's history, read once from front to back, in bounded memory: events come in, a `SagaRun` comes out.

The reader keeps one small value for each thing the saga decided to do, never a payload. What it sees is what each kind
of event says; what that means is `saga.diagnosis`' business. Event ids must follow on one another from 1: a history
with a hole is called unreadable, and nothing is done about it.
"""

from collections.abc import AsyncIterable, Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent

from saga import markers
from saga.described import instant
from saga.failures import blamed, told
from saga.one_line import one_line
from saga.payloads import digest, facts_in, result_line
from saga.run import Described, Ended, Ending, Failed, Kind, Outcome, Received, Reset, RunStatus, SagaRun, StepRun
from saga.words import Source, Where

Attributes = Any  # one of sixty generated messages; `WhichOneof` says which


def read(events: Iterable[HistoryEvent], seen: Described, sources: dict[str, Source]) -> SagaRun:
    """A history that is at hand."""
    reader = Reader(sources)
    for event in events:
        reader.take(event)
    return reader.run(seen)


async def read_pages(
    pages: AsyncIterable[Iterable[HistoryEvent] | HistoryEvent], seen: Described, sources: dict[str, Source]
) -> SagaRun:
    """A history as it arrives: by page, or by event."""
    reader = Reader(sources)
    async for page in pages:
        for event in [page] if isinstance(page, HistoryEvent) else page:
            reader.take(event)
    return reader.run(seen)


def carry_on(earlier: SagaRun, run: SagaRun) -> SagaRun:
    """`run` with what the run did that continued as it."""
    return replace(run, earlier=(*earlier.earlier, *earlier.steps))


class Reader:
    """What has been read so far."""

    def __init__(self, sources: dict[str, Source]) -> None:
        self._sources = sources
        self._steps: dict[int, StepRun] = {}
        self._resets: list[Reset] = []
        self._received: list[Received] = []
        self._timers: set[int] = set()
        self._tasks: set[int] = set()
        self._task_failed = ""
        self._ending: Ending | None = None
        self._continued_from = self._first_run = self._unreadable = ""
        self._facts: dict[str, str] = {}
        self._last = 0
        self._progress: datetime | None = None

    def take(self, event: HistoryEvent) -> None:
        """One event, in order."""
        if event.event_id != self._last + 1:
            self._doubt(f"event {event.event_id} follows event {self._last}")
        self._last = event.event_id
        said = event.WhichOneof("attributes") or ""
        name = said.removesuffix("_event_attributes")
        if name in self._HANDLERS:
            self._HANDLERS[name](self, event, getattr(event, said))

    def run(self, seen: Described) -> SagaRun:
        """All of it. `seen` is what describing the run said."""
        pending = {activity.activity_id: activity for activity in seen.pending}
        steps = [
            replace(step, pending=pending.get(step.activity_id))
            if step.outcome is Outcome.OPEN and step.kind is Kind.ACTIVITY
            else step
            for step in self._steps.values()
        ]
        return SagaRun(
            described=seen,
            steps=tuple(steps),
            resets=tuple(self._resets),
            received=tuple(self._received),
            timers_open=len(self._timers),
            task_failed=self._task_failed,
            workflow_tasks=tuple(sorted({step.deciding_task for step in steps} & self._tasks)),
            ending=self._ending,
            continued_from=self._continued_from,
            first_run=self._first_run,
            last_event_id=self._last,
            progress_at=self._progress,
            facts={**seen.facts, **self._facts},
            unreadable=self._unreadable or self._contradicts(seen),
        )

    def _contradicts(self, seen: Described) -> str:
        """History and description were read at two moments; they must tell of the same state."""
        if not self._last:
            return "the history is empty (past retention?)"
        if self._last < seen.history_length:
            return f"the history ends at event {self._last} of {seen.history_length}"
        closed = self._ending is not None
        if closed is (seen.status is RunStatus.RUNNING):
            return f"described as {seen.status}, but its history says {'closed' if closed else 'running'}"
        return ""

    def _doubt(self, why: str) -> None:
        self._unreadable = self._unreadable or why

    # --- what each kind of event says -------------------------------------------------------------------------------

    def _started(self, event: HistoryEvent, said: Attributes) -> None:
        self._continued_from, self._first_run = said.continued_execution_run_id, said.first_execution_run_id
        given = {str(number): payload for number, payload in enumerate(said.input.payloads)}
        self._facts = facts_in(Where.INPUT, given, self._sources)
        self._progress = instant(event.event_time)

    def _task_completed(self, event: HistoryEvent, _: Attributes) -> None:
        self._tasks.add(event.event_id)
        self._task_failed = ""

    def _task_failed_(self, event: HistoryEvent, said: Attributes) -> None:
        if said.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW:
            at = instant(event.event_time)
            self._resets.append(
                Reset(event_id=event.event_id, base_run=said.base_run_id, new_run=said.new_run_id, at=at)
            )
            self._progress = at
            return
        try:
            cause = WorkflowTaskFailedCause.Name(said.cause).removeprefix("WORKFLOW_TASK_FAILED_CAUSE_")
        except ValueError:
            cause = f"CAUSE_{said.cause}"
        self._task_failed = f"{cause.replace('_', ' ').lower()}: {told(said.failure).line}".rstrip(": ")

    def _begun(self, event: HistoryEvent, step: StepRun) -> None:
        self._steps[event.event_id] = replace(step, scheduled_at=instant(event.event_time))

    def _activity(self, event: HistoryEvent, said: Attributes) -> None:
        step = StepRun(
            scheduled_id=event.event_id,
            deciding_task=said.workflow_task_completed_event_id,
            kind=Kind.ACTIVITY,
            type=said.activity_type.name,
            activity_id=said.activity_id,
            most_attempts=said.retry_policy.maximum_attempts if said.HasField("retry_policy") else 1,
            input_digest=digest(said.input),
        )
        self._begun(event, step)

    def _child(self, event: HistoryEvent, said: Attributes) -> None:
        step = StepRun(
            scheduled_id=event.event_id,
            deciding_task=said.workflow_task_completed_event_id,
            kind=Kind.CHILD,
            type=said.workflow_type.name,
            activity_id=said.workflow_id,
            input_digest=digest(said.input),
        )
        self._begun(event, step)

    def _nexus(self, event: HistoryEvent, said: Attributes) -> None:
        task, kind = said.workflow_task_completed_event_id, f"{said.service}.{said.operation}"
        self._begun(event, StepRun(scheduled_id=event.event_id, deciding_task=task, kind=Kind.NEXUS, type=kind))

    def _message_out(self, event: HistoryEvent, said: Attributes) -> None:
        what = getattr(said, "signal_name", "") or "cancel"
        task, kind = said.workflow_task_completed_event_id, f"{what} to {said.workflow_execution.workflow_id}"
        self._begun(event, StepRun(scheduled_id=event.event_id, deciding_task=task, kind=Kind.MESSAGE, type=kind))

    def _marker(self, event: HistoryEvent, _: Attributes) -> None:
        step = markers.step_in(event)
        if step is None:
            return
        self._steps[event.event_id] = step
        if step.outcome is Outcome.DONE:
            self._progress = step.closed_at

    def _activity_started(self, event: HistoryEvent, said: Attributes) -> None:
        before = told(said.last_failure) if said.HasField("last_failure") else None
        self._change(said.scheduled_event_id, started_id=event.event_id, attempts=said.attempt or 1, before=before)

    def _child_started(self, event: HistoryEvent, said: Attributes) -> None:
        self._change(
            said.initiated_event_id, started_id=event.event_id, child_run_id=said.workflow_execution.run_id, attempts=1
        )

    def _done(self, event: HistoryEvent, said: Attributes) -> None:
        line, whole = result_line(said.result) if hasattr(said.result, "payloads") else ("", False)
        self._close(event, said, Outcome.DONE, result=line, result_whole=whole)
        self._progress = instant(event.event_time)

    def _told(self, event: HistoryEvent, said: Attributes) -> None:
        """A message to another workflow arrived."""
        self._close(event, said, Outcome.DONE)

    def _failed(self, event: HistoryEvent, said: Attributes) -> None:
        self._close(event, said, Outcome.FAILED, failed=told(said.failure))

    def _never_began(self, event: HistoryEvent, said: Attributes) -> None:
        failed = Failed(line="could not be started", ended=Ended.NEVER_BEGAN, type="NotStarted")
        self._close(event, said, Outcome.FAILED, failed=failed)

    def _timed_out(self, event: HistoryEvent, said: Attributes) -> None:
        failure = getattr(said, "failure", None)
        failed = told(failure) if failure else Failed(line="timed out", ended=Ended.BY_TIME)
        self._close(event, said, Outcome.TIMED_OUT, failed=failed)

    def _canceled(self, event: HistoryEvent, said: Attributes) -> None:
        self._close(event, said, Outcome.CANCELED, failed=Failed(line="cancelled", ended=Ended.BY_CANCEL))

    def _child_terminated(self, event: HistoryEvent, said: Attributes) -> None:
        self._close(event, said, Outcome.CANCELED, failed=Failed(line="terminated", ended=Ended.BY_CANCEL))

    def _close(self, event: HistoryEvent, said: Attributes, outcome: Outcome, **more: Any) -> None:
        number = getattr(said, "scheduled_event_id", 0) or getattr(said, "initiated_event_id", 0)
        at = instant(event.event_time)
        self._change(number, closed_id=event.event_id, closed_at=at, outcome=outcome, **more)

    def _change(self, scheduled_id: int, **changes: Any) -> None:
        step = self._steps.get(scheduled_id)
        if step is None:
            self._doubt(f"event {self._last} is about event {scheduled_id}, which is no step")
            return
        self._steps[scheduled_id] = replace(step, **changes)

    def _timer_started(self, event: HistoryEvent, _: Attributes) -> None:
        self._timers.add(event.event_id)

    def _timer_over(self, _: HistoryEvent, said: Attributes) -> None:
        self._timers.discard(said.started_event_id)

    def _signaled(self, event: HistoryEvent, said: Attributes) -> None:
        self._hear(event, said.signal_name)

    def _updated(self, event: HistoryEvent, said: Attributes) -> None:
        self._hear(event, said.accepted_request.input.name)

    def _hear(self, event: HistoryEvent, name: str) -> None:
        self._received.append(Received(event_id=event.event_id, name=name, at=instant(event.event_time)))

    def _memo(self, _: HistoryEvent, said: Attributes) -> None:
        self._facts.update(facts_in(Where.MEMO, dict(said.upserted_memo.fields), self._sources))

    def _attributes(self, _: HistoryEvent, said: Attributes) -> None:
        fields = dict(said.search_attributes.indexed_fields)
        self._facts.update(facts_in(Where.SEARCH_ATTRIBUTE, fields, self._sources))

    def _ended(self, _: HistoryEvent, said: Attributes) -> None:
        failure = said.failure if isinstance(getattr(said, "failure", None), Failure) else None
        number, kind = blamed(failure) if failure else (0, "")
        self._ending = Ending(
            failed=told(failure) if failure and failure.ByteSize() else None,
            blamed_id=number,
            blamed_type=kind,
            by=_who(said),
            next_run=getattr(said, "new_execution_run_id", ""),
        )

    _HANDLERS: ClassVar[dict[str, Callable[["Reader", HistoryEvent, Attributes], None]]] = {
        "workflow_execution_started": _started,
        "workflow_task_completed": _task_completed,
        "workflow_task_failed": _task_failed_,
        "activity_task_scheduled": _activity,
        "activity_task_started": _activity_started,
        "activity_task_completed": _done,
        "activity_task_failed": _failed,
        "activity_task_timed_out": _timed_out,
        "activity_task_canceled": _canceled,
        "start_child_workflow_execution_initiated": _child,
        "start_child_workflow_execution_failed": _never_began,
        "child_workflow_execution_started": _child_started,
        "child_workflow_execution_completed": _done,
        "child_workflow_execution_failed": _failed,
        "child_workflow_execution_timed_out": _timed_out,
        "child_workflow_execution_canceled": _canceled,
        "child_workflow_execution_terminated": _child_terminated,
        "nexus_operation_scheduled": _nexus,
        "nexus_operation_completed": _done,
        "nexus_operation_failed": _failed,
        "nexus_operation_timed_out": _timed_out,
        "nexus_operation_canceled": _canceled,
        "signal_external_workflow_execution_initiated": _message_out,
        "signal_external_workflow_execution_failed": _never_began,
        "external_workflow_execution_signaled": _told,
        "request_cancel_external_workflow_execution_initiated": _message_out,
        "request_cancel_external_workflow_execution_failed": _never_began,
        "external_workflow_execution_cancel_requested": _told,
        "marker_recorded": _marker,
        "timer_started": _timer_started,
        "timer_fired": _timer_over,
        "timer_canceled": _timer_over,
        "workflow_execution_signaled": _signaled,
        "workflow_execution_update_accepted": _updated,
        "workflow_properties_modified": _memo,
        "upsert_workflow_search_attributes": _attributes,
        "workflow_execution_completed": _ended,
        "workflow_execution_failed": _ended,
        "workflow_execution_timed_out": _ended,
        "workflow_execution_terminated": _ended,
        "workflow_execution_canceled": _ended,
        "workflow_execution_continued_as_new": _ended,
    }


def _who(said: Attributes) -> str:
    """Whose wish it was that the run ends, where it was a wish."""
    return one_line(": ".join(filter(None, (getattr(said, "identity", ""), getattr(said, "reason", "")))))
