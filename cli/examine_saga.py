"""What `incidents doctor` says of the provisioning saga: does its engine answer, and is its cron free to run?"""

from datetime import UTC, datetime

import httpx

from activities.saga_desk import SagaDesk
from cli.doctor import Line, Verdict
from integrations.clock import utc_now
from integrations.errors import IntegrationError
from integrations.sagas import NotThere
from saga.fence import Fence, Pause, read
from saga.one_line import one_line
from worker.settings import Settings
from worker.wiring import saga_desk

ENGINE, FENCE = "saga engine", "fence"


async def examine_saga(settings: Settings, http: httpx.AsyncClient) -> list[Line]:
    """Two lines; one where no saga is set."""
    desk = await saga_desk(settings.provisioning, http)
    if desk is None:
        do = "set INCIDENTS_PROVISIONING__TEMPORAL_ADDRESS, if provisioning runs on Temporal"
        return [_line(ENGINE, Verdict.UNKNOWN, "is not set: no saga is looked at", do)]
    told = settings.provisioning
    try:
        await desk.sagas.found(f"WorkflowType='{desk.knowledge.workflow_type}'", 1)
    except IntegrationError as error:
        do = "see INCIDENTS_PROVISIONING__TEMPORAL_ADDRESS, __NAMESPACE and __TEMPORAL_API_KEY"
        return [_line(ENGINE, Verdict.BAD, str(error), do), _line(FENCE, Verdict.UNKNOWN, "cannot be seen")]
    return [
        _line(ENGINE, Verdict.OK, f"answers at {told.temporal_address}, namespace {told.namespace}"),
        await _fence(desk),
    ]


async def _fence(desk: SagaDesk) -> Line:
    name = desk.platform.settings.schedule_id
    if not name or not desk.knowledge.cron_redrives:
        return _line(FENCE, Verdict.OK, "no cron re-drives by itself")
    try:
        state = (await desk.sagas.schedule(name)).schedule.state
    except NotThere:
        do = "set INCIDENTS_PROVISIONING__SCHEDULE_ID to its name, or empty where there is none"
        return _line(FENCE, Verdict.BAD, f"there is no schedule {name}", do)
    except IntegrationError as error:
        return _line(FENCE, Verdict.UNKNOWN, str(error))
    fence = read(Pause(paused=state.paused, note=state.notes))
    if fence:
        return _fenced(name, fence, utc_now())
    seen = f"is paused, not by us: {one_line(state.notes) or 'no note'}" if state.paused else "runs"
    return _line(FENCE, Verdict.OK, f"{name} {seen}")


def _fenced(name: str, fence: Fence, now: datetime) -> Line:
    until = max((lease.until for lease in fence.leases), default=now)
    holders = ", ".join(lease.holder for lease in fence.leases) or "nobody"
    seen = f"{name} is paused by us for {holders} until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if until > now:
        return _line(FENCE, Verdict.OK, seen)
    do = "start `incidents worker` or `incidents bridge`: either lifts it within half a minute"
    return _line(FENCE, Verdict.BAD, f"{seen}, which is over", do)


def _line(what: str, verdict: Verdict, seen: str, do: str = "") -> Line:
    return Line(what=what, verdict=verdict, seen=seen, do=do)
