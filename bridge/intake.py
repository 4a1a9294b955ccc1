"""An alert becomes, or is told to, its incident: durably, with one call to the engine (design §5)."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from prometheus_client.registry import Collector
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from bridge.settings import BridgeSettings
from bridge.signal import signal_of
from bridge.unanswered import Unanswered
from incident.model.alert import Alert, AlertStatus, incident_id
from incident.model.already_paged import EarlierPage
from incident.model.bounded import bounded
from incident.model.incident import Phase
from incident.model.playbook import Playbook
from runbook.catalog import identity_labels_of, playbook_for
from runbook.response import RESPONSE, at_speed
from workflows import contract

HEARTBEAT = "Watchdog"
"""Always firing; it says that alerting works (runbook §4). No incident comes of it."""
REOPENED_IN = frozenset({Phase.RESOLVE, Phase.POSTMORTEM, Phase.CLOSED})
"""Firing in one of these phases begins the incident anew (design §5)."""


class Verdict(StrEnum):
    OPENED = "opened"
    TOLD = "told"
    REOPENED = "reopened"
    HEARTBEAT = "heartbeat"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What became of one alert."""

    alert: str
    verdict: Verdict
    incident: str = ""
    why: str = ""
    told: tuple[EarlierPage, ...] = ()
    """Pages of the second path that the incident heard of with it."""


@dataclass(frozen=True)
class EngineAway(Exception):
    """The engine did not take an alert in time: whoever sent it has to send it again."""

    why: str
    left: tuple[Alert, ...]
    """What it did not take."""
    taken: tuple[Taken, ...] = ()
    """What it has of the same notification."""

    def __str__(self) -> str:
        return self.why


class Takes(Protocol):
    """Takes alerts for the engine."""

    async def take(self, alerts: Sequence[Alert]) -> tuple[Taken, ...]:
        """All of them, durably. Raises EngineAway as soon as one cannot be; what was taken meanwhile stays taken."""
        ...

    async def ready(self) -> bool:
        """Does the engine answer?"""
        ...

    def standing(self) -> Iterable[str]:
        """What else is not as it should be, a line each."""
        ...

    @property
    def counted(self) -> Collector | None:
        """Metrics of its own."""
        ...


def _nobody(incident: str) -> tuple[EarlierPage, ...]:
    return ()


class Intake:
    """`already_paged` answers who was paged for an incident while the engine was away: it is told with the alert."""

    def __init__(
        self,
        client: Client,
        settings: BridgeSettings,
        speed: float,
        witnesses: tuple[str, ...] = (),
        already_paged: Callable[[str], tuple[EarlierPage, ...]] = _nobody,
    ) -> None:
        self._client, self._already_paged = client, already_paged
        self._within = timedelta(seconds=settings.take_within_s)
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._policy = replace(at_speed(RESPONSE, speed), witnesses=witnesses)
        self._unanswered = Unanswered[Taken]()

    async def take(self, alerts: Sequence[Alert]) -> tuple[Taken, ...]:
        """All of them, durably. Raises EngineAway as soon as one cannot be; what was taken meanwhile stays taken."""
        try:
            async with asyncio.timeout(self._within.total_seconds()):
                taken = tuple(await asyncio.gather(*(self._once(alert) for alert in alerts)))
        except TimeoutError:
            raise self._away(alerts, f"the engine did not answer within {self._within.total_seconds():g} s") from None
        except RPCError as error:
            raise self._away(alerts, f"the engine refused: {error.status.name.lower()}: {error.message}") from error
        except RuntimeError as error:  # what the SDK raises while a lazy client cannot connect
            raise self._away(alerts, f"the engine cannot be reached: {error}") from error
        self._unanswered.forget(_key(alert) for alert in alerts)
        return taken

    def _away(self, alerts: Sequence[Alert], why: str) -> EngineAway:
        found = [(alert, self._unanswered.get(_key(alert))) for alert in alerts]
        left = tuple(alert for alert, taken in found if taken is None)
        return EngineAway(why, left, tuple(taken for _, taken in found if taken))

    async def ready(self) -> bool:
        """Does the engine answer?"""
        try:
            async with asyncio.timeout(self._within.total_seconds()):
                return await self._client.service_client.check_health()
        except (TimeoutError, RPCError, RuntimeError):
            return False

    def standing(self) -> Iterable[str]:
        """Nothing to tell: see `Takes`."""
        return ()

    @property
    def counted(self) -> Collector | None:
        return None

    async def _once(self, alert: Alert) -> Taken:
        """Take it, unless that was done already for a notification that was answered 503."""
        taken = self._unanswered.get(_key(alert)) or await self._take(alert)
        self._unanswered.add(_key(alert), taken)
        return taken

    async def _take(self, alert: Alert) -> Taken:
        if alert.name == HEARTBEAT:
            return Taken(alert=alert.name, verdict=Verdict.HEARTBEAT, why="alerting works")
        incident = incident_of(alert)
        alert = bounded(alert, identity_labels_of(alert.name))
        async with self._slots:
            if alert.status is AlertStatus.RESOLVED:
                return await self._tell_cleared(alert, incident)
            return await self._open_or_tell(alert, incident)

    async def _tell_cleared(self, alert: Alert, incident: str) -> Taken:
        handle, told = self._client.get_workflow_handle(incident), self._already_paged(incident)
        try:
            await handle.signal("alert", signal_of(alert, told), rpc_timeout=self._within)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Taken(alert=alert.name, verdict=Verdict.IGNORED, incident=incident, why="no open incident")
            raise
        return Taken(alert=alert.name, verdict=Verdict.TOLD, incident=incident, why="cleared", told=told)

    async def _open_or_tell(self, alert: Alert, incident: str) -> Taken:
        """One call does both, so no alert can fall between a question and an answer."""
        playbook, told = playbook_for(alert), self._already_paged(incident)
        handle: WorkflowHandle[object, object] = await self._client.start_workflow(
            contract.WORKFLOW_TYPE,
            contract.IncidentInput(alert=alert, playbook=playbook, policy=self._policy),
            id=incident,
            task_queue=contract.TASK_QUEUE,
            start_signal="alert",
            start_signal_args=[signal_of(alert, told)],
            search_attributes=contract.opening_attributes(alert.name, playbook.severity, playbook.domain),
            memo={"alert": alert.name, "summary": alert.summary, "source": alert.source},
            static_summary=f"{playbook.severity} {alert.name}: {alert.summary or 'fires'}"[:200],
            static_details=static_details(alert, playbook),
            rpc_timeout=self._within,
        )
        verdict = Verdict.OPENED if _started(handle) else await self._told_or_reopened(alert, handle)
        why = f"fires, {playbook.severity}"
        return Taken(alert=alert.name, verdict=verdict, incident=incident, why=why, told=told)

    async def _told_or_reopened(self, alert: Alert, handle: WorkflowHandle[object, object]) -> Verdict:
        """Only words: the alert is taken already, so an engine that does not answer this changes nothing.

        It is a race that we accept. The workflow leaves the phase a few milliseconds after our signal, and then a
        reopening is called `told`. A repeat is recognised by an alert that began before the run it is told to.
        """
        try:
            run = await handle.describe(rpc_timeout=self._within)
        except RPCError:
            return Verdict.TOLD
        ended = run.typed_search_attributes.get(contract.PHASE) in REOPENED_IN
        anew = alert.starts_at is None or alert.starts_at > run.start_time
        return Verdict.REOPENED if ended and anew else Verdict.TOLD


def incident_of(alert: Alert) -> str:
    """Id of the incident that this alert belongs to (design §5)."""
    return incident_id(alert.name, alert.labels, identity_labels_of(alert.name))


def _key(alert: Alert) -> tuple[str, str]:
    return alert.name, alert.dedup_key


def _started(handle: WorkflowHandle[object, object]) -> bool:
    """Whether this very call began the run."""
    answer = handle._start_workflow_response  # noqa: SLF001 - the SDK (1.35.0, pinned) shows `started` nowhere else
    return bool(answer and answer.started)


def static_details(alert: Alert, playbook: Playbook) -> str:
    """Markdown for the Web UI: what this is, for somebody who has never seen it (CommonMark, no tables there)."""
    runbook = alert.runbook_url or (playbook.runbook.url if playbook.runbook else "")
    actions = "\n".join(f"{n}. {action}" for n, action in enumerate(playbook.first_actions, 1))
    dashboards = " · ".join(f"[{link.label}]({link.url})" for link in playbook.dashboards)
    parts = (
        f"**{playbook.severity} {alert.name}** — {playbook.means}",
        alert.description[:500],
        f"First actions:\n\n{actions}" if actions else "",
        f"Owner: {playbook.owner}",
        " · ".join(part for part in (f"[runbook]({runbook})" if runbook else "", dashboards) if part),
    )
    return "\n\n".join(part for part in parts if part)[:3000]
