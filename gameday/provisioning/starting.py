"""Starting a saga, as the checkout does when a customer has paid."""

from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.converter import DataConverter

from gameday.provisioning.contract import (
    CUSTOMER,
    JOB,
    NEEDS_HUMAN,
    TASK_QUEUE,
    WORKFLOW_TYPE,
    Order,
    workflow_id,
)
from gameday.provisioning.providers import Providers

SagaHandle = WorkflowHandle[Any, dict[str, str]]


def plain(client: Client) -> Client:
    """The same connection in Temporal's default JSON: whoever owns `client` may write in another format."""
    config = client.config()
    config["data_converter"] = DataConverter.default
    return Client(**config)


async def start_saga(
    client: Client,
    order: Order,
    *,
    task_queue: str = TASK_QUEUE,
    reuse: WorkflowIDReusePolicy = WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
) -> SagaHandle:
    """As the checkout does. Raises WorkflowAlreadyStartedError."""
    attributes: list[SearchAttributePair[Any]] = [
        SearchAttributePair(JOB, order.job),
        SearchAttributePair(CUSTOMER, order.customer),
        SearchAttributePair(NEEDS_HUMAN, False),
    ]
    return await plain(client).start_workflow(
        WORKFLOW_TYPE,
        order,
        id=workflow_id(order.job),
        task_queue=task_queue,
        id_reuse_policy=reuse,
        result_type=dict[str, str],
        memo={"plan": order.plan, "customer": order.customer},
        search_attributes=TypedSearchAttributes(attributes),
        static_summary=f"{order.customer} • plan {order.plan}",
    )


async def check_out(client: Client, providers: Providers, order: Order) -> SagaHandle:
    """A customer pays: the app records the job, and starts its saga. Raises WorkflowAlreadyStartedError."""
    providers.jobs.paid(order.job, order.customer, order.plan, order.paid_gb)
    return await start_saga(client, order)
