"""Redeploy the app on App Runner: it re-reads its secret and rebuilds its pool (runbook §3.2, App Runner's API
reference: StartDeployment, ListOperations).

StartDeployment takes no client token, so before each call we look whether the deployment we want is already there.
"""

from datetime import datetime, timedelta
from typing import Any

from activities.checks.self_heal import AT_WORK
from activities.outside import Ask, Outside
from incident.model.lever import LeverOutcome, LeverPlan, LeverReport
from integrations.settings import AppSettings

NAME = "redeploy_app"
ROUNDING = timedelta(seconds=2)
"""The service tells instants in whole seconds: one that was just started may seem to precede the approval."""


async def plan(ask: Ask, outside: Outside) -> LeverPlan:
    """What it would do, in words. Raises IntegrationError."""
    apps = ask.subjects(outside.apps)
    named = [app for app in apps if app.service_arn]
    if len(named) != 1:
        why = _which(apps, named)
        return LeverPlan(lever=NAME, target="", would="redeploy the app", impossible=why)
    app = named[0]
    running = _running(await outside.aws.operations(app.service_arn))
    return LeverPlan(
        lever=NAME,
        target=app.service_arn,
        would=(
            f"Start one deployment of the App Runner service of `{app.name}`, same image: it reads the database secret "
            "again and rebuilds its pool. Takes a few minutes; customers see at most what they see now."
        ),
        touches=(app.name, app.service_arn),
        held=f"a deployment of {app.name} is already {running['Status'].lower()}" if running else "",
    )


async def apply(plan: LeverPlan, approved_at: datetime, outside: Outside) -> LeverReport:
    """Start it, unless it is already there. `approved_at` is aware UTC. Raises IntegrationError."""
    operations = await outside.aws.operations(plan.target)
    ours = [o for o in operations if o["StartedAt"] >= approved_at - ROUNDING and o.get("Type") == "START_DEPLOYMENT"]
    if ours:
        return _report(LeverOutcome.APPLIED, f"deployment {ours[0]['Id']} was already started after the approval")
    running = _running(operations)
    if running:
        return _report(LeverOutcome.HELD, f"deployment {running['Id']} of somebody else is {running['Status'].lower()}")
    operation = await outside.aws.start_deployment(plan.target)
    return _report(LeverOutcome.APPLIED, f"deployment {operation} started")


def _which(apps: tuple[AppSettings, ...], named: list[AppSettings]) -> str:
    if named:
        return f"the alert does not say which of {', '.join(a.name for a in named)} it is about"
    return f"no App Runner service is set for {', '.join(a.name for a in apps) or 'any app'}: set service_arn"


def _running(operations: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((o for o in operations if o["Status"] in AT_WORK), None)


def _report(outcome: LeverOutcome, detail: str) -> LeverReport:
    return LeverReport(lever=NAME, outcome=outcome, detail=detail)
