"""A long history: many notes between the quota and the database."""

import asyncio
from datetime import timedelta

from temporalio import workflow

from gameday.provisioning.contract import NOTE, STEPS
from gameday.provisioning.sagas.saga import Saga

TOGETHER = 100
"""Notes in one workflow task: about 300 events, for the price of a few tasks."""


async def run(saga: Saga) -> None:
    for name in STEPS[:2]:
        await saga.step(name)
    for first in range(0, saga.order.notes, TOGETHER):
        await asyncio.gather(*(_note(n) for n in range(first, min(first + TOGETHER, saga.order.notes))))
    for name in STEPS[2:]:
        await saga.step(name)


async def _note(number: int) -> None:
    await workflow.execute_activity(NOTE, f"note {number}", start_to_close_timeout=timedelta(seconds=30))
