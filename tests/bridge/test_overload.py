"""A storm of alerts, and an engine that cannot keep up with it."""

import asyncio
from typing import Any

import pytest
from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowInput, WorkflowHandle

from tests.bridge.conftest import MakeBridge, alert, body, fresh
from tests.bridge.test_verdicts import signals
from tests.conftest import Engine
from workflows.contract import DATA_CONVERTER


class Slow(Interceptor):
    """Makes each call to the engine take a while longer, and counts those under way."""

    def __init__(self, each_s: float) -> None:
        self.each_s, self.now, self.most = each_s, 0, 0

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's own name
        return _Slowed(self, next)


class _Slowed(OutboundInterceptor):
    def __init__(self, slow: Slow, following: OutboundInterceptor) -> None:
        super().__init__(following)
        self._slow = slow

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002
        self._slow.now += 1
        self._slow.most = max(self._slow.most, self._slow.now)
        try:
            await asyncio.sleep(self._slow.each_s)
            return await super().start_workflow(input)
        finally:
            self._slow.now -= 1


async def connected(engine: Engine, client: Client, slow: Slow) -> Client:
    """Where `client` is, but slow."""
    return await Client.connect(
        engine.address, namespace=client.namespace, data_converter=DATA_CONVERTER, interceptors=[slow]
    )


@pytest.mark.parametrize("bodies", [1, 3], ids=["one body of many", "many bodies at once"])
async def test_calls_to_the_engine_are_bounded(
    engine: Engine, client: Client, make_bridge: MakeBridge, bodies: int
) -> None:
    """However alerts arrive, no more than `concurrency` of them are with the engine at a time (design §9)."""
    slow = Slow(0.02)
    bridge = make_bridge(await connected(engine, client, slow), concurrency=3)
    storms = [body(*(alert(fresh()) for _ in range(24 // bodies))) for _ in range(bodies)]
    answers = await asyncio.gather(*(bridge.post(storm) for storm in storms))
    assert [answer.status_code for answer in answers] == [200] * bodies
    assert slow.most == 3


async def test_a_storm_too_large_for_one_answer_gets_through_by_being_sent_again(
    engine: Engine, client: Client, make_bridge: MakeBridge
) -> None:
    """A body answered 503 comes again whole; what was taken of it is not asked of the engine twice."""
    bridge = make_bridge(await connected(engine, client, Slow(0.25)), concurrency=1, take_within_s=0.9)
    storm = body(*(alert(fresh()) for _ in range(6)))
    answers = [await bridge.post(storm) for _ in range(4)]
    assert [answer.status_code for answer in answers][:1] == [503]
    assert 200 in [answer.status_code for answer in answers]


async def test_what_was_taken_before_a_503_is_told_once(
    engine: Engine, client: Client, make_bridge: MakeBridge
) -> None:
    """The incident hears of it once, and the verdict of the last answer is still the true one."""
    bridge = make_bridge(await connected(engine, client, slow := Slow(0.0)), concurrency=1, take_within_s=0.5)
    first, second = fresh(), fresh()
    await bridge.post(body(alert(first)))
    slow.each_s = 0.35
    both = body(alert(first, starts="2026-06-17T00:00:00Z"), alert(second))
    assert (await bridge.post(both)).status_code == 503
    slow.each_s = 0.0
    assert await bridge.verdicts(both) == ["told", "opened"]
    assert len(await signals(client, f"incident-{first}")) == 2
