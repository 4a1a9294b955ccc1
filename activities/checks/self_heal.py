"""Is obs-db-selfheal at work? While it redeploys, our levers hold back (runbook §3.2)."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from activities.outside import Ask, Outside
from incident.model.finding import Finding, Status
from integrations.clock import utc_now
from integrations.errors import IntegrationError
from integrations.settings import AppSettings

AT_WORK = {"PENDING", "IN_PROGRESS", "ROLLBACK_IN_PROGRESS"}
DONE = "SUCCEEDED"
"""App Runner's API reference, "OperationSummary": the others are FAILED, ROLLBACK_FAILED, ROLLBACK_SUCCEEDED."""
DEPLOYMENT = "START_DEPLOYMENT"
RUNNING, BUSY = "RUNNING", "OPERATION_IN_PROGRESS"
"""App Runner's API reference, "Service": the others are PAUSED, CREATE_FAILED, DELETED, DELETE_FAILED."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one app's service is doing."""

    status: Status
    words: str
    acting: bool = False
    healed: bool = False


async def check(ask: Ask, outside: Outside) -> Finding:
    """`acting`: an operation runs now; `healed`: a deployment succeeded since this began; bad: the last one failed,
    or the service is in no state to be deployed."""
    apps = [app for app in ask.subjects(outside.apps) if app.service_arn]
    if not apps:
        return _finding(Status.UNKNOWN, "no app names its App Runner service: set service_arn in INCIDENTS_APPS")
    seen = await asyncio.gather(*(_service(app, ask.since, outside) for app in apps))
    status = next((s for s in (Status.BAD, Status.UNKNOWN) if any(x.status is s for x in seen)), Status.OK)
    telling = [f"{app.name} {x.words}" for app, x in zip(apps, seen, strict=True) if x.words]
    acting = any(x.acting for x in seen)
    healed = status is Status.OK and not acting and any(x.healed for x in seen)
    return _finding(status, "; ".join(telling) or "no deployment since this began", acting=acting, healed=healed)


def _finding(status: Status, summary: str, *, acting: bool = False, healed: bool = False) -> Finding:
    return Finding(check="self_heal", status=status, summary=summary, at=utc_now(), acting=acting, healed=healed)


async def _service(app: AppSettings, since: datetime, outside: Outside) -> Seen:
    try:
        state, operations = await asyncio.gather(
            outside.aws.service_status(app.service_arn), outside.aws.operations(app.service_arn)
        )
    except IntegrationError as error:
        return Seen(status=Status.UNKNOWN, words=f"cannot be seen: {error}")
    running = at_work(operations)
    if running:
        return Seen(status=Status.OK, words=f"is {_doing(running)}{_started(running)}", acting=True)
    if state == BUSY:
        return Seen(status=Status.OK, words="has an operation in progress that is not listed", acting=True)
    if state != RUNNING:
        return Seen(status=Status.BAD, words=f"is {state}: self-heal cannot redeploy it")
    return _judge(_latest_deployment(operations, since))


def _judge(latest: dict[str, Any] | None) -> Seen:
    if latest is None:
        return Seen(status=Status.OK, words="")
    healed = latest["Status"] == DONE
    words = f"redeploy {latest['Status'].lower()}{_started(latest)}"
    return Seen(status=Status.OK if healed else Status.BAD, words=words, healed=healed)


def at_work(operations: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The one that runs now, whenever it began: App Runner does one at a time."""
    return next((o for o in operations if o["Status"] in AT_WORK), None)


def deployments_since(operations: list[dict[str, Any]], since: datetime) -> list[dict[str, Any]]:
    """Newest first, as they were listed."""
    recent = [o for o in operations if o.get("Type") == DEPLOYMENT and o.get("StartedAt")]
    return [o for o in recent if o["StartedAt"] >= since]


def _latest_deployment(operations: list[dict[str, Any]], since: datetime) -> dict[str, Any] | None:
    return max(deployments_since(operations, since), key=lambda o: o["StartedAt"], default=None)


def _doing(operation: dict[str, Any]) -> str:
    rolls_back = operation["Status"] == "ROLLBACK_IN_PROGRESS"
    if operation.get("Type") == DEPLOYMENT:
        return "rolling a deployment back" if rolls_back else "redeploying"
    return f"busy with {operation.get('Type', 'an operation')}"


def _started(operation: dict[str, Any]) -> str:
    at = operation.get("StartedAt")
    return f" (started {at.astimezone(UTC):%H:%M:%S} UTC)" if at else ""
