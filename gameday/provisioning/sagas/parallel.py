"""Quota and database side by side: one workflow task decides both, so a reset before one runs the other again."""

import asyncio

from gameday.provisioning.contract import STEPS
from gameday.provisioning.sagas.saga import Saga


async def run(saga: Saga) -> None:
    await saga.step("reserve_deployment")
    await asyncio.gather(saga.step("set_quota"), saga.step("create_database"))
    for name in STEPS[3:]:
        await saga.step(name)
