"""A drill: a real fault in the practice world, a real alert, and the incident that follows, told as it happens.

The autopilot is a responder with a keyboard: it types the very lines a person would, and reads nothing but what people
can read. It looks at where the incident stands, not at what it did before, so a drill that was killed goes on.
"""

import asyncio
import shlex
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError

from incident.policy.texts import command_line

RESPONDER = "ana"
LOOK_EVERY_S = 0.3
"""How often the drill reads the incident. It is a reader like any other: nothing waits for it."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What breaks, and which alert tells."""

    name: str
    title: str
    story: str
    alert: str
    app: str
    faults: tuple[str, ...]
    mended_by_lever: tuple[str, ...] = ()
    """Faults that the lever cures by itself; the others are mended when the drill ends."""
    follow_up: str = "page on the first failed login, not on the second probe"


SCENARIOS: dict[str, Scenario] = {
    s.name: s
    for s in (
        Scenario(
            name="app-db-down",
            title="AppDBDown: the database password was rotated, and self-heal is off",
            story="The app answers its shallow /api/health with 200 while no customer can log in.",
            alert="AppDBDown",
            app="app.tlsstress.art",
            faults=("self_heal_off", "secret_rotated"),
            mended_by_lever=("secret_rotated",),
        ),
        Scenario(
            name="self-heal",
            title="AppDBDown: the password was rotated, and obs-db-selfheal cures it",
            story="Nobody has to do anything but acknowledge: our levers hold back for the automation.",
            alert="AppDBDown",
            app="app.tlsstress.art",
            faults=("secret_rotated",),
            mended_by_lever=("secret_rotated",),
        ),
        Scenario(
            name="flaky-vantage",
            title="AppDBDown from one flaky vantage: nothing is wrong",
            story="Only the prober sees the app down. The incident says so, and leaves severity to people.",
            alert="AppDBDown",
            app="app.tlsstress.art",
            faults=("flaky_vantage",),
        ),
    )
}


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where everything is, for this drill."""

    world: str
    """Base address of the practice world's controls."""
    bridge: str
    cli: tuple[str, ...]
    """How to call Temporal's CLI, address included."""


@dataclass
class Drill:
    """One play of a scenario. `say` prints a timeline entry, `tell` a line a person would type."""

    client: Client
    places: Places
    scenario: Scenario
    hands_on: bool
    say: Callable[[dict[str, str]], None]
    tell: Callable[[str, str], None]
    _typed: set[str] = field(default_factory=set)

    async def play(self) -> WorkflowHandle[Any, Any]:
        """From the fault to the closed incident; returns its handle."""
        async with httpx.AsyncClient(timeout=10) as http:
            instance = await self._break(http)
            handle = await self._opened(instance)
            try:
                await self._follow(http, handle)
            finally:
                await self._mend(http)
            return handle

    async def _break(self, http: httpx.AsyncClient) -> str:
        """Switch the faults on and let the prober see. Returns the instance that fails."""
        for fault in self.scenario.faults:
            await _put(http, f"{self.places.world}/faults/{fault}", {"app": self.scenario.app})
        watched = {"enabled": True, "url": f"{self.places.bridge}/alertmanager", "for_s": 2, "app": self.scenario.app}
        await _put(http, f"{self.places.world}/prober", watched)
        found = await http.get(f"{self.places.world}/prober")
        found.raise_for_status()
        return str(found.json()["instances"][self.scenario.app])

    async def _mend(self, http: httpx.AsyncClient) -> None:
        for fault in self.scenario.faults:
            (await http.delete(f"{self.places.world}/faults/{fault}")).raise_for_status()

    async def _opened(self, instance: str) -> WorkflowHandle[Any, Any]:
        """The incident this alert belongs to, once it is there."""
        from incident.model.alert import incident_id
        from runbook.catalog import identity_labels_of

        alert = self.scenario.alert
        name = incident_id(alert, {"instance": instance}, identity_labels_of(alert))
        handle = self.client.get_workflow_handle(name)
        async for status in _statuses(handle):
            if status is WorkflowExecutionStatus.RUNNING:
                return handle
        raise AssertionError("unreachable: _statuses never ends by itself")

    async def _follow(self, http: httpx.AsyncClient, handle: WorkflowHandle[Any, Any]) -> None:
        """Print what is new, and act where the incident waits for a person, until it is closed."""
        told = 0
        async for running in _statuses(handle):
            timeline = await _query(handle, "timeline") or []
            for entry in timeline[told:]:
                self.say(entry)
            told = max(told, len(timeline))
            if running is not WorkflowExecutionStatus.RUNNING:
                return
            status = await _query(handle, "status")
            if status:
                await self._act(http, handle, status)

    async def _act(self, http: httpx.AsyncClient, handle: WorkflowHandle[Any, Any], status: dict[str, Any]) -> None:
        """Whatever a good responder would do now."""
        if not status["acked_by"]:
            await self._type(handle.id, "it is yours", "ack", by=RESPONDER)
        for proposal in status["proposals"] or ():
            if proposal["state"] == "open":
                await self._type(handle.id, proposal["would"], "approve", proposal=proposal["id"], by=RESPONDER)
        if status["phase"] == "triage" and any("flaky vantage" in w for w in status.get("said", [])):
            await _put(http, f"{self.places.world}/prober", {"enabled": False})
        if status["phase"] == "resolve" and not status["action_items"]:
            what = self.scenario.follow_up
            await self._type(handle.id, "the fix is to last", "action_item", what=what, owner=RESPONDER, by=RESPONDER)
        if status["phase"] == "postmortem":
            url = "https://wiki.example.org/postmortems/" + handle.id
            await self._type(handle.id, "the draft was finished", "postmortem", url=url, by=RESPONDER)

    async def _type(self, workflow_id: str, why: str, name: str, **payload: str) -> None:
        """Show the line once; on autopilot, run it as it stands."""
        line = command_line(workflow_id, name, dict(payload))
        if line in self._typed:
            return
        self._typed.add(line)
        self.tell(why, line)
        if not self.hands_on:
            arguments = shlex.split(line)[1:]
            await _run([*self.places.cli, *arguments])


async def _run(command: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{shlex.join(command)} failed: {complaint.decode().strip()}")


async def _statuses(handle: WorkflowHandle[Any, Any]) -> AsyncIterator[WorkflowExecutionStatus | None]:
    """The run's status, again and again; None while there is no such incident."""
    while True:
        try:
            yield (await handle.describe()).status
        except RPCError:
            yield None
        await asyncio.sleep(LOOK_EVERY_S)


async def _query(handle: WorkflowHandle[Any, Any], name: str) -> Any:
    """A query's answer, or None while no worker can give one: the drill is played while processes are killed."""
    try:
        return await handle.query(name)
    except RPCError:
        return None


async def _put(http: httpx.AsyncClient, url: str, body: dict[str, Any]) -> None:
    (await http.put(url, json=body)).raise_for_status()
