"""The saga's activities: one provider call each, over HTTP, with what such code usually says when it goes wrong."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

import httpx
from temporalio import activity
from temporalio.exceptions import ApplicationError

from gameday.provisioning.contract import HEADERS, StepInput

GIVES_UP_S = 60.0
"""The HTTP client's own patience; Temporal's is shorter, so a provider that hangs is a timeout in the history."""
REFUSED = "ProviderRefused"
"""Failure type of a 4xx: trying again will not help."""
UNAVAILABLE = "ProviderUnavailable"
"""Failure type of a 5xx. A lost answer keeps httpx's own name: RemoteProtocolError, ReadTimeout, ConnectError."""


class Steps:
    """`http`: a client of the platform, its base address included."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    def all(self) -> list[Callable[..., Any]]:
        """For the worker."""
        made = [self.reserve_deployment, self.set_quota, self.create_database, self.create_dns]
        undone = [self.release_deployment, self.drop_database, self.remove_dns, self.cancel_billing]
        return [*made, self.activate_billing, self.send_welcome, *undone, self.note]

    @activity.defn
    async def reserve_deployment(self, step: StepInput) -> str:
        """Mints a deployment; returns its id."""
        made = await self._send("POST", "/deployments", step, customer=step.customer, plan=step.plan)
        return str(made["id"])

    @activity.defn
    async def set_quota(self, step: StepInput) -> str:
        """Returns what is provisioned now, `500 GB`. Who does not know the amount leaves it away."""
        amount = await self._handed_over(step) if step.handover else step.paid_gb
        body = {} if amount is None else {"paid_gb": amount}
        made = await self._send("PUT", f"/quotas/{quote(step.customer)}", step, **body)
        return f"{made['paid_gb']} GB"

    @activity.defn
    async def create_database(self, step: StepInput) -> str:
        """Returns the database's name."""
        calling = self._send("POST", "/databases", step, customer=step.customer, region=step.region)
        made = await (_beating(calling, step.heartbeat_s) if step.heartbeat_s else calling)
        return str(made["name"])

    @activity.defn
    async def create_dns(self, step: StepInput) -> str:
        """Returns the tenant's host name."""
        path = f"/dns/{quote(step.customer)}"
        made = await self._send("PUT", path, step, target=step.deployment, region=step.region)
        return str(made["name"])

    @activity.defn
    async def activate_billing(self, step: StepInput) -> str:
        """Returns the activation's id."""
        body = {"customer": step.customer, "deployment": step.deployment}
        return str((await self._send("POST", "/billing/activations", step, **body))["id"])

    @activity.defn
    async def send_welcome(self, step: StepInput) -> str:
        """Returns the mail's id."""
        return str((await self._send("POST", "/mails", step, customer=step.customer, template="welcome"))["id"])

    @activity.defn
    async def release_deployment(self, step: StepInput) -> None:
        path = f"/reservations/{quote(step.deployment)}?customer={quote(step.customer)}"
        await self._send("DELETE", path, step)

    @activity.defn
    async def drop_database(self, step: StepInput) -> None:
        await self._send("DELETE", f"/databases/{quote(step.customer)}", step)

    @activity.defn
    async def remove_dns(self, step: StepInput) -> None:
        await self._send("DELETE", f"/dns/{quote(step.customer)}", step)

    @activity.defn
    async def cancel_billing(self, step: StepInput) -> None:
        await self._send("DELETE", f"/billing/activations/{quote(step.customer)}", step)

    @activity.defn
    async def note(self, line: str) -> str:
        """Touches nothing."""
        return line

    async def _handed_over(self, step: StepInput) -> int | None:
        amount: int | None = (await self._send("POST", f"/jobs/{quote(step.job)}/handover", step))["paid_gb"]
        return amount

    async def _send(self, method: str, path: str, step: StepInput, **body: Any) -> dict[str, Any]:
        """Raises ApplicationError for an answer that is none, httpx.TransportError where there was no answer."""
        content = body if method != "DELETE" else None
        answer = await self._http.request(method, path, headers=_headers(step), timeout=GIVES_UP_S, json=content)
        if answer.is_success:
            told: dict[str, Any] = answer.json()
            return told
        said = f"{method} {answer.url.path} answered {answer.status_code}: {answer.text[:200]}"
        if answer.is_client_error:
            raise ApplicationError(said, type=REFUSED, non_retryable=True)
        raise ApplicationError(said, type=UNAVAILABLE)


def _headers(step: StepInput) -> dict[str, str]:
    info = activity.info()
    said = {"job": step.job, "plan": step.plan, "run": info.workflow_run_id or "", "attempt": str(info.attempt)}
    said |= {"key": step.key} if step.key else {}
    return {HEADERS[name]: value for name, value in said.items()}


async def _beating(calling: Coroutine[Any, Any, dict[str, Any]], every_s: float) -> dict[str, Any]:
    """Heartbeats while the call lasts, three in each span that Temporal allows."""
    task = asyncio.create_task(calling)
    try:
        while not task.done():
            activity.heartbeat("creating")
            await asyncio.wait([task], timeout=every_s / 3)
        return await task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, httpx.TransportError, ApplicationError):
            await task
