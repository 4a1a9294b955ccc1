"""The customer's way, re-run: does each page show what only a healthy one shows? (runbook §2.3)"""

import asyncio

import httpx

from activities.outside import Ask, Outside
from incident.model.finding import Finding, Status
from integrations.clock import utc_now
from integrations.settings import AppSettings, JourneyStep

TIMEOUT_S = 10.0


async def check(ask: Ask, outside: Outside) -> Finding:
    apps = ask.subjects(outside.apps)
    if not apps:
        return _finding(Status.UNKNOWN, "no app is set: set INCIDENTS_APPS")
    broken = [why for why in await asyncio.gather(*(_walk(app, outside.http) for app in apps)) if why]
    steps = sum(len(app.journey) for app in apps)
    return _finding(Status.BAD, "; ".join(broken)) if broken else _finding(Status.OK, f"all {steps} steps work")


def _finding(status: Status, summary: str) -> Finding:
    return Finding(check="journey", status=status, summary=summary, at=utc_now())


async def _walk(app: AppSettings, http: httpx.AsyncClient) -> str:
    """Where the journey breaks first; empty: nowhere."""
    for step in app.journey:
        why = await _step(app, step, http)
        if why:
            return f"{app.name}{step.path}: {why}"
    return ""


async def _step(app: AppSettings, step: JourneyStep, http: httpx.AsyncClient) -> str:
    try:
        answer = await http.get(f"{str(app.url).rstrip('/')}{step.path}", timeout=TIMEOUT_S, follow_redirects=True)
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})"
    if answer.is_error:
        return f"answered {answer.status_code}"
    if step.must_contain and step.must_contain not in answer.text:
        return f"answered {answer.status_code}, but without {step.must_contain!r}"
    return ""
