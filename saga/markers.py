"""Markers as steps: local activities leave nothing but a marker in the history, and each SDK writes its own.

SDKs on Core (Python, TypeScript, .NET, Ruby): `core_local_activity`, `data` is JSON in snake case, the failure is the
event's own (seen live with temporalio 1.35). Go and Java: `LocalActivity`, with `data` in CamelCase or a bare `type`.
"""

import json
from datetime import UTC

from temporalio.api.history.v1 import HistoryEvent, MarkerRecordedEventAttributes

from saga.failures import told
from saga.payloads import result_line, text_of
from saga.run import Kind, Outcome, StepRun

LOCAL = {"core_local_activity", "LocalActivity"}
VERSIONS = {"core_patch", "Version"}
"""They say which branch the code took; they touch nothing."""
UNNAMED = "(unnamed local activity)"


def step_in(event: HistoryEvent) -> StepRun | None:
    """The step a marker stands for; None: it stands for none."""
    marker = event.marker_recorded_event_attributes
    if marker.marker_name in VERSIONS:
        return None
    return _local(event, marker) if marker.marker_name in LOCAL else _drawn(event, marker)


def _local(event: HistoryEvent, marker: MarkerRecordedEventAttributes) -> StepRun:
    data, failed = _data(marker), marker.HasField("failure")
    line, whole = result_line(marker.details["result"]) if "result" in marker.details else ("", True)
    at = event.event_time.ToDatetime(tzinfo=UTC)
    failure = told(marker.failure) if failed else None
    return StepRun(
        scheduled_id=event.event_id,
        deciding_task=marker.workflow_task_completed_event_id,
        kind=Kind.LOCAL,
        type=str(data.get("activity_type") or data.get("ActivityType") or UNNAMED),
        activity_id=str(data.get("activity_id") or data.get("ActivityID") or ""),
        scheduled_at=at,
        closed_at=at,
        closed_id=event.event_id,
        attempts=_number(data.get("attempt") or data.get("Attempt")),
        outcome=Outcome.DONE if not failure else Outcome.TIMED_OUT if failure.timeout else Outcome.FAILED,
        failed=failure,
        result=line,
        result_whole=whole,
        retries=bool(failed and (data.get("backoff") or data.get("Backoff"))),
    )


def _drawn(event: HistoryEvent, marker: MarkerRecordedEventAttributes) -> StepRun:
    at = event.event_time.ToDatetime(tzinfo=UTC)
    return StepRun(
        scheduled_id=event.event_id,
        deciding_task=marker.workflow_task_completed_event_id,
        kind=Kind.DRAW,
        type=marker.marker_name,
        scheduled_at=at,
        closed_at=at,
        closed_id=event.event_id,
        outcome=Outcome.DONE,
    )


def _data(marker: MarkerRecordedEventAttributes) -> dict[str, object]:
    """What the marker says of itself; empty when it cannot be read, which makes its step an unknown one."""
    found: dict[str, object] = {}
    for key in ("data", "type"):
        if key in marker.details and marker.details[key].payloads:
            try:
                value = json.loads(text_of(marker.details[key].payloads[0]))
            except (ValueError, RecursionError):
                continue
            found.update(value if isinstance(value, dict) else {"activity_type": value})
    return found


def _number(value: object) -> int:
    return value if isinstance(value, int) else 1
