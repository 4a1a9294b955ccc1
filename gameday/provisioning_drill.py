"""The drill of runbook §3.1: the same failure, re-driven naively for one customer, and by us for another.

It looks at where sagas and incident stand, not at what it did before, so a drill that was killed goes on.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from gameday.drill import LOOK_EVERY_S, Drill, is_open, statuses
from gameday.provisioning.contract import STEPS, Order, Patience, workflow_id
from gameday.provisioning.launch import RunningPlatform
from gameday.provisioning.remote import Remote
from gameday.provisioning.resetting import ResetFailed, naive_operator

FAILING = "create_database"
PAID_GB = 500
NAIVE, OURS = "acme", "globex"
PATIENCE = Patience(attempts=2, attempt_s=20, first_wait_s=0.5)
CRON_EVERY_S = range(600, 1200)
TAKES_S = 3.0
"""As a real one does; else nobody could see what is done round it."""
WATCH_EVERY_S = 0.1
ANSWERS_WITHIN_S = 0.4
FENCED = "Paused by the incident orchestrator"
"""How a note of ours begins; the drill reads it as any person would, and imports nothing that wrote it."""
DOWN = (WorkflowExecutionStatus.FAILED, WorkflowExecutionStatus.TIMED_OUT, WorkflowExecutionStatus.TERMINATED)
NOBODY_PAGED = (
    "Its saga says completed now and the job counts as provisioned, so no metric shows it and nobody is paged: "
    "this one is for finance to find. The alert that follows is about the other customer."
)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What the platform's own ledger says of one customer."""

    customer: str
    how: str
    paid_gb: int
    deployments: tuple[str, ...]
    quota: int | None
    ailing: tuple[str, ...]
    """What of the tenant does not work."""
    calls: tuple[tuple[str, tuple[str, ...]], ...]
    """Step, and how each of its calls came out, in order."""

    @property
    def again(self) -> tuple[str, ...]:
        """Steps that were done more than once."""
        return tuple(step for step, outcomes in self.calls if Counter(outcomes)["done"] > 1)


@dataclass(kw_only=True)
class ProvisioningDrill(Drill):
    """`narrate` prints a sentence of the drill's own, `show` what the ledger says of customers."""

    at: RunningPlatform
    narrate: Callable[[str], None]
    show: Callable[[Sequence[Ending]], None]
    alert_token: str = ""
    _seen_fenced: str = field(default="", init=False)

    async def play(self) -> WorkflowHandle[Any, Any]:
        """From two checkouts to the closed incident; returns its handle."""
        handle = self.client.get_workflow_handle(_incident(self.scenario.alert))
        async with httpx.AsyncClient(timeout=10) as http:
            platform = Remote(http, self.at)
            naive, ours = await self._orders(platform, handle)
            try:
                await self._buy(platform, (naive, ours))
                await platform.mend(FAILING)
                await self._act_one(platform, naive)
                await self._act_two(platform, ours, handle)
            finally:
                await platform.mend(FAILING)
            endings = [await ending(platform, naive, "naively"), await ending(platform, ours, "by us")]
            self.narrate("The same failure, two endings")
            self.show(endings)
        return handle

    # ── before ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _orders(self, platform: Remote, handle: WorkflowHandle[Any, Any]) -> tuple[Order, Order]:
        """Of a play that is not over yet, else of a new one: its customers are new."""
        jobs = {job["job"]: job["state"] for job in await platform.jobs()}
        number = max([_number(job) for job in jobs], default=0)
        over = jobs.get(f"{OURS}-{number}") == "provisioned" and not await is_open(handle)
        number += over or not number
        return order_of(NAIVE, "ACME", number), order_of(OURS, "Globex", number)

    async def _buy(self, platform: Remote, orders: Sequence[Order]) -> None:
        """Both pay, and for both the saga ends at the same step."""
        missing = [order for order in orders if await self._status(order) is None]
        if missing:
            self.narrate(f"Two customers pay for {PAID_GB} GB, and {FAILING} answers 503")
            await platform.set_cron(far_away(time.time()))
            await platform.fault(FAILING, "fail")
        for order in missing:
            await platform.check_out(order)
        for order in orders:
            await self._until(order, lambda status: status is not WorkflowExecutionStatus.RUNNING)

    # ── act 1 ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _act_one(self, platform: Remote, order: Order) -> None:
        """The provider is well again, and somebody tired resets the saga to its beginning."""
        self.narrate(f"Act 1: the provider is well again, and a tired operator re-drives {order.customer}")
        while await self._status(order) in DOWN:
            await self._reset_naively(order)
        await self._until(order, lambda status: status is WorkflowExecutionStatus.COMPLETED)
        self.show([await ending(platform, order, "naively")])
        self.narrate(NOBODY_PAGED)

    async def _reset_naively(self, order: Order) -> None:
        address = self.at.env["INCIDENTS_PROVISIONING__TEMPORAL_ADDRESS"]
        try:
            saga = workflow_id(order.job)
            line = await naive_operator(Path(self.places.cli[0]), address, saga, self.at.namespace)
            self.tell("never type this: it runs every step again", line)
        except ResetFailed:
            await asyncio.sleep(LOOK_EVERY_S)  # the engine is away: look again where the saga stands

    # ── act 2 ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _act_two(self, platform: Remote, order: Order, handle: WorkflowHandle[Any, Any]) -> None:
        """The alert, the incident, one approved step, and the world as it should be."""
        self.narrate(f"Act 2: the alert fires for {order.customer}, and only {FAILING} is re-driven")
        await platform.fault(FAILING, "slow", seconds=TAKES_S)
        async with _beside(self._alerts(platform, order, handle), self._watch_cron(platform)):
            async for running in statuses(handle):
                if running is WorkflowExecutionStatus.RUNNING:
                    break
            await self.follow(handle)

    async def _alerts(self, platform: Remote, order: Order, handle: WorkflowHandle[Any, Any]) -> None:
        """What Prometheus and Alertmanager do: fire while jobs are stuck, tell when none is any more."""
        since, told = await _paid_at(platform, order), ""
        while True:
            status = "firing" if await platform.stuck() else "resolved"
            if status != told and (status == "firing" or await is_open(handle)):
                told = status if await self._post(platform.http, status, since) else told
            await asyncio.sleep(LOOK_EVERY_S)

    async def _post(self, http: httpx.AsyncClient, status: str, since: datetime) -> bool:
        """Whether the bridge has taken it."""
        headers = {"Authorization": f"Bearer {self.alert_token}"} if self.alert_token else {}
        body = notification(self.scenario.alert, status, since)
        try:
            answer = await http.post(f"{self.places.bridge}/alertmanager", json=body, headers=headers)
        except httpx.TransportError:
            return False
        return answer.is_success

    async def _watch_cron(self, platform: Remote) -> None:
        """Say when it is paused with a lease of ours in its note, and when it runs again."""
        while True:
            cron = await self._cron_now(platform)
            lease = _lease(cron.get("note", "")) if cron.get("paused") else ""
            if lease and not self._seen_fenced:
                self.narrate(f"reconcile-provisioning is paused meanwhile; its note says: {lease}")
            if self._seen_fenced and not lease:
                self.narrate(f"reconcile-provisioning {_stands(cron)}")
            self._seen_fenced = lease
            await asyncio.sleep(WATCH_EVERY_S)

    async def _cron_now(self, platform: Remote) -> dict[str, Any]:
        """Asked anew rather than waited for: an answer may hang for 5 s, and a re-drive is over sooner."""
        while True:
            try:
                async with asyncio.timeout(ANSWERS_WITHIN_S):
                    return await platform.cron()
            except TimeoutError:
                continue

    async def _mend(self, http: httpx.AsyncClient) -> None:
        """Nothing of the practice world is broken here."""

    # ── sagas ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _status(self, order: Order) -> WorkflowExecutionStatus | None:
        """Of the latest run; None: there is none."""
        sagas = in_namespace(self.client, self.at.namespace)
        while True:
            try:
                return (await sagas.get_workflow_handle(workflow_id(order.job)).describe()).status
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return None
            await asyncio.sleep(LOOK_EVERY_S)

    async def _until(self, order: Order, holds: Callable[[WorkflowExecutionStatus | None], bool]) -> None:
        while not holds(await self._status(order)):  # noqa: ASYNC110 - another process's state wakes nobody
            await asyncio.sleep(LOOK_EVERY_S)


async def ending(platform: Remote, order: Order, how: str) -> Ending:
    """Read from the platform, never from what we did."""
    calls: dict[str, tuple[str, ...]] = dict.fromkeys(STEPS, ())
    for call in await platform.ledger():
        if call["customer"] == order.customer:
            calls[call["step"]] = (*calls.get(call["step"], ()), call["outcome"])
    return Ending(
        customer=order.customer,
        how=how,
        paid_gb=order.paid_gb or 0,
        deployments=tuple(await platform.deployments(order.customer)),
        quota=await platform.quota(order.customer),
        ailing=tuple(await platform.ailing(order.customer)),
        calls=tuple(calls.items()),
    )


def notification(alert: str, status: str, since: datetime) -> dict[str, Any]:
    """An Alertmanager webhook, version 4."""
    labels = {"alertname": alert, "severity": "critical"}
    told = {
        "status": status,
        "labels": labels,
        "annotations": {"summary": "a customer who paid has no tenant", "runbook_url": RUNBOOK},
        "startsAt": since.isoformat(),
        "endsAt": since.isoformat() if status == "resolved" else "0001-01-01T00:00:00Z",
        "generatorURL": "https://prometheus.tlsstress.art/graph?g0.expr=tlsstress_provisioning_stuck+%3E+0",
    }
    return {"version": "4", "status": status, "receiver": "incidents", "groupLabels": labels, "alerts": [told]}


RUNBOOK = "https://runbooks.tlsstress.art/RUNBOOK#provisioning-stuck"


def in_namespace(client: Client, namespace: str) -> Client:
    """The same connection, for somebody else's workflows."""
    config = client.config()
    config["namespace"] = namespace
    return Client(**config)


def _incident(alert: str) -> str:
    from incident.model.alert import incident_id
    from runbook.catalog import identity_labels_of

    return incident_id(alert, {}, identity_labels_of(alert))


def order_of(name: str, customer: str, number: int) -> Order:
    """What was paid is in the order, but `set_quota` gets it from the checkout, which tells it to the first run alone:
    that is how a paid quota is zeroed (runbook §3.1)."""
    return Order(f"{name}-{number}", f"{customer}-{number}", "L", paid_gb=PAID_GB, amount="handover", patience=PATIENCE)


def _number(job: str) -> int:
    found = re.fullmatch(rf"(?:{NAIVE}|{OURS})-(\d+)", job)
    return int(found[1]) if found else 0


def far_away(now: float) -> int:
    """Seconds between two passes, so that the next one lies behind the drill: it shows the fence, not the race."""
    return max(CRON_EVERY_S, key=lambda every: every - now % every)


async def _paid_at(platform: Remote, order: Order) -> datetime:
    """When the platform first heard of the customer: the same at every start of the drill."""
    at = next(call["at"] for call in await platform.ledger() if call["customer"] == order.customer)
    return datetime.fromtimestamp(at, UTC)


def _lease(note: str) -> str:
    """The line of the note that says who holds it, and until when."""
    if not note.startswith(FENCED):
        return ""
    return next((line.removeprefix("- ") for line in note.splitlines() if line.startswith("- ")), "")


def _stands(cron: dict[str, Any]) -> str:
    note = f"; its note says: {cron['note']}" if cron.get("note") else ""
    return ("is paused by somebody else" if cron.get("paused") else "runs again") + note


@asynccontextmanager
async def _beside(*watching: Any) -> AsyncIterator[None]:
    """Goes on while the block runs, and ends with it; what goes wrong there ends the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(watch) for watch in watching]
        yield
        for task in tasks:
            task.cancel()
