"""A long history: many notes and naps between the quota and the database."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

from temporalio import workflow

from gameday.provisioning.contract import NOTE, STEPS
from gameday.provisioning.sagas.saga import Saga

NOTES_TOGETHER, NAPS_TOGETHER = 100, 1000
"""In one workflow task: many events for the price of a few tasks."""
NAP_S = 0.001


async def run(saga: Saga) -> None:
    for name in STEPS[:2]:
        await saga.step(name)
    for some in _portions(saga.order.notes, NOTES_TOGETHER):
        await asyncio.gather(*(_note(number) for number in some))
    for some in _portions(saga.order.naps, NAPS_TOGETHER):
        await asyncio.gather(*(workflow.sleep(NAP_S) for _ in some))
    for name in STEPS[2:]:
        await saga.step(name)


def _portions(count: int, together: int) -> Iterator[range]:
    for first in range(0, count, together):
        yield range(first, min(first + together, count))


async def _note(number: int) -> None:
    await workflow.execute_activity(NOTE, f"note {number}", start_to_close_timeout=timedelta(seconds=30))
