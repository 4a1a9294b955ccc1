"""Redeploy the app on App Runner: it re-reads its secret and rebuilds its pool (runbook §3.2, App Runner's API
reference: StartDeployment, ListOperations).

StartDeployment takes no client token, so before each call we look whether the deployment we want is already there.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from activities.checks.self_heal import BUSY, RUNNING, at_work, deployments_since
from activities.outside import Ask, Outside
from incident.model.lever import LeverOutcome, LeverPlan, LeverReport
from integrations.errors import Refused
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
    state, operations = await asyncio.gather(
        outside.aws.service_status(app.service_arn), outside.aws.operations(app.service_arn)
    )
    return LeverPlan(
        lever=NAME,
        target=app.service_arn,
        would=(
            f"Start one deployment of the App Runner service of `{app.name}`, same image: it reads the database secret "
            "again and rebuilds its pool. Takes a few minutes; customers see at most what they see now."
        ),
        touches=(app.name, app.service_arn),
        held=_busy(app, state, operations),
        impossible=""
        if state in (RUNNING, BUSY)
        else f"the service of {app.name} is {state}: only a running one deploys",
    )


async def apply(plan: LeverPlan, approved_at: datetime, outside: Outside) -> LeverReport:
    """Start it, unless it is already there. `approved_at` is aware UTC. Raises IntegrationError."""
    there = _already(await outside.aws.operations(plan.target), approved_at)
    if there:
        return there
    try:
        operation = await outside.aws.start_deployment(plan.target)
    except Refused:  # one has begun since we looked: self-heal's, or our own, whose answer was lost
        there = _already(await outside.aws.operations(plan.target), approved_at)
        if there is None:
            raise
        return there
    return _report(LeverOutcome.APPLIED, f"deployment {operation} started")


def _already(operations: list[dict[str, Any]], approved_at: datetime) -> LeverReport | None:
    ours = deployments_since(operations, approved_at - ROUNDING)
    if ours:
        return _report(LeverOutcome.APPLIED, f"deployment {ours[0]['Id']} was already started after the approval")
    running = at_work(operations)
    if running:
        return _report(LeverOutcome.HELD, f"{_operation(running)} of somebody else is {running['Status'].lower()}")
    return None


def _operation(operation: dict[str, Any]) -> str:
    return f"operation {operation['Id']} ({operation.get('Type', 'unknown')})"


def _busy(app: AppSettings, state: str, operations: list[dict[str, Any]]) -> str:
    """Why not now; empty: nothing stands in the way."""
    running = at_work(operations)
    if running:
        return f"{_operation(running)} of {app.name} is already {running['Status'].lower()}"
    return f"App Runner is at work on {app.name} ({BUSY})" if state == BUSY else ""


def _which(apps: tuple[AppSettings, ...], named: list[AppSettings]) -> str:
    if named:
        return f"the alert does not say which of {', '.join(a.name for a in named)} it is about"
    return f"no App Runner service is set for {', '.join(a.name for a in apps) or 'any app'}: set service_arn"


def _report(outcome: LeverOutcome, detail: str) -> LeverReport:
    return LeverReport(lever=NAME, outcome=outcome, detail=detail)
