"""One step after the other; a step that cannot be done ends the saga."""

from gameday.provisioning.contract import STEPS
from gameday.provisioning.sagas.saga import Saga


async def run(saga: Saga) -> None:
    for name in STEPS:
        await saga.step(name)
