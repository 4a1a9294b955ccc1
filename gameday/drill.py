"""A drill: a real fault in the practice world, a real alert, and the incident that follows, told as it happens.

The autopilot is a responder with a keyboard: it types the very lines a person would, and reads nothing but what people
can read. It looks at where the incident stands, not at what it did before, so a drill that was killed goes on.
"""

import asyncio
import shlex
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError

from incident.policy.texts import command_line

RESPONDER, FINANCE = "ana", "finance"
"""A proposal that finance says yes to, not the responder."""
NOT_CONFIRMED = "not confirmed from here"
"""How the timeline begins to say that only the prober sees harm."""
LOOK_EVERY_S = 0.3
"""How often the drill reads the incident. It is a reader like any other: nothing waits for it."""
PROVISIONING = "provisioning-stuck"
"""The scenario that is played on the practice provisioning platform (`gameday/provisioning_drill.py`)."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What breaks, and which alert tells."""

    name: str
    title: str
    story: str
    alert: str
    app: str = ""
    """Of the practice world; empty: the practice provisioning platform is what breaks."""
    faults: tuple[str, ...] = ()
    mended_by_lever: tuple[str, ...] = ()
    """Faults that the lever cures by itself; the others are mended when the drill ends."""
    follow_up: str = "page on the first failed login, not on the second probe"
    speed: float = 120.0
    """Runbook durations are divided by this: an hour in half a minute."""


NOBODY_ANSWERS = "nobody-answers"
"""The scenario that is played with phones (`gameday/people_drill.py`)."""

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
            name=NOBODY_ANSWERS,
            title="AppDBDown at night: the first on call never answers, the second acknowledges on the phone",
            story="Nobody types an acknowledgement. The page widens by itself, and one thumb on one button stops it.",
            alert="AppDBDown",
            app="app.tlsstress.art",
            faults=("self_heal_off", "secret_rotated"),
            mended_by_lever=("secret_rotated",),
            follow_up="a second device for whoever is first on call",
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
            follow_up="probe from a second vantage",
        ),
        Scenario(
            name=PROVISIONING,
            title="ProvisioningJobsStuck: two customers paid, and create_database failed for both",
            story="One is re-driven as a tired operator would, the other one by us: only the failed step runs again.",
            alert="ProvisioningJobsStuck",
            faults=("create_database",),
            follow_up="let the saga park and ask, instead of failing",
            speed=60.0,
        ),
    )
}


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where everything is, for this drill."""

    world: str
    """Base address of the practice world's controls; empty: this drill needs none."""
    bridge: str
    cli: tuple[str, ...]
    """How to call Temporal's CLI, address included."""


@dataclass
class Drill:
    """One play of a scenario. `say` prints a timeline entry, `tell` why somebody would type a line, and the line."""

    client: Client
    places: Places
    scenario: Scenario
    hands_on: bool
    say: Callable[[dict[str, str]], None]
    tell: Callable[[str, str], None]
    responder: ClassVar[str] = RESPONDER
    waits_for_ack: ClassVar[bool] = False
    """Does nobody do anything before somebody has acknowledged?"""
    _told: set[tuple[int, str]] = field(default_factory=set)
    """Reasons shown, each once per phase the incident has been in."""

    async def play(self) -> WorkflowHandle[Any, Any]:
        """From the fault to the closed incident; returns its handle."""
        async with httpx.AsyncClient(timeout=10) as http:
            handle = self.client.get_workflow_handle(await self._name(http))
            try:
                await self._begin(http, handle)
                await self.follow(handle)
            finally:
                await self._mend(http)
            return handle

    async def follow(self, handle: WorkflowHandle[Any, Any]) -> None:
        """Print what is new, and act where the incident waits for a person, until it is closed."""
        said = 0
        async for running in statuses(handle):
            if running is None:  # the engine is away
                continue
            timeline = await _query(handle, "timeline") or []
            for entry in timeline[said:]:
                self.say(entry)
            said = max(said, len(timeline))
            if running is not WorkflowExecutionStatus.RUNNING:
                return
            status, criteria = await _query(handle, "status"), await _query(handle, "criteria")
            if status and criteria:
                await self._act(Seen(status=status, criteria=criteria, timeline=timeline))

    async def _name(self, http: httpx.AsyncClient) -> str:
        """The id of the incident this alert belongs to."""
        from incident.model.alert import incident_id
        from runbook.catalog import identity_labels_of

        found = await http.get(f"{self.places.world}/prober")
        found.raise_for_status()
        labels = {"instance": str(found.json()["instances"][self.scenario.app])}
        return incident_id(self.scenario.alert, labels, identity_labels_of(self.scenario.alert))

    async def _begin(self, http: httpx.AsyncClient, handle: WorkflowHandle[Any, Any]) -> None:
        """Break the world, until there is an incident. One from an earlier start goes on from where it stands."""
        status = await _query(handle, "status") if await is_open(handle) else None
        if status and status["mitigated_at"]:
            await self._clear(http)
            return
        for fault in self.scenario.faults:
            await _put(http, f"{self.places.world}/faults/{fault}", {"app": self.scenario.app})
        watched = {"enabled": True, "url": self._webhook, "for_s": 2, "app": self.scenario.app}
        await _put(http, f"{self.places.world}/prober", watched)
        async for running in statuses(handle):
            if running is WorkflowExecutionStatus.RUNNING:
                return

    @property
    def _webhook(self) -> str:
        return f"{self.places.bridge}/alertmanager"

    async def _clear(self, http: httpx.AsyncClient) -> None:
        """A practice world that was started again has forgotten that its alert fired: it would never say it cleared."""
        told = {"url": self._webhook, "app": self.scenario.app, "status": "resolved"}
        (await http.post(f"{self.places.world}/prober", json=told)).raise_for_status()

    async def _mend(self, http: httpx.AsyncClient) -> None:
        for fault in self.scenario.faults:
            (await http.delete(f"{self.places.world}/faults/{fault}")).raise_for_status()

    async def _act(self, seen: "Seen") -> None:
        """Whatever a good responder would do now."""
        status = seen.status
        if not status["acked_by"]:
            await self.own(seen)
            if self.waits_for_ack:
                return
        # Mitigate first (the runbook's golden rule): what customers read can wait for a second.
        for proposal in sorted(status["proposals"] or (), key=lambda told: told["aim"] != "lever"):
            if proposal["state"] == "open":
                money = "finance" in proposal["needs"]
                of, by = ({"of": "finance"}, FINANCE) if money else ({}, self.responder)
                await self._type(seen, _begins(proposal["would"]), "approve", proposal=proposal["id"], by=by, **of)
        if status["phase"] == "triage" and seen.says(NOT_CONFIRMED):
            await self._calm_down(seen)
        if status["phase"] == "resolve" and not seen.holds("durable"):
            what = self.scenario.follow_up
            await self._type(
                seen, "the fix is to last", "action_item", what=what, owner=self.responder, by=self.responder
            )
        if status["phase"] == "postmortem":
            url = "https://wiki.example.org/postmortems/" + status["id"]
            await self._type(seen, "the draft was finished and published", "postmortem", url=url, by=self.responder)

    async def own(self, seen: "Seen") -> None:
        """Somebody has to."""
        await self._type(seen, "somebody has to own it", "ack", by=self.responder)

    async def _calm_down(self, seen: "Seen") -> None:
        """The prober alone sees harm: no customer is hurt, and whoever runs that vantage mends it."""
        if seen.status["severity"] != "SEV-3":
            why = "one flaky vantage"
            await self._type(seen, "no customer is hurt", "severity", severity="SEV-3", why=why, by=self.responder)
            return
        async with httpx.AsyncClient(timeout=10) as http:
            await self._mend(http)

    async def _type(self, seen: "Seen", reason: str, name: str, **payload: str) -> None:
        """Show the line once; on autopilot, run it as it stands. One that fails is tried again at the next look."""
        line = command_line(seen.status["id"], name, dict(payload))
        self._show(seen, reason, line)
        if not self.hands_on:
            complaint = await _run([*self.places.cli, *shlex.split(line)[1:]])
            if complaint:
                self._show(seen, f"it failed and is tried again: {complaint}", line)

    def _show(self, seen: "Seen", reason: str, line: str) -> None:
        if (seen.phases, reason) not in self._told:
            self._told.add((seen.phases, reason))
            self.tell(reason, line)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a person reads at one look."""

    status: dict[str, Any]
    criteria: Sequence[dict[str, Any]]
    timeline: Sequence[dict[str, str]]

    @property
    def phases(self) -> int:
        return sum(entry["kind"] == "phase" for entry in self.timeline)

    def says(self, words: str) -> bool:
        return any(entry["what"].startswith(words) for entry in self.timeline)

    def holds(self, criterion: str) -> bool:
        return any(c["name"] == criterion and c["met"] for c in self.criteria)


def _begins(plan: str) -> str:
    """Its first sentence; the timeline has all of it."""
    return plan.partition(". ")[0].removesuffix(".") + "."


async def _run(command: list[str]) -> str:
    """Why it failed (the engine is away, the incident closed meanwhile); empty: it did not."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, complaint = await process.communicate()
    finally:
        if process.returncode is None:  # Ctrl-C while it ran
            process.kill()
            await process.wait()
    return complaint.decode(errors="replace").strip() if process.returncode else ""


async def is_open(handle: WorkflowHandle[Any, Any]) -> bool:
    try:
        return (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    except RPCError:
        return False


async def statuses(handle: WorkflowHandle[Any, Any]) -> AsyncIterator[WorkflowExecutionStatus | None]:
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
    except (RPCError, WorkflowQueryFailedError):
        return None


async def _put(http: httpx.AsyncClient, url: str, body: dict[str, Any]) -> None:
    (await http.put(url, json=body)).raise_for_status()
