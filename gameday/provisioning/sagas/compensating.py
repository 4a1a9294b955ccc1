"""What cannot be finished is taken back, and then the saga fails: the customer has paid, and has nothing."""

from temporalio.exceptions import ActivityError

from gameday.provisioning.contract import STEPS, UNDO
from gameday.provisioning.sagas.saga import Saga, undo_step


async def run(saga: Saga) -> None:
    try:
        for name in STEPS:
            await saga.step(name)
    except ActivityError:
        await _take_back(saga)
        raise


async def _take_back(saga: Saga) -> None:
    """The newest first."""
    for name in reversed(STEPS):
        if name in saga.results and name in UNDO:
            await undo_step(saga.order, UNDO[name], saga.deployment)
