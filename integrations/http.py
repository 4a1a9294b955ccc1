"""One HTTP client for everything, and what its failures mean."""

import httpx

from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable

TIMEOUT = httpx.Timeout(5.0, connect=3.0)
"""Seconds. A page waits for nobody longer than this; the engine tries again."""
DEFAULT_WAIT_S = 5.0


def shared_client() -> httpx.AsyncClient:
    """Shared by all integrations, so that connections stay open; close it after the worker."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    return httpx.AsyncClient(timeout=TIMEOUT, limits=limits, follow_redirects=False)


def unreachable(who: str, error: httpx.HTTPError) -> Unreachable:
    """No answer. The error's own text may hold an address with a secret in it, so only its type is told."""
    return Unreachable(f"{who} did not answer ({type(error).__name__})")


def failure_of(who: str, response: httpx.Response, said: str = "") -> IntegrationError | None:
    """What a status means; None: it went well. `said` is the provider's own word, shortened."""
    code = response.status_code
    if code < 400:
        return None
    words = f"{who} answered {code}" + (f": {said[:200]}" if said else "")
    if code == 429:
        return RateLimited(words, _retry_after(response))
    return Unreachable(words) if code >= 500 or code == 408 else Refused(words)


def _retry_after(response: httpx.Response) -> float:
    """Seconds; the header may also be a date, which is too rare to be worth reading exactly."""
    try:
        return min(float(response.headers.get("retry-after", DEFAULT_WAIT_S)), 300.0)
    except ValueError:
        return DEFAULT_WAIT_S
