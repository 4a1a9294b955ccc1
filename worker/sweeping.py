"""The sweeper: a cron that we paused runs again when its lease has ended, whatever became of the re-drive behind it.

Every process of ours does it, the bridge too, and it needs nothing but the saga's own engine: all it has to know stands
in the Schedule's note (`saga/fence.py`). Several at once do no harm.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from activities.saga_desk import SagaDesk
from activities.saga_fence import sweep
from integrations.clock import utc_now
from integrations.errors import IntegrationError

EVERY_S = 30.0

log = structlog.get_logger(__name__)


@asynccontextmanager
async def sweeping(desk: SagaDesk | None, every_s: float = EVERY_S) -> AsyncIterator[None]:
    """Sweep for the length of the block. `desk` None: no saga is set, and no cron is ever paused."""
    task = asyncio.create_task(_keep_sweeping(desk, every_s)) if desk else None
    try:
        yield
    finally:
        if task:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _keep_sweeping(desk: SagaDesk, every_s: float) -> None:
    while True:
        # Gathered, so that no error of a kind nobody thought of ends the sweeping.
        (wrong,) = await asyncio.gather(_sweep(desk), return_exceptions=True)
        if isinstance(wrong, Exception):
            log.error("the fence could not be swept", because=f"{type(wrong).__name__}: {wrong}")
        await asyncio.sleep(every_s)


async def _sweep(desk: SagaDesk) -> None:
    name = desk.platform.settings.schedule_id
    try:
        if await sweep(desk, utc_now()):
            log.warning("a lease had ended: its holder did not let the cron go", schedule=name)
    except IntegrationError as error:
        log.warning("the fence could not be looked at", schedule=name, because=str(error))
