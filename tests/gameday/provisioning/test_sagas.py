"""Each shape of the practice saga ends as it promises, on a real engine. All shapes run at the same time."""

import asyncio

import pytest

from gameday.provisioning.contract import STEPS
from gameday.provisioning.sagas.tenant import SHAPES
from gameday.provisioning.tenant_health import tenant_health
from tests.gameday.provisioning.conftest import Platform, failed


@pytest.fixture(scope="module")
async def customers(shared_platform: Platform) -> dict[str, str]:
    """Customer by shape, when all their sagas are done."""
    shared_platform.providers.faults.switch_all_off()
    bought = {shape: await shared_platform.buy(shape=shape, notes=3) for shape in (*SHAPES, "parked")}
    await asyncio.gather(*(saga.result() for _, saga in bought.values()))
    return {shape: order.customer for shape, (order, _) in bought.items()}


@pytest.fixture(scope="module")
async def failures(shared_platform: Platform) -> dict[str, BaseException | None]:
    """What the sagas of each shape failed of, when no database can be made."""
    shared_platform.providers.faults.switch_on("create_database", "fail")
    bought = {shape: await shared_platform.buy(shape=shape) for shape in SHAPES}
    reasons = await asyncio.gather(*(failed(saga) for _, saga in bought.values()))
    return dict(zip(bought, reasons, strict=True))


@pytest.mark.parametrize("shape", [*SHAPES, "parked"])
async def test_every_shape_ends_with_a_whole_tenant(
    shared_platform: Platform, customers: dict[str, str], shape: str
) -> None:
    """Deployment, quota, database, DNS and billing are there, once, and fit together."""
    checks = await tenant_health(shared_platform.providers, customers[shape])
    assert [check for check in checks if not check.ok] == []


async def test_sequential_runs_the_steps_in_order(shared_platform: Platform, customers: dict[str, str]) -> None:
    """One provider call each."""
    assert shared_platform.calls(customers["sequential"]) == list(STEPS)


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_step_that_cannot_be_done_fails_the_saga(failures: dict[str, BaseException | None], shape: str) -> None:
    """All shapes but `parked` are closed then, with the provider's failure at the root."""
    assert getattr(failures[shape], "type", "") == "ProviderUnavailable"
