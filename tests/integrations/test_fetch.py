"""What is broken may send anything, for ever: a GET is bounded in seconds and in bytes."""

import gzip

import httpx
import pytest

from integrations.http import fetch
from tests.integrations.servers import Server, answering, hanging, head


@pytest.fixture
async def http() -> httpx.AsyncClient:
    return httpx.AsyncClient()


async def test_a_short_answer_comes_whole(http: httpx.AsyncClient) -> None:
    """Status and body."""
    async with answering(head(200, length=5) + b"hello") as server:
        answer = await fetch(http, server.url, within_s=5, most_bytes=100)

    assert (answer.status, answer.body, answer.cut) == (200, b"hello", False)


async def test_a_long_answer_is_cut(http: httpx.AsyncClient) -> None:
    """And says so."""
    async with answering(head(200) + b"x" * 5000) as server:
        answer = await fetch(http, server.url, within_s=5, most_bytes=1000)

    assert (len(answer.body), answer.cut) == (1000, True)


async def test_a_dripping_answer_ends_in_time(http: httpx.AsyncClient) -> None:
    """Each byte comes soon enough, the whole never."""
    async with Server(drip=(head(200), b"x", 0.05)) as server:
        with pytest.raises(httpx.ReadTimeout, match=r"0\.3 s"):
            await fetch(http, server.url, within_s=0.3, most_bytes=1000)


async def test_silence_ends_in_time(http: httpx.AsyncClient) -> None:
    """It takes the connection and says nothing."""
    async with hanging() as server:
        with pytest.raises(httpx.TimeoutException):
            await fetch(http, server.url, within_s=0.3, most_bytes=1000)


async def test_a_small_answer_does_not_unfold_into_a_big_one(http: httpx.AsyncClient) -> None:
    """Compression is not asked for, and not undone."""
    packed = gzip.compress(b"0" * 50_000_000)
    async with answering(head(200, "Content-Encoding: gzip", length=len(packed)) + packed) as server:
        answer = await fetch(http, server.url, within_s=5, most_bytes=1_000_000)

    assert len(answer.body) == len(packed)


async def test_a_redirect_is_followed_only_on_demand(http: httpx.AsyncClient) -> None:
    """A probe looks at what it was told to look at; a customer's browser goes on."""
    async with (
        answering(head(200, length=4) + b"here") as there,
        answering(head(302, f"Location: {there.url}", length=0)) as server,
    ):
        stays = await fetch(http, server.url, within_s=5, most_bytes=100)
        goes = await fetch(http, server.url, within_s=5, most_bytes=100, follow=True)

    assert (stays.redirects, goes.body) == (True, b"here")
