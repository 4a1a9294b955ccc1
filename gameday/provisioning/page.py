"""The platform's page: who paid what, who has what, where each saga is, what is broken, what was called."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from temporalio.client import Client
from temporalio.service import RPCError

from gameday.provisioning.checkout import cron_state
from gameday.provisioning.contract import NEEDS_HUMAN, STEPS, workflow_id
from gameday.provisioning.faults import KINDS, LOOK_UP, PLACES
from gameday.provisioning.providers import Providers
from gameday.provisioning.store import Row
from gameday.provisioning.tenant_health import Check, tenant_health

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)
MOST_JOBS, MOST_CALLS = 30, 30
"""Shown: the newest."""
ANSWER_WITHIN_S = 2.0
"""How long the page waits for the engine."""


@dataclass(frozen=True)
class SagaState:
    """Of the latest run; `status` in Temporal's words."""

    status: str
    link: str = ""
    needs_human: bool = False


@dataclass(frozen=True)
class Shown:
    """One line of the table."""

    job: Row
    saga: SagaState
    checks: list[Check]
    deployments: list[Row]
    quota: int | None

    @property
    def double(self) -> bool:
        """More than one `dpl_` was ever minted for the customer."""
        return len(self.deployments) > 1

    @property
    def starved(self) -> bool:
        """There is a quota, and it is less than what was paid."""
        return self.quota is not None and self.quota < (self.job["paid_gb"] or 1)


def page(providers: Providers, client: Client | None, ui: str) -> APIRouter:
    """`ui`: base address of Temporal's Web UI; empty: sagas are named without a link."""
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/")
    async def overview() -> str:
        jobs = list(reversed(providers.jobs.all(time.time())))
        shown = await asyncio.gather(*(_shown(providers, client, ui, job) for job in jobs[:MOST_JOBS]))
        return TEMPLATES.get_template("provisioning.html").render(
            shown=shown,
            more=max(0, len(jobs) - MOST_JOBS),
            stuck=sum(job["state"] == "stuck" for job in jobs),
            cron=await _cron(client),
            faults={fault.step: fault for fault in providers.faults.all()},
            places=PLACES,
            steps=STEPS,
            kinds=KINDS,
            look_up=LOOK_UP,
            calls=[_line(call) for call in reversed(providers.ledger()[-MOST_CALLS:])],
            databases=providers.tenants.words,
            now=time.time(),
        )

    # What a form can send, for a page without scripts.
    @router.post("/faults/{step}/break")
    async def break_it(step: str, kind: str) -> RedirectResponse:
        providers.faults.switch_on(step, kind)
        return RedirectResponse("/", 303)

    @router.post("/faults/{step}/mend")
    async def mend_it(step: str) -> RedirectResponse:
        providers.faults.switch_off(step)
        return RedirectResponse("/", 303)

    return router


async def _shown(providers: Providers, client: Client | None, ui: str, job: Row) -> Shown:
    customer = job["customer"]
    return Shown(
        job=job,
        saga=await _saga(client, ui, job["job"]),
        checks=await tenant_health(providers, customer),
        deployments=providers.deployments(customer),
        quota=providers.quota(customer),
    )


async def _saga(client: Client | None, ui: str, job: str) -> SagaState:
    if client is None:
        return SagaState("no engine")
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            told = await client.get_workflow_handle(workflow_id(job)).describe()
    except (RPCError, TimeoutError):
        return SagaState("no saga, or no answer")
    link = f"{ui}/namespaces/{client.namespace}/workflows/{told.id}/{told.run_id}/history" if ui else ""
    status = told.status.name.lower().replace("_", " ") if told.status else "unknown"
    return SagaState(status, link, bool(told.typed_search_attributes.get(NEEDS_HUMAN)))


async def _cron(client: Client | None) -> str:
    if client is None:
        return "no engine"
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            state = await cron_state(client)
    except (RPCError, TimeoutError):
        return "no answer"
    if not state["exists"]:
        return "there is none"
    return f"paused: {state['note']}" if state["paused"] else f"running, {state['actions']} passes so far"


def _line(call: Row) -> dict[str, Any]:
    """Run ids begin with the time and end with what tells them apart."""
    return call | {"at": time.strftime("%H:%M:%S", time.gmtime(call["at"])), "run": call["run"][-6:]}
