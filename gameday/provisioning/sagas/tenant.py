"""ProvisionTenant: one workflow type, in the shapes that real sagas have."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from gameday.provisioning.contract import WORKFLOW_TYPE, Order
from gameday.provisioning.sagas import children, compensating, continued, local, long, parallel, sequential
from gameday.provisioning.sagas.parked import Parking
from gameday.provisioning.sagas.saga import Saga

Shape = Callable[[Saga], Awaitable[None]]

SHAPES: Mapping[str, Shape] = {
    "sequential": sequential.run,
    "parallel": parallel.run,
    "children": children.run,
    "local": local.run,
    "compensating": compensating.run,
    "resume_from": sequential.run,
    "continued": continued.run,
    "long": long.run,
}
"""And `parked`, which has updates besides."""


@workflow.defn(name=WORKFLOW_TYPE)
class ProvisionTenant:
    """From a paid order to a tenant; returns the result of every step."""

    @workflow.init
    def __init__(self, order: Order) -> None:
        self._saga = Saga(order)
        self._shape = Parking(self._saga).run if order.shape == "parked" else SHAPES.get(order.shape)

    @workflow.run
    async def run(self, order: Order) -> dict[str, str]:
        if self._shape is None:
            raise ApplicationError(f"no shape {order.shape!r}", type="BadInput", non_retryable=True)
        self._saga.check_resume()
        await self._shape(self._saga)
        return self._saga.results

    @workflow.query
    def progress(self) -> dict[str, Any]:
        """Where the saga is: `step`, `results`, and, when it waits for a person, `asking` and `error`."""
        saga = self._saga
        return {"step": saga.at, "results": saga.results, "asking": saga.asking, "error": saga.error}
