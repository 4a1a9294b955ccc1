"""One HTTP client for everything, what its failures mean, and how much of an answer is read."""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable

TIMEOUT = httpx.Timeout(5.0, connect=3.0)
"""Seconds. A page waits for nobody longer than this; the engine tries again."""
DEFAULT_WAIT_S = 5.0
LONGEST_WAIT_S = 300.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a GET brought, at most `most_bytes` of it."""

    status: int
    body: bytes
    cut: bool
    """There was more."""
    etag: str = ""
    """By which the server knows this version again (RFC 9110 §8.8.3)."""

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def redirects(self) -> bool:
        return 300 <= self.status < 400


def shared_client() -> httpx.AsyncClient:
    """Shared by all integrations, so that connections stay open; close it after the worker."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    return httpx.AsyncClient(timeout=TIMEOUT, limits=limits, follow_redirects=False)


async def fetch(
    http: httpx.AsyncClient,
    url: str,
    *,
    within_s: float,
    most_bytes: int,
    headers: Mapping[str, str] | None = None,
    follow: bool = False,
) -> Answer:
    """GET, bounded in seconds and bytes: what is broken may send anything, for ever. Raises httpx.HTTPError."""
    # Asked for uncompressed, and read as it comes: a few bytes must not unfold into gigabytes.
    plain = {"Accept-Encoding": "identity", **(headers or {})}
    body = bytearray()
    try:
        async with (
            asyncio.timeout(within_s),
            http.stream("GET", url, headers=plain, timeout=within_s, follow_redirects=follow) as answer,
        ):
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > most_bytes:
                    break
    except TimeoutError:
        raise httpx.ReadTimeout(f"no whole answer within {within_s:g} s") from None
    etag = answer.headers.get("etag", "")
    return Answer(status=answer.status_code, body=bytes(body[:most_bytes]), cut=len(body) > most_bytes, etag=etag)


async def ask(http: httpx.AsyncClient, who: str, method: str, url: str, **request: Any) -> httpx.Response:
    """One request and its answer, whatever that says. Raises Unreachable; Refused where `url` is no web address."""
    try:
        return await http.request(method, url, **request)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
        raise Refused(f"{who} has an address that is no web address") from None
    except httpx.HTTPError as error:
        raise unreachable(who, error) from None


def key_header(key: str) -> dict[str, str]:
    """The effect's key (design §5). An incident's id may be typed by hand, a header takes only ASCII."""
    return {"Idempotency-Key": quote(key, safe="/@:+")}


def unreachable(who: str, error: httpx.HTTPError) -> Unreachable:
    """No answer. The error's own text may hold an address with a secret in it, so only its type is told."""
    return Unreachable(f"{who} did not answer ({type(error).__name__})")


def failure_of(who: str, response: httpx.Response, said: str = "") -> IntegrationError | None:
    """What a status means; None: it went well. `said` is the provider's own word, shortened."""
    code = response.status_code
    if code < 300:
        return None
    if code < 400:  # a POST is not followed, so nothing has arrived; where it leads may hold a secret
        return Refused(f"{who} answered {code}, a redirect: set the address it leads to")
    words = f"{who} answered {code}" + (f": {said[:200]}" if said else "")
    if code == 429:
        return RateLimited(words, _retry_after(response))
    return Unreachable(words) if code >= 500 or code == 408 else Refused(words)


def _retry_after(response: httpx.Response) -> float:
    """Seconds; the header may also be a date, which is too rare to be worth reading exactly."""
    try:
        told = float(response.headers.get("retry-after", DEFAULT_WAIT_S))
    except ValueError:
        return DEFAULT_WAIT_S
    return DEFAULT_WAIT_S if math.isnan(told) else min(max(told, 0.0), LONGEST_WAIT_S)
