"""The customer's way, re-run: does each page show what only a healthy one shows? (runbook §2.3)"""

import asyncio

import httpx

from activities.outside import Ask, Outside
from incident.model.finding import Finding, Status
from integrations.clock import utc_now
from integrations.http import fetch
from integrations.settings import AppSettings, JourneyStep

WITHIN_S = 5.0
"""For one page, redirects followed: a journey of several must end within the patience a look has for one check."""
MOST_BYTES = 2 * 1024 * 1024


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
        url = f"{str(app.url).rstrip('/')}{step.path}"
        answer = await fetch(http, url, within_s=WITHIN_S, most_bytes=MOST_BYTES, follow=True)
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})"
    if answer.status != httpx.codes.OK:
        return f"answered {answer.status}"
    if step.must_contain and step.must_contain not in answer.text:
        return f"answered {answer.status}, but without {step.must_contain!r}"
    return ""
