"""Can customers work? The deep `/api/ready`, and whether the shallow `/api/health` lies about it (runbook §3.2)."""

import asyncio
import json
import socket
import ssl
from typing import Any

import httpx

from activities.outside import Ask, Outside
from incident.model.finding import Finding, Status
from integrations.clock import utc_now
from integrations.settings import AppSettings

MOST_BYTES = 64 * 1024
TIMEOUT = httpx.Timeout(5.0, connect=3.0)
"""Seconds: the blackbox probe of the runbook gives up in the same order."""

Seen = tuple[Status, str]


async def check(ask: Ask, outside: Outside) -> Finding:
    """Bad as soon as one app of this alert cannot serve; unknown when there is none to ask."""
    apps = ask.subjects(outside.apps)
    if not apps:
        return _finding(Status.UNKNOWN, "no app is set: set INCIDENTS_APPS", {})
    seen = await asyncio.gather(*(_probe(app, outside.http) for app in apps))
    evidence = {app.name: words for app, (_, words) in zip(apps, seen, strict=True)}
    status = _worst([status for status, _ in seen])
    telling = [f"{app.name}: {words}" for app, (s, words) in zip(apps, seen, strict=True) if s is status]
    return _finding(status, "; ".join(telling), evidence)


def _finding(status: Status, summary: str, evidence: dict[str, str]) -> Finding:
    return Finding(check="ready_probe", status=status, summary=summary, evidence=evidence, at=utc_now())


def _worst(statuses: list[Status]) -> Status:
    return next((s for s in (Status.BAD, Status.UNKNOWN) if s in statuses), Status.OK)


async def _probe(app: AppSettings, http: httpx.AsyncClient) -> Seen:
    status, words = await _deep(app, http)
    if status is Status.BAD and await _shallow_says_fine(app, http):
        words += " — and the shallow /api/health says 200: it lies, as on 2026-06-16"
    return status, words


async def _deep(app: AppSettings, http: httpx.AsyncClient) -> Seen:
    try:
        code, body = await _get(http, _url(app, "/api/ready"))
    except httpx.HTTPError as error:
        return _no_answer(error)
    try:
        answer = json.loads(body)
    except ValueError:
        return Status.BAD, f"/api/ready answered {code} with something that is not JSON"
    failing = _failing(answer)
    if failing:
        return Status.BAD, f"/api/ready answered {code}: {failing}"
    if code != httpx.codes.OK:
        return Status.BAD, f"/api/ready answered {code}"
    if not isinstance(answer, dict) or answer.get("ok") is not True:
        return Status.BAD, "/api/ready answered 200 without saying ok"
    return Status.OK, "/api/ready answers 200, every pool ok"


async def _get(http: httpx.AsyncClient, url: str) -> tuple[int, bytes]:
    """Status and body, the body capped: a broken app may send anything."""
    async with http.stream("GET", url, timeout=TIMEOUT, headers={"Accept": "application/json"}) as answer:
        body = b""
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > MOST_BYTES:
                break
        return answer.status_code, body[:MOST_BYTES]


def _failing(answer: Any) -> str:
    """Which pools are `ok:false`, and why, in the app's words."""
    found = answer.get("checks") if isinstance(answer, dict) else None
    pools = found.items() if isinstance(found, dict) else ((None, item) for item in found or ())
    told = [_pool(name, item) for name, item in pools if isinstance(item, dict) and item.get("ok") is False]
    return ", ".join(told[:5])


def _pool(name: str | None, item: dict[str, Any]) -> str:
    pool = str(name or item.get("name", "a pool"))[:60]
    why = " ".join(str(item.get("error", "")).split())[:120]
    return f"pool {pool} ok:false" + (f" ({why})" if why else "")


async def _shallow_says_fine(app: AppSettings, http: httpx.AsyncClient) -> bool:
    try:
        code, _ = await _get(http, _url(app, "/api/health"))
    except httpx.HTTPError:
        return False
    return code == httpx.codes.OK


def _url(app: AppSettings, path: str) -> str:
    return f"{str(app.url).rstrip('/')}{path}"


def _no_answer(error: httpx.HTTPError) -> Seen:
    """Customers see the same as we do; only a name that we cannot resolve may be our own trouble."""
    cause = _root(error)
    if isinstance(cause, socket.gaierror):
        return Status.UNKNOWN, "its name cannot be resolved from here (DNS)"
    if isinstance(cause, ssl.SSLError):
        return Status.BAD, f"TLS failed ({cause.reason or 'handshake'})"
    if isinstance(error, httpx.TimeoutException):
        return Status.BAD, f"/api/ready did not answer within {TIMEOUT.read:.0f} s"
    if isinstance(error, httpx.ConnectError):
        return Status.BAD, "connection refused: the app is down"
    return Status.BAD, f"/api/ready broke off ({type(error).__name__})"


def _root(error: BaseException) -> BaseException:
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    return error
