"""Is obs-db-selfheal at work? While it redeploys, our levers hold back (runbook §3.2)."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from activities.outside import Ask, Outside
from incident.model.finding import Finding, Status
from integrations.clock import utc_now
from integrations.errors import IntegrationError
from integrations.settings import AppSettings

AT_WORK = {"PENDING", "IN_PROGRESS"}
DONE = "SUCCEEDED"
"""App Runner's OperationSummary: PENDING, IN_PROGRESS, FAILED, SUCCEEDED, ROLLBACK_*."""


async def check(ask: Ask, outside: Outside) -> Finding:
    """`acting`: a deployment runs now; `healed`: one succeeded since this began; bad: the last one failed."""
    apps = [app for app in ask.subjects(outside.apps) if app.service_arn]
    if not apps:
        return _finding(Status.UNKNOWN, "no app names its App Runner service: set service_arn in INCIDENTS_APPS")
    try:
        seen = await asyncio.gather(*(_latest(app, ask.since, outside) for app in apps))
    except IntegrationError as error:
        return _finding(Status.UNKNOWN, str(error))
    latest = [(app, operation) for app, operation in zip(apps, seen, strict=True) if operation]
    if not latest:
        return _finding(Status.OK, "no deployment since this began")
    acting = [o for _, o in latest if o["Status"] in AT_WORK]
    failed = [o for _, o in latest if o["Status"] not in AT_WORK and o["Status"] != DONE]
    words = "; ".join(_words(app, operation) for app, operation in latest)
    status = Status.BAD if failed else Status.OK
    return _finding(status, words, acting=bool(acting), healed=not acting and not failed)


def _finding(status: Status, summary: str, *, acting: bool = False, healed: bool = False) -> Finding:
    return Finding(check="self_heal", status=status, summary=summary, at=utc_now(), acting=acting, healed=healed)


async def _latest(app: AppSettings, since: datetime, outside: Outside) -> dict[str, Any] | None:
    operations = await outside.aws.operations(app.service_arn)
    recent = [o for o in operations if o["StartedAt"] >= since and o.get("Type") == "START_DEPLOYMENT"]
    return max(recent, key=lambda o: o["StartedAt"], default=None)


def _words(app: AppSettings, operation: dict[str, Any]) -> str:
    started = f"{operation['StartedAt'].astimezone(UTC):%H:%M:%S} UTC"
    state = "is redeploying" if operation["Status"] in AT_WORK else f"redeploy {operation['Status'].lower()}"
    return f"{app.name} {state} (started {started})"
