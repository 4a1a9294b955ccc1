"""`incidents up`: everything on one machine, kept running; and a drill to see it work."""

import asyncio
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from cli.connect import SayNo
from cli.engine import engine_child
from cli.gameday import known_scenario, play
from cli.panels import console
from cli.supervise import Child, NotReady, Supervisor, sigterm_stops
from gameday.drill import PROVISIONING, SCENARIOS
from gameday.provisioning.launch import TOLD, command, read_platform
from gameday.world.launch import RunningWorld, read_world
from worker.connecting import connect
from worker.engine import another_engine
from worker.health import pollers
from worker.settings import Settings, load_settings

READY_WITHIN_S = 90.0
PLATFORM_NAMESPACE = "practice-provisioning"
"""Never the one a real provisioning saga may live in: the engine may be somebody's own."""
STUCK_AFTER_S = 5.0
"""Without progress, in practice; in reality 15 minutes (runbook §3.1)."""


def up(
    drill: Annotated[bool, typer.Option(help="Play the AppDBDown drill once everything runs.")] = True,
    hands_on: Annotated[bool, typer.Option("--hands-on", help="You type in the drill, not an autopilot.")] = False,
    world: Annotated[bool, typer.Option(help="Run the practice world; without it, your own settings count.")] = True,
    scenario: Annotated[str, typer.Option(help="Which drill; `incidents gameday` lists them.")] = "app-db-down",
    once: Annotated[bool, typer.Option("--once", help="Stop when the drill is over.")] = False,
) -> None:
    """Run engine, worker, bridge and the practice world until Ctrl-C; what dies is started again.

    With the drill, the runbook's durations are divided by 120, or 60 (INCIDENTS_SPEED overrules).

    Examples:\n
      incidents up                          everything, and a drill on autopilot\n
      incidents up --hands-on               the same, but you are on call\n
      incidents up --scenario provisioning-stuck\n
      incidents up --no-drill --no-world    for real, with your own settings
    """
    known_scenario(scenario)
    settings = load_settings()
    if drill and world and settings.speed == 1.0:
        settings = settings.model_copy(update={"speed": SCENARIOS[scenario].speed})
    wanted = Wanted(drill=scenario if drill and world else "", hands_on=hands_on, world=world, once=once)
    try:
        asyncio.run(Everything(settings, wanted, console()).run())
    except NotReady as error:
        raise SayNo(str(error)) from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        typer.echo("stopped; `incidents up` goes on from here", err=True)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    drill: str
    """Scenario to play; empty: none."""
    hands_on: bool
    world: bool
    once: bool


class Everything:
    """The processes of one machine, in the order they need each other."""

    def __init__(self, settings: Settings, wanted: Wanted, out: Console) -> None:
        self._settings, self._wanted, self._out = settings, wanted, out
        self._address = another_engine() or f"127.0.0.1:{settings.engine.port}"
        self._bridge = f"http://127.0.0.1:{settings.bridge.port}"
        self._logs = settings.home / "logs"
        self._ui = f"http://127.0.0.1:{settings.engine.ui_port}"
        self._world_home = settings.home / "world"
        self._platform_home = settings.home / "provisioning"
        self._platform = f"http://127.0.0.1:{settings.world.port + 3}"
        self._upper: Supervisor | None = None

    async def run(self) -> None:
        """Until cancelled. Raises NotReady, EngineError."""
        sigterm_stops()
        async with AsyncExitStack() as stack:
            below = [*self._engine(), *self._world()]
            lower = await stack.enter_async_context(Supervisor(below, self._logs, self._say))
            await self._all_ready(lower, below)
            world = read_world(self._world_home) if self._wanted.world else None
            ours, beside = self._ours(world), self._provisioning()
            upper = await stack.enter_async_context(Supervisor([*ours, *beside], self._logs, self._say))
            self._upper = upper
            await self._all_ready(upper, [*ours, *beside] if self._plays_provisioning else ours)
            self._out.print(self._links(world))
            if world and self._wanted.drill:
                await self._drill(world)
            if not self._wanted.once:
                self._out.print("Everything stays up. Ctrl-C stops it.", style="dim")
                await asyncio.Event().wait()

    def _say(self, line: str) -> None:
        self._out.print(line, style="yellow", soft_wrap=True)

    async def _all_ready(self, supervisor: Supervisor, children: list[Child]) -> None:
        for child in children:
            with self._out.status(f"waiting for the {child.name} …"):
                await supervisor.ready(child.name, READY_WITHIN_S)

    def _engine(self) -> list[Child]:
        return [] if another_engine() else [engine_child(self._settings, self._say)]

    def _world(self) -> list[Child]:
        if not self._wanted.world:
            return []
        (self._world_home / "world.json").unlink(missing_ok=True)
        world = [sys.executable, "-m", "gameday.world", "--home", str(self._world_home)]
        world += ["--port", str(self._settings.world.port), "--platform", self._platform]
        world += ["--web-ui", f"{self._ui}/namespaces/default/workflows"]
        world += ["--bridge", self._bridge]
        return [Child("world", world, ready=self._world_ready)]

    async def _world_ready(self) -> bool:
        try:
            return await _answers(f"{read_world(self._world_home).control}/faults")
        except FileNotFoundError:
            return False

    @property
    def _plays_provisioning(self) -> bool:
        return self._wanted.drill == PROVISIONING

    def _provisioning(self) -> list[Child]:
        """The practice provisioning platform. Only its own drill waits for it, and gets real databases."""
        if not self._wanted.world:
            return []
        (self._platform_home / TOLD).unlink(missing_ok=True)
        options = ["--namespace", PLATFORM_NAMESPACE, "--ui", self._ui, "--stuck-after-s", f"{STUCK_AFTER_S:g}"]
        options += [] if self._plays_provisioning else ["--no-database"]
        platform = command(self._platform_home, self._settings.world.port + 3, self._address, *options)
        after = () if self._plays_provisioning else ("worker", "bridge")
        return [Child("provisioning", platform, ready=self._platform_ready, after=after)]

    async def _platform_ready(self) -> bool:
        try:
            return await _answers(f"{read_platform(self._platform_home).control}/faults")
        except FileNotFoundError:
            return False

    def _ours(self, world: RunningWorld | None) -> list[Child]:
        env = {"TEMPORAL_ADDRESS": self._address, "INCIDENTS_SPEED": str(self._settings.speed)}
        env |= {"INCIDENTS_HOME": str(self._settings.home.resolve())} | (self._practice(world) if world else {})
        if "web_ui_url" not in self._settings.model_fields_set:
            env |= {"INCIDENTS_WEB_UI_URL": self._ui}
        if world and self._settings.bridge.public_url is None:  # the practice phone is on this machine
            env |= {"INCIDENTS_BRIDGE__PUBLIC_URL": self._bridge}
        ours = [sys.executable, "-m", "cli.main"]
        # An `incidents.toml` of yours names real people: in practice it is out of sight, and nobody real is woken.
        cwd = self._world_home if world else None
        return [
            Child("worker", [*ours, "worker"], env, cwd, ready=self._worker_ready),
            Child("bridge", [*ours, "bridge"], env, cwd, ready=lambda: _answers(f"{self._bridge}/readyz")),
        ]

    def _practice(self, world: RunningWorld) -> dict[str, str]:
        """The world; the platform, known before it runs, so that nobody waits for it; a bridge phones can reach."""
        from gameday.provisioning.pointing import environment

        bridge = self._settings.bridge
        ours = {"HOST": bridge.host, "PORT": str(bridge.port), "PUBLIC_URL": self._bridge}
        ours |= {"TOKEN": bridge.token.get_secret_value()} if bridge.token else {}
        told = {f"INCIDENTS_BRIDGE__{name}": value for name, value in ours.items()}
        return world.env | environment(self._platform, self._address, PLATFORM_NAMESPACE) | told

    async def _worker_ready(self) -> bool:
        """The one that runs now polls: the engine remembers those of before for minutes."""
        if self._upper is None:
            return False
        mine = f"{self._upper.pid('worker')}@"
        return any(identity.startswith(mine) for identity in await pollers(await connect(self._settings)))

    def _links(self, world: RunningWorld | None) -> Panel:
        grid = Table.grid(padding=(0, 2))
        rows = {
            "Web UI": f"{self._ui}/namespaces/default/workflows",
            "bridge": f"{self._bridge}/alertmanager  (Alertmanager posts here)",
        }
        if world:
            rows |= {
                "practice world": f"{world.control}/  (start here: all pages are linked)",
                "phones": f"{world.control}/phone",
                "the thread": f"{world.control}/thread",
                "mail": f"{world.control}/mail",
                "status page": f"{world.control}/status",
                "provisioning": f"{self._platform}/  (its sagas: {self._ui}/namespaces/{PLATFORM_NAMESPACE}/workflows)",
                "database": world.database,
            }
        rows |= {
            "home": str(self._settings.home),
            "speed": f"{self._settings.speed:g}× (1 h takes {3600 / self._settings.speed:g} s)",
        }
        for name, value in rows.items():
            grid.add_row(f"[dim]{name}[/]", value)
        return Panel(grid, title="everything runs", title_align="left")

    async def _drill(self, world: RunningWorld) -> None:
        client = await connect(self._settings)
        handle = await play(client, self._settings, self._wanted.drill, world.control, hands_on=self._wanted.hands_on)
        where = f"{self._ui}/namespaces/{client.namespace}/workflows/{handle.id}"
        self._out.print(f"The story in the Web UI: {where}", soft_wrap=True)
        pages = {"phones": "phone", "thread": "thread", "mail": "mail", "status page": "status"}
        told = ", ".join(f"{name} {world.control}/{path}" for name, path in pages.items())
        self._out.print(f"What people saw: {told}", soft_wrap=True)
        self._out.print(f"The record: {self._settings.home / 'records' / handle.id}", soft_wrap=True)


async def _answers(url: str) -> bool:
    try:
        async with httpx.AsyncClient(timeout=5) as http:
            return (await http.get(url)).is_success
    except httpx.HTTPError:
        return False
