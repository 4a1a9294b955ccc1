"""What the engine must know before an incident can run on it: our search attributes (design §5, engine needs)."""

from typing import Any

import structlog
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeIndexedValueType, SearchAttributeKey
from temporalio.service import RPCError

from workflows.contract import SEARCH_ATTRIBUTES

KINDS = {
    SearchAttributeIndexedValueType.KEYWORD: ("Keyword", IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD),
    SearchAttributeIndexedValueType.BOOL: ("Bool", IndexedValueType.INDEXED_VALUE_TYPE_BOOL),
}

log = structlog.get_logger(__name__)


class EngineLacks(Exception):
    """The engine misses search attributes and will not let us add them. The message holds the exact commands."""


async def missing_attributes(client: Client) -> tuple[SearchAttributeKey[Any], ...]:
    """Those of ours that the engine does not know. Raises RPCError."""
    request = ListSearchAttributesRequest(namespace=client.namespace)
    known = await client.operator_service.list_search_attributes(request)
    return tuple(key for key in SEARCH_ATTRIBUTES if key.name not in known.custom_attributes)


async def register_attributes(client: Client) -> None:
    """Register what is missing. Raises EngineLacks where we may not."""
    missing = await missing_attributes(client)
    if not missing:
        return
    wanted = {key.name: KINDS[key.indexed_value_type][1] for key in missing}
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted)
        )
    except RPCError as error:
        raise EngineLacks(
            f"the engine misses search attributes and refused to add them ({error.message}). Run:\n"
            + commands(client, missing)
        ) from None
    log.info("search attributes registered", names=sorted(wanted))


def commands(client: Client, missing: tuple[SearchAttributeKey[Any], ...]) -> str:
    """What an administrator types to add them."""
    return "\n".join(
        f"  temporal operator search-attribute create --namespace {client.namespace} "
        f"--name {key.name} --type {KINDS[key.indexed_value_type][0]}"
        for key in missing
    )
