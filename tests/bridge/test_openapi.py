"""Whatever the schema allows, and some of what it does not: never a 5xx while the engine is up."""

import asyncio

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from temporalio.client import Client

from tests.bridge.conftest import MakeBridge
from tests.bridge.test_http import listening

EXAMPLES = 30


def play(address: str) -> int:
    """Call every operation with generated paths, headers and bodies; how many operations there were."""
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in operations:

        @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def every(case: schemathesis.Case) -> None:
            case.call_and_validate(checks=[not_a_server_error], timeout=20)

        every()
    return len(operations)


async def test_nothing_the_schema_allows_is_a_server_error(client: Client, make_bridge: MakeBridge) -> None:
    """Four operations: the webhook, health, readiness, metrics."""
    async with listening(make_bridge(client)) as port:
        assert await asyncio.to_thread(play, f"http://127.0.0.1:{port}") == 4
