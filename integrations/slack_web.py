"""One call of Slack's Web API, and what its answer means. Facts from Slack's pages "Using the Slack Web API" and "Rate
limits" (docs.slack.dev).
"""

from typing import Any

import httpx
from pydantic import SecretStr

from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.http import DEFAULT_WAIT_S, ask, failure_of, key_header

PASSING = ("internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org")
"""Errors of the Web API that may be gone in a second."""
LIMITED = ("ratelimited", "rate_limited", "message_limit_exceeded")


async def call(
    http: httpx.AsyncClient, api_url: str, token: SecretStr, verb: str, method: str, *, key: str = "", **request: Any
) -> dict[str, Any]:
    """Reading methods take a query (GET), writing ones JSON (POST). Raises Unreachable, RateLimited, Refused.

    A refusal's text ends with Slack's own word for it.
    """
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} | (key_header(key) if key else {})
    answer = await ask(http, "Slack", verb, f"{api_url.rstrip('/')}/{method}", headers=headers, **request)
    failure = failure_of("Slack", answer) or _refusal(answer, method)
    if failure:
        raise failure
    told: dict[str, Any] = answer.json()
    return told


def _refusal(answer: httpx.Response, method: str) -> IntegrationError | None:
    """The Web API says no with a 200. None: it said yes."""
    try:
        told = answer.json()
    except ValueError:
        told = None
    if not isinstance(told, dict) or "ok" not in told:
        return Refused(f"Slack answered {answer.status_code} without `ok`: is this its address?")
    if told["ok"] is True:
        return None
    error = str(told.get("error", "no reason"))[:100]
    words = f"Slack refused {method}: {error}"
    if error in LIMITED:
        return RateLimited(words, DEFAULT_WAIT_S)
    return Unreachable(words) if error in PASSING else Refused(words)
