"""The sweeper: a cron that we paused runs again when its lease has ended, whatever became of the re-drive behind it.

Every process of ours does it, the bridge too, and it needs nothing but the saga's own engine: all it has to know stands
in the Schedule's note (`saga/fence.py`). Several at once do no harm.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog

from activities.saga_desk import SagaDesk
from activities.saga_fence import sweep
from integrations.clock import utc_now
from integrations.errors import IntegrationError
from integrations.recurring import recurring

EVERY_S = 30.0

log = structlog.get_logger(__name__)


@asynccontextmanager
async def sweeping(desk: SagaDesk | None, every_s: float = EVERY_S) -> AsyncIterator[None]:
    """Sweep for the length of the block. `desk` None: no saga is set, and no cron is ever paused."""
    if desk is None:
        yield
        return
    async with recurring(partial(_sweep, desk), every_s, "the fence could not be swept"):
        yield


async def _sweep(desk: SagaDesk) -> None:
    name = desk.platform.settings.schedule_id
    try:
        if await sweep(desk, utc_now()):
            log.warning("a lease had ended: its holder did not let the cron go", schedule=name)
    except IntegrationError as error:
        log.warning("the fence could not be looked at", schedule=name, because=str(error))
