"""The platform's own Temporal namespace: made when missing, and used once all parts of the engine know it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeIndexedValueType
from temporalio.service import RPCError, RPCStatusCode

from gameday.provisioning.contract import CUSTOMER, JOB, NEEDS_HUMAN, SEARCH_ATTRIBUTES

Seen = TypeVar("Seen")
RETENTION = timedelta(days=3)
USABLE_WITHIN_S = 60.0
LOOK_AGAIN_S = 0.1
KINDS = {
    SearchAttributeIndexedValueType.KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    SearchAttributeIndexedValueType.BOOL: IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
}
PROBE = f"{JOB.name} = 'none' AND {CUSTOMER.name} = 'none' AND {NEEDS_HUMAN.name} = true"


class NotUsable(Exception):
    """The engine, or the namespace in it, does not answer in time."""


async def connect(address: str, namespace: str) -> Client:
    """A client of the namespace, which is usable then. Raises NotUsable."""
    client = await _within(lambda: Client.connect(address, namespace=namespace), f"no engine at {address}")
    await prepare(client)
    return client


async def prepare(client: Client) -> None:
    """Register what is missing, the namespace itself included. Raises NotUsable."""
    await _within(lambda: _register(client), f"namespace {client.namespace} cannot be made")
    await _within(lambda: _add_attributes(client), f"{client.namespace} does not take search attributes")
    await _within(lambda: client.count_workflows(PROBE), f"{client.namespace} does not know its search attributes")


async def _register(client: Client) -> None:
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        kept = Duration(seconds=int(RETENTION.total_seconds()))
        wanted = RegisterNamespaceRequest(namespace=client.namespace, workflow_execution_retention_period=kept)
        await client.workflow_service.register_namespace(wanted)


async def _add_attributes(client: Client) -> None:
    asked = ListSearchAttributesRequest(namespace=client.namespace)
    known = (await client.operator_service.list_search_attributes(asked)).custom_attributes
    missing = {key.name: KINDS[key.indexed_value_type] for key in SEARCH_ATTRIBUTES if key.name not in known}
    if missing:
        wanted = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        await client.operator_service.add_search_attributes(wanted)


async def _within(trying: Callable[[], Awaitable[Seen]], complaint: str) -> Seen:
    """Again and again: a namespace that was just made is not known to every part of the engine at once."""
    until = asyncio.get_running_loop().time() + USABLE_WITHIN_S
    while True:
        try:
            return await trying()
        except (RPCError, RuntimeError) as error:  # RuntimeError: nobody listens there yet
            if asyncio.get_running_loop().time() > until:
                raise NotUsable(f"{complaint}: {error}") from None
            await asyncio.sleep(LOOK_AGAIN_S)
