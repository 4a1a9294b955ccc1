"""The `reconcile-provisioning` cron: is it there, does it run, is it getting anywhere? (runbook §3.1)"""

from datetime import timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.workflowservice.v1 import DescribeScheduleResponse

from activities.outside import Ask, Outside
from incident.model.finding import Finding, Status
from integrations.clock import utc_now
from integrations.errors import IntegrationError
from integrations.sagas import NotThere
from saga.described import instant
from saga.fence import Pause, read
from saga.one_line import one_line

LATE = timedelta(minutes=2)
"""A schedule whose next time lies so far back does not run."""


async def check(ask: Ask, outside: Outside) -> Finding:
    """Bad when it is missing, late, or paused: unless it is us, for as long as our lease lasts."""
    desk = outside.sagas
    if desk is None:
        return _finding(Status.UNKNOWN, "no saga is set: set INCIDENTS_PROVISIONING__TEMPORAL_ADDRESS")
    name = desk.platform.settings.schedule_id
    if not name:
        return _finding(Status.UNKNOWN, "no schedule is set: set INCIDENTS_PROVISIONING__SCHEDULE_ID")
    try:
        seen = await desk.sagas.schedule(name)
    except NotThere:
        return _finding(Status.BAD, f"there is no schedule {name}: nobody reconciles")
    except IntegrationError as error:
        return _finding(Status.UNKNOWN, str(error))
    return _judge(name, seen)


def _judge(name: str, seen: DescribeScheduleResponse) -> Finding:
    state, info = seen.schedule.state, seen.info
    pause = Pause(paused=state.paused, note=state.notes)
    last = _when(info.recent_actions[-1].actual_time) if info.recent_actions else "never"
    facts = f"{info.action_count} runs so far, last {last}, next {_next(seen)}"
    fence = read(pause)
    if fence:
        holders = ", ".join(lease.holder for lease in fence.leases) or "nobody"
        over = all(lease.until < utc_now() for lease in fence.leases)
        more = ", whose lease has ended: it may be un-paused" if over else ""
        return _finding(Status.BAD if over else Status.OK, f"{name} is paused by us for {holders}{more}; {facts}")
    if state.paused:
        return _finding(Status.BAD, f"{name} is paused by somebody: {one_line(state.notes) or 'no note'}; {facts}")
    if info.future_action_times and _is_late(info.future_action_times[0]):
        return _finding(Status.BAD, f"{name} is late; {facts}")
    return _finding(Status.OK, f"{name} runs; {facts}")


def _is_late(stamp: Timestamp) -> bool:
    due = instant(stamp)
    return due is not None and utc_now() - due > LATE


def _next(seen: DescribeScheduleResponse) -> str:
    return _when(seen.info.future_action_times[0]) if seen.info.future_action_times else "never"


def _when(stamp: Timestamp) -> str:
    at = instant(stamp)
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "unknown"


def _finding(status: Status, summary: str) -> Finding:
    return Finding(check="reconcile_cron", status=status, summary=summary, at=utc_now())
