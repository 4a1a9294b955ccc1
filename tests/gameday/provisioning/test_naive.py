"""What the runbook warns of (§3.1), in the flesh: the naive operator and the naive cron."""

from temporalio.client import Client, WorkflowExecutionStatus

from gameday.provisioning.contract import CronInput
from gameday.provisioning.cron import create_cron
from gameday.provisioning.resetting import naive_operator
from gameday.provisioning.starting import SagaHandle
from tests.conftest import Engine
from tests.gameday.provisioning.conftest import QUICK, Platform, failed
from tests.waiting import eventually


async def stuck(platform: Platform, **changes: object) -> tuple[str, SagaHandle]:
    """A saga that failed once at `create_database`, which works again."""
    platform.providers.faults.switch_on("create_database", "fail", times=1)
    order, saga = await platform.buy(**changes)
    await failed(saga)
    return order.customer, saga


async def reset_naively(platform: Platform, engine: Engine, saga: SagaHandle) -> None:
    await naive_operator(engine.cli, platform.address, saga.id, platform.client.namespace)
    await ends_well(platform.client, saga.id)


async def ends_well(client: Client, workflow_id: str) -> None:
    async def ended() -> bool:
        return (await client.get_workflow_handle(workflow_id).describe()).status is WorkflowExecutionStatus.COMPLETED

    await eventually(ended, "the saga ran again, to its end")


async def test_a_naive_reset_mints_a_second_deployment(platform: Platform, engine: Engine) -> None:
    """Reset to the first task: every step runs again, and no key holds the provider back."""
    customer, saga = await stuck(platform)
    await reset_naively(platform, engine, saga)
    assert len(platform.providers.deployments(customer)) == 2


async def test_a_naive_reset_of_a_keyed_saga_mints_nothing(platform: Platform, engine: Engine) -> None:
    """The provider knows the key."""
    customer, saga = await stuck(platform, keyed=True)
    await reset_naively(platform, engine, saga)
    assert len(platform.providers.deployments(customer)) == 1


async def test_a_naive_reset_zeroes_a_quota_that_was_handed_over_once(platform: Platform, engine: Engine) -> None:
    """The checkout told the amount to the first run; the rerun asks in vain."""
    customer, saga = await stuck(platform, amount="handover")
    await reset_naively(platform, engine, saga)
    assert platform.providers.quota(customer) == 0


async def test_the_naive_cron_zeroes_a_quota_and_mints_again(own_platform: Platform) -> None:
    """It starts anew from job, customer and plan: the amount is in none of these."""
    customer, saga = await stuck(own_platform)
    await create_cron(own_platform.client, 1, CronInput(patience=QUICK))
    await ends_well(own_platform.client, saga.id)
    providers = own_platform.providers
    assert (providers.quota(customer), len(providers.deployments(customer))) == (0, 2)


async def test_the_resetting_cron_mints_again_and_keeps_the_quota(own_platform: Platform) -> None:
    """A reset keeps the input, and with it the amount."""
    customer, saga = await stuck(own_platform)
    await create_cron(own_platform.client, 1, CronInput("reset"))
    await ends_well(own_platform.client, saga.id)
    providers = own_platform.providers
    assert (providers.quota(customer), len(providers.deployments(customer))) == (500, 2)


async def test_a_paused_cron_stays_paused_when_the_platform_starts_again(own_platform: Platform) -> None:
    """Whoever fenced it off is not overruled by a restart."""
    cron = await create_cron(own_platform.client, 60)
    await cron.pause(note="INC-7: being re-driven")
    await create_cron(own_platform.client, 60)
    state = (await cron.describe()).schedule.state
    assert (state.paused, state.note) == (True, "INC-7: being re-driven")
