"""A child workflow per region makes the database and its DNS name there."""

import asyncio

from temporalio import workflow

from gameday.provisioning.contract import REGION_TYPE, WORKFLOW_TYPE, RegionOrder
from gameday.provisioning.sagas.saga import Saga, run_step

BY_REGION = ("create_database", "create_dns")


async def run(saga: Saga) -> None:
    for name in ("reserve_deployment", "set_quota"):
        await saga.step(name)
    if not set(BY_REGION) <= set(saga.results):
        await _regions(saga)
    for name in ("activate_billing", "send_welcome"):
        await saga.step(name)


async def _regions(saga: Saga) -> None:
    """All at once. Raises ChildWorkflowError for the first that fails; the others go down with the saga."""
    saga.at = "create_database"
    made = await asyncio.gather(*(_region(saga, region) for region in saga.order.regions))
    for name in BY_REGION:
        saga.results[name] = ", ".join(results[name] for results in made)


async def _region(saga: Saga, region: str) -> dict[str, str]:
    order = saga.order
    results: dict[str, str] = await workflow.execute_child_workflow(
        REGION_TYPE,
        RegionOrder(order, region, saga.deployment),
        id=f"{workflow.info().workflow_id}/{region}",
        memo={"plan": order.plan, "customer": order.customer, "parent": WORKFLOW_TYPE},
        search_attributes=workflow.info().typed_search_attributes,
        static_summary=f"{order.customer} • {region}",
    )
    return results


@workflow.defn(name=REGION_TYPE)
class ProvisionRegion:
    """One region of a tenant."""

    @workflow.run
    async def run(self, ordered: RegionOrder) -> dict[str, str]:
        results = {}
        for name in BY_REGION:
            results[name] = await run_step(ordered.order, name, ordered.deployment, ordered.region)
        return results
