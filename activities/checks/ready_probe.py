"""Can customers work? The deep `/api/ready`, and whether the shallow `/api/health` lies about it (runbook §3.2)."""

import asyncio
import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import httpx

from activities.outside import Ask, Outside
from incident.model.finding import Finding, Status
from integrations.clock import utc_now
from integrations.http import Answer, fetch
from integrations.settings import AppSettings

MOST_BYTES = 64 * 1024
WITHIN_S = 5.0
"""For the whole answer; blackbox exporter gives up in the same order ("Configuration": timeout)."""
MOST_POOLS = 5

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
        answer = await _get(http, app, "/api/ready")
    except httpx.HTTPError as error:
        return _no_answer(error)
    said = f"/api/ready answered {answer.status}"
    if answer.redirects:
        return Status.BAD, f"{said}, a redirect: the deep probe itself must answer"
    if not answer.body.strip():
        return Status.BAD, f"{said} with an empty body"
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        more = f"more than {MOST_BYTES // 1024} KiB" if answer.cut else "something that is not JSON"
        return Status.BAD, f"{said} with {more}"
    failing = _failing(told)
    if failing:
        return Status.BAD, f"{said}: {failing}"
    if answer.status != httpx.codes.OK:
        return Status.BAD, said
    if not isinstance(told, dict) or told.get("ok") is not True:
        return Status.BAD, f"{said} without saying ok"
    return Status.OK, "/api/ready answers 200, every pool ok"


async def _get(http: httpx.AsyncClient, app: AppSettings, path: str) -> Answer:
    url = f"{str(app.url).rstrip('/')}{path}"
    return await fetch(http, url, within_s=WITHIN_S, most_bytes=MOST_BYTES, headers={"Accept": "application/json"})


def _failing(answer: Any) -> str:
    """Which pools are `ok:false`, and why, in the app's words."""
    found = answer.get("checks") if isinstance(answer, dict) else None
    pools = (
        found.items() if isinstance(found, dict) else ((None, x) for x in (found if isinstance(found, list) else ()))
    )
    told = [_pool(name, item) for name, item in pools if isinstance(item, dict) and item.get("ok") is False]
    more = [f"and {len(told) - MOST_POOLS} more"] if len(told) > MOST_POOLS else []
    return ", ".join([*told[:MOST_POOLS], *more])


def _pool(name: str | None, item: dict[str, Any]) -> str:
    pool = str(name or item.get("name", "a pool"))[:60]
    why = " ".join(str(item.get("error", "")).split())[:120]
    return f"pool {pool} ok:false" + (f" ({why})" if why else "")


async def _shallow_says_fine(app: AppSettings, http: httpx.AsyncClient) -> bool:
    try:
        answer = await _get(http, app, "/api/health")
    except httpx.HTTPError:
        return False
    return answer.status == httpx.codes.OK


def _no_answer(error: httpx.HTTPError) -> Seen:
    """Customers see the same as we do; only a name that we cannot resolve may be our own trouble."""
    causes = list(_causes(error))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Status.UNKNOWN, "its name cannot be resolved from here (DNS)"
    tls = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if tls is not None:
        return Status.BAD, f"TLS failed ({_why_tls(tls)})"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return Status.BAD, "connection refused: the app is down"
    if isinstance(error, httpx.TimeoutException):
        return Status.BAD, f"/api/ready did not answer within {WITHIN_S:.0f} s"
    if isinstance(error, httpx.ConnectError):
        return Status.BAD, "no connection to the app"
    return Status.BAD, f"/api/ready broke off ({type(error).__name__})"


def _why_tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return (error.reason or "handshake").replace("_", " ").lower()


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
