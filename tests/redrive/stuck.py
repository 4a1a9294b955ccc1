"""One saga that failed at a step which works again: the world of most tests here."""

from typing import Any

from temporalio.client import WorkflowHandle

from gameday.provisioning.contract import SCHEDULE_ID
from gameday.provisioning.starting import SagaHandle
from tests.redrive.incidents import ended_badly
from tests.redrive.lane import Lane
from tests.waiting import PATIENTLY_S, eventually


async def stuck(lane: Lane, job: str, step: str = "create_database", times: int | None = 1) -> SagaHandle:
    """It has ended. `times` None: the step goes on failing."""
    await lane.reset()
    lane.rig.providers.faults.switch_on(step, "reject", times)
    saga = await lane.rig.buy(job)
    await ended_badly(saga)
    return saga


async def redriven(lane: Lane, job: str) -> WorkflowHandle[Any, Any]:
    """The procedure for one such saga, under way."""
    return await lane.redrive(await lane.planned((await stuck(lane, job)).id))


async def is_paused(lane: Lane) -> bool:
    return bool((await lane.cron()).schedule.state.paused)


async def runs_again(lane: Lane, within_s: float = PATIENTLY_S) -> None:
    """The cron is free."""

    async def free() -> bool:
        return not await is_paused(lane)

    await eventually(free, "the cron runs again", within_s=within_s)


def handle(lane: Lane) -> Any:
    """The cron's schedule."""
    return lane.rig.sagas.get_schedule_handle(SCHEDULE_ID)
