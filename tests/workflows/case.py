"""One incident under test: what a test says to it, and what it waits to read."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowHistory,
    WorkflowUpdateFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from incident.model.alert import Alert, AlertStatus
from incident.model.playbook import Playbook
from incident.model.response_policy import ResponsePolicy
from integrations.clock import utc_now
from runbook.catalog import playbook_for
from tests.waiting import PATIENTLY_S, asked, eventually
from tests.workflows.policies import quick
from workflows import contract


@dataclass(frozen=True)
class Case:
    client: Client
    id: str
    alert: Alert = field(default_factory=lambda: Alert(name="AppDBDown"))

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(self.id)

    @property
    def cleared(self) -> Alert:
        return Alert(name=self.alert.name, labels=self.alert.labels, status=AlertStatus.RESOLVED)

    # ── saying ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def tell(self, name: str, *inputs: Any) -> None:
        """A signal."""
        await self.handle.signal(name, args=list(inputs))

    async def ask(self, name: str, *inputs: Any) -> str:
        """An update's answer."""
        return str(await self.handle.execute_update(name, args=list(inputs)))

    async def refused(self, name: str, *inputs: Any) -> str:
        """Why an update was refused. Fails when it was not."""
        try:
            answer = await self.ask(name, *inputs)
        except WorkflowUpdateFailedError as error:
            return str(getattr(error.cause, "message", error.cause))
        raise AssertionError(f"{name} was not refused but answered {answer!r}")

    async def dropped(self) -> None:
        """Nobody needs it any more: what is left open re-pages and posts, and slows every test after it."""
        try:
            await self.handle.terminate()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # it has ended, or never began
                raise

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def status(self) -> dict[str, Any]:
        return dict(await asked(self.handle, "status"))

    async def timeline(self) -> list[dict[str, str]]:
        return list(await asked(self.handle, "timeline"))

    async def criteria(self) -> list[dict[str, Any]]:
        return list(await asked(self.handle, "criteria"))

    async def lines(self) -> list[str]:
        return [entry["what"] for entry in await self.timeline()]

    async def events(self) -> list[Any]:
        """The latest run's history."""
        return [event async for event in self.handle.fetch_history_events()]

    async def histories(self) -> list[WorkflowHistory]:
        """Of each run that became the next one, oldest first; the last is the latest run's."""
        found, run_id = [], None
        while run_id != "":
            history = await self.client.get_workflow_handle(self.id, run_id=run_id).fetch_history()
            found.append(history)
            run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
        return found[::-1]

    async def history_text(self) -> str:
        """All of it as the engine keeps it; in JSON a payload would be base64, which hides what is searched for."""
        events = [event for history in await self.histories() for event in history.events]
        return "".join(event.SerializeToString().decode("latin-1") for event in events)

    # ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def said(self, words: str, within_s: float = PATIENTLY_S) -> dict[str, str]:
        """The first timeline entry that says or reasons `words`, once there is one."""

        async def look() -> dict[str, str] | None:
            entries = await self.timeline()
            return next((e for e in entries if words in e["what"] or words in e["because"]), None)

        return await eventually(look, f"{self.id}: the timeline says {words!r}", within_s=within_s)

    async def stands(self, within_s: float = PATIENTLY_S, **wanted: Any) -> dict[str, Any]:
        """The status, once all of `wanted` is in it."""

        async def look() -> dict[str, Any] | None:
            status = await self.status()
            return status if wanted.items() <= status.items() else None

        return await eventually(look, f"{self.id}: status has {wanted}", within_s=within_s)

    async def ended(self) -> dict[str, Any]:
        """The result of the run, once it completes."""
        return dict(await self.handle.result())


class Open(Protocol):
    """Opens the incident of a test."""

    async def __call__(
        self,
        policy: ResponsePolicy | None = None,
        playbook: Playbook | None = None,
        *,
        alert: Alert | None = None,
    ) -> Case: ...


async def open_incident(
    client: Client,
    incident_id: str,
    *,
    alert: Alert | None = None,
    playbook: Playbook | None = None,
    policy: ResponsePolicy | None = None,
) -> Case:
    """As the bridge does: playbook and policy come along, the alert is the start and the first signal."""
    alert = alert or Alert(name="AppDBDown")
    playbook, policy = playbook or playbook_for(alert), policy or quick()
    await client.start_workflow(
        contract.WORKFLOW_TYPE,
        contract.IncidentInput(alert=alert, playbook=playbook, policy=policy),
        id=incident_id,
        task_queue=contract.TASK_QUEUE,
        start_signal="alert",
        start_signal_args=[alert],
        search_attributes=contract.opening_attributes(alert.name, playbook.severity, playbook.domain),
        memo={"alert": alert.name},
    )
    return Case(client, incident_id, alert)


def fires(name: str = "AppDBDown", **labels: str) -> Alert:
    """As Alertmanager tells it: with a start, so that a repeat can be told from a re-fire."""
    return Alert(name=name, labels=labels, fingerprint="f1", starts_at=utc_now(), source="alertmanager")
