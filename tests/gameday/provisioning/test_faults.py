"""Each fault does what its name says; seen by the caller, and in the ledger."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from gameday.provisioning.doors import application
from gameday.provisioning.in_process import in_process
from gameday.provisioning.providers import Providers
from tests.waiting import eventually

WISH = {"customer": "ACME", "plan": "L"}


@pytest.fixture
def providers() -> Providers:
    return Providers()


@pytest.fixture
async def http(providers: Providers) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(application(providers)) as client:
        yield client


def seen(providers: Providers) -> tuple[list[str], int]:
    """Outcomes in the ledger, and how many deployments there are."""
    return [line["outcome"] for line in providers.ledger()], len(providers.deployments())


async def test_fail_does_nothing(http: httpx.AsyncClient, providers: Providers) -> None:
    await http.put("/faults/reserve_deployment", json={"kind": "fail"})
    answer = await http.post("/deployments", json=WISH)
    assert (answer.status_code, seen(providers)) == (503, (["fail"], 0))


async def test_fail_after_does_it_and_says_it_failed(http: httpx.AsyncClient, providers: Providers) -> None:
    await http.put("/faults/reserve_deployment", json={"kind": "fail_after"})
    answer = await http.post("/deployments", json=WISH)
    assert (answer.status_code, seen(providers)) == (500, (["fail_after"], 1))


async def test_reject_is_final(http: httpx.AsyncClient, providers: Providers) -> None:
    await http.put("/faults/reserve_deployment", json={"kind": "reject"})
    answer = await http.post("/deployments", json=WISH)
    assert (answer.status_code, seen(providers)) == (422, (["reject"], 0))


async def test_lost_does_it_and_closes_the_connection(http: httpx.AsyncClient, providers: Providers) -> None:
    await http.put("/faults/reserve_deployment", json={"kind": "lost"})
    with pytest.raises(httpx.RemoteProtocolError):
        await http.post("/deployments", json=WISH)
    assert seen(providers) == (["lost"], 1)


async def test_slow_takes_its_time_and_does_it(http: httpx.AsyncClient, providers: Providers) -> None:
    await http.put("/faults/reserve_deployment", json={"kind": "slow", "seconds": 0.2})
    began = asyncio.get_running_loop().time()
    await http.post("/deployments", json=WISH)
    assert (asyncio.get_running_loop().time() - began >= 0.2, seen(providers)) == (True, (["done"], 1))


async def test_hang_ends_after_its_seconds_with_nothing_done(http: httpx.AsyncClient, providers: Providers) -> None:
    await http.put("/faults/reserve_deployment", json={"kind": "hang", "seconds": 0.05})
    answer = await http.post("/deployments", json=WISH)
    assert (answer.status_code, seen(providers)) == (504, (["hang"], 0))


async def test_a_released_hang_does_it_though_nobody_waits(http: httpx.AsyncClient, providers: Providers) -> None:
    """The caller gave up long ago: it cannot know."""
    await http.put("/faults/reserve_deployment", json={"kind": "hang"})
    with pytest.raises(httpx.ReadTimeout):
        await http.post("/deployments", json=WISH, timeout=0.05)
    await http.delete("/faults/reserve_deployment")

    async def is_done() -> bool:
        return seen(providers) == (["done"], 1)

    await eventually(is_done, "the hanging call was done after all")


async def test_a_fault_ends_after_its_times(http: httpx.AsyncClient) -> None:
    await http.put("/faults/reserve_deployment", json={"kind": "fail", "times": 2})
    statuses = [(await http.post("/deployments", json=WISH)).status_code for _ in range(3)]
    assert statuses == [503, 503, 201]


async def test_a_fault_is_switched_off(http: httpx.AsyncClient) -> None:
    await http.put("/faults/reserve_deployment", json={"kind": "fail"})
    await http.delete("/faults")
    assert (await http.post("/deployments", json=WISH)).status_code == 201


async def test_a_blind_look_up_finds_nothing(http: httpx.AsyncClient) -> None:
    """A provider whose answer contradicts what happened."""
    await http.post("/deployments", json=WISH)
    await http.put("/faults/look_up", json={"kind": "blind"})
    assert (await http.get("/deployments", params={"customer": "ACME"})).json() == []


async def test_an_unknown_step_is_told_which_there_are(http: httpx.AsyncClient) -> None:
    answer = await http.put("/faults/make_coffee", json={"kind": "fail"})
    assert (answer.status_code, "reserve_deployment" in answer.text) == (404, True)
