"""DNS as a local activity: fast, and a reset that goes back before its marker runs it again."""

from datetime import timedelta

from temporalio import workflow

from gameday.provisioning.contract import STEPS, step_input
from gameday.provisioning.sagas.saga import Saga

LOCAL = "create_dns"


async def run(saga: Saga) -> None:
    for name in STEPS:
        await (_locally(saga) if name == LOCAL else saga.step(name))


async def _locally(saga: Saga) -> None:
    if LOCAL in saga.results:
        return
    saga.at, patience = LOCAL, saga.order.patience
    saga.results[LOCAL] = await workflow.execute_local_activity(
        LOCAL,
        step_input(saga.order, LOCAL, saga.deployment),
        result_type=str,
        start_to_close_timeout=timedelta(seconds=patience.attempt_s),
        schedule_to_close_timeout=timedelta(seconds=patience.total_s),
        retry_policy=patience.policy,
        summary=f"{LOCAL} • {saga.order.customer}",
    )
