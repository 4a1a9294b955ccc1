"""Temporal failures in words: what ended the attempt, in one line, and which step it names."""

from temporalio.api.enums.v1 import TimeoutType
from temporalio.api.failure.v1 import Failure

from saga.one_line import one_line
from saga.run import Ended, Failed, Timeout

TIMEOUTS = {
    TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE: Timeout.START_TO_CLOSE,
    TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_START: Timeout.SCHEDULE_TO_START,
    TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE: Timeout.SCHEDULE_TO_CLOSE,
    TimeoutType.TIMEOUT_TYPE_HEARTBEAT: Timeout.HEARTBEAT,
}
ENDED = {
    "application_failure_info": Ended.BY_CODE,
    "timeout_failure_info": Ended.BY_TIME,
    "canceled_failure_info": Ended.BY_CANCEL,
    "terminated_failure_info": Ended.BY_CANCEL,
    "reset_workflow_failure_info": Ended.BY_RESET,
}
DEEPEST = 20
"""Causes looked at: a failure may be made by anybody."""


def chain(failure: Failure) -> list[Failure]:
    """The failure and what caused it, outermost first."""
    links = [failure]
    while links[-1].HasField("cause") and len(links) < DEEPEST:
        links.append(links[-1].cause)
    return links


def told(failure: Failure) -> Failed:
    """The failure, looked at through the wrappers of activities and child workflows."""
    links = chain(failure)
    core = next((number for number, link in enumerate(links) if not _wrapper(link)), len(links) - 1)
    inside = next((link.activity_failure_info.activity_type.name for link in links if _names_a_step(link)), "")
    return _one(links[core:], inside)


def _one(links: list[Failure], inside: str = "") -> Failed:
    core = links[0]
    by_time = _kind(core) == "timeout_failure_info"
    return Failed(
        line=_line(core),
        ended=ENDED.get(_kind(core), Ended.OTHERWISE),
        type=core.application_failure_info.type,
        timeout=TIMEOUTS.get(core.timeout_failure_info.timeout_type) if by_time else None,
        inside=inside,
        cause=_one(links[1:]) if by_time and len(links) > 1 else None,
    )


def blamed(failure: Failure) -> tuple[int, str]:
    """Scheduled id and type of the step that the outermost wrapper names; `(0, "")`: it names none."""
    for link in chain(failure):
        if _names_a_step(link):
            return link.activity_failure_info.scheduled_event_id, link.activity_failure_info.activity_type.name
        if _kind(link) == "child_workflow_execution_failure_info":
            child = link.child_workflow_execution_failure_info
            return child.initiated_event_id, child.workflow_type.name
    return 0, ""


def _kind(failure: Failure) -> str:
    return failure.WhichOneof("failure_info") or ""


def _names_a_step(failure: Failure) -> bool:
    return _kind(failure) == "activity_failure_info"


def _wrapper(failure: Failure) -> bool:
    return _kind(failure) in {"activity_failure_info", "child_workflow_execution_failure_info"}


def _line(failure: Failure) -> str:
    kind = failure.application_failure_info.type
    return one_line(f"{kind}: {failure.message}" if kind and kind not in failure.message else failure.message)
