"""Pausing the reconcile cron and letting it go again: `saga.fence`'s rules, against the real Schedule."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from temporalio.api.schedule.v1 import Schedule
from temporalio.api.workflowservice.v1 import DescribeScheduleResponse

from activities.saga_desk import SagaDesk
from integrations.errors import Unreachable
from integrations.sagas import NotThere
from saga.asking import Fenced
from saga.fence import Lease, Pause, held, holds, released, swept

LOOK_AGAIN_S = 0.2
LOOKS = 25
"""After an update, so many looks at whether it stands; then it is asked for again."""
TRIES = 5
RUN_ENDS_WITHIN = 150
"""Looks for the end of a cron run that had begun before the pause: 30 s."""


async def stand_aside(desk: SagaDesk, lease: Lease, beat: Callable[[], None]) -> Fenced:
    """Pause it for `lease`; safe only once no run of it is under way. Raises IntegrationError."""
    name = desk.platform.settings.schedule_id
    if not desk.knowledge.cron_redrives or not name:
        return Fenced(says="the runbook says that no cron re-drives")
    try:
        await _replaced(desk, name, lambda pause: held(pause, lease), lambda pause: holds(pause, lease.holder), beat)
    except NotThere:
        return Fenced(says=f"there is no schedule {name} that could interfere")
    for _ in range(RUN_ENDS_WITHIN):
        beat()
        if not (await desk.sagas.schedule(name)).info.running_workflows:
            return Fenced(says=f"{name} is paused until {lease.until:%H:%M:%S} UTC at the latest")
        await asyncio.sleep(LOOK_AGAIN_S)
    return Fenced(not_safe=f"a run of {name} is under way and does not end")


async def let_go(desk: SagaDesk, holder: str) -> None:
    """Without this holder; a cron that is gone needs no letting go. Raises IntegrationError."""
    name = desk.platform.settings.schedule_id
    if not desk.knowledge.cron_redrives or not name:
        return
    try:
        await _replaced(desk, name, lambda pause: released(pause, holder), lambda pause: not holds(pause, holder))
    except NotThere:
        return


async def sweep(desk: SagaDesk, now: datetime) -> bool:
    """Take away the leases that have ended; True: there was one. Raises IntegrationError."""
    name = desk.platform.settings.schedule_id
    if not desk.knowledge.cron_redrives or not name:
        return False
    try:
        before = _pause(await desk.sagas.schedule(name))
    except NotThere:
        return False
    if swept(before, now) == before:
        return False
    await _replaced(desk, name, lambda pause: swept(pause, now), lambda pause: swept(pause, now) == pause)
    return True


async def _replaced(
    desk: SagaDesk,
    name: str,
    change: Callable[[Pause], Pause],
    stands: Callable[[Pause], bool],
    beat: Callable[[], None] = lambda: None,
) -> None:
    """Make it so, and see that it is so: an update that raced another is dropped without a word."""
    for _ in range(TRIES):
        seen = await desk.sagas.schedule(name)
        if stands(_pause(seen)):
            return
        await desk.sagas.replace_schedule(name, _with(seen, change(_pause(seen))), conflict_token=seen.conflict_token)
        for _ in range(LOOKS):
            beat()
            if stands(_pause(await desk.sagas.schedule(name))):
                return
            await asyncio.sleep(LOOK_AGAIN_S)
    raise Unreachable(f"schedule {name} does not take our change")


def _pause(seen: DescribeScheduleResponse) -> Pause:
    return Pause(paused=seen.schedule.state.paused, note=seen.schedule.state.notes)


def _with(seen: DescribeScheduleResponse, pause: Pause) -> Schedule:
    schedule = Schedule()
    schedule.CopyFrom(seen.schedule)
    schedule.state.paused, schedule.state.notes = pause.paused, pause.note
    return schedule
