"""Each shape of the practice saga ends as it promises, on a real engine."""

import pytest

from gameday.provisioning.contract import STEPS
from gameday.provisioning.sagas.tenant import SHAPES
from gameday.provisioning.tenant_health import tenant_health
from tests.gameday.provisioning.conftest import Platform, failed


@pytest.mark.parametrize("shape", [*SHAPES, "parked"])
async def test_every_shape_ends_with_a_whole_tenant(platform: Platform, shape: str) -> None:
    """Deployment, quota, database, DNS and billing are there, once, and fit together."""
    order, saga = await platform.buy(shape=shape, notes=3)
    await saga.result()
    assert [check.name for check in await tenant_health(platform.providers, order.customer) if not check.ok] == []


async def test_sequential_runs_the_steps_in_order(platform: Platform) -> None:
    """One provider call each."""
    order, saga = await platform.buy()
    await saga.result()
    assert platform.calls(order.customer) == list(STEPS)


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_step_that_cannot_be_done_fails_the_saga(platform: Platform, shape: str) -> None:
    """All shapes but `parked` are closed then, with the provider's refusal at the root."""
    platform.providers.faults.switch_on("create_database", "fail")
    _, saga = await platform.buy(shape=shape)
    assert getattr(await failed(saga), "type", "") == "ProviderUnavailable"
