"""What is played on the machines. Each story ends with what was to be seen; the tests judge it."""

import asyncio
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client, WorkflowHistory

from gameday.drill import NOBODY_ANSWERS, SCENARIOS, Drill, Places
from gameday.world.launch import RunningWorld, read_world
from tests.e2e.alerting import Alerting, alerting
from tests.e2e.machine import INCIDENT, Machine, Running, printing, soon
from tests.e2e.provisioning import worker_killed_while_redriving
from tests.waiting import eventually
from worker.engine import engine_command, ensure_binary, tell, wait_until_serving
from workflows.contract import DATA_CONVERTER

MOMENTS: dict[str, Callable[[Machine, Running], Awaitable[None]]] = {
    "after the page": lambda machine, _: soon(machine.pages, "a page"),
    "while mitigating": lambda _, up: up.said("triage → mitigate"),
    "while a lever is applied": lambda machine, _: soon(machine.operations, "a deployment"),
    "in the quiet time": lambda _, up: up.said("AppDBDown cleared"),
}
OVER = "is over: `incidents show"
"""What the drill prints at its end, and no timeline ever holds."""
EARLY, LATE = ("after the page", "in the quiet time"), ("while mitigating", "while a lever is applied")
ALL = ("after the page", "while mitigating", "while a lever is applied", "in the quiet time")


@dataclass(frozen=True, kw_only=True)
class Ordeal:
    """How an incident ended that was disturbed on its way."""

    record: dict[str, Any]
    postmortem: str
    pages: list[dict[str, Any]]
    operations: list[dict[str, Any]]
    restarts: str
    history: WorkflowHistory


async def ordeal(home: Path, *, victim: str, moments: tuple[str, ...]) -> Ordeal:
    """`kill -9` the victim at each moment; `incidents up` starts it again."""
    machine = Machine(home)
    with machine.up() as up:
        for moment in moments:
            await MOMENTS[moment](machine, up)
            await machine.kill(victim)
        await up.said(f"{INCIDENT} is over")
        client = await Client.connect(machine.address)
        return Ordeal(
            record=machine.record(),
            postmortem=machine.postmortem(),
            pages=await machine.pages(),
            operations=await machine.operations(),
            restarts=up.text,
            history=await client.get_workflow_handle(INCIDENT).fetch_history(),
        )


@dataclass(frozen=True, kw_only=True)
class Restarted:
    """A first start that was ended early, and a second one that went on."""

    first: str
    first_code: int
    left: list[str]
    """Processes that outlived the first start."""
    second: str
    second_code: int
    left_at_the_end: list[str]
    record: dict[str, Any]


async def restarted(home: Path, *, scenario: str, moment: str, end: Callable[[Machine, Running], None]) -> Restarted:
    """`incidents up --once`, ended at `moment`, and started again."""
    machine, arguments = Machine(home), ("--once", "--scenario", scenario)
    with machine.up(*arguments) as up:
        await up.said(moment)
        end(machine, up)
        first_code, first = await up.ended(), up.text
        left = await machine.emptied()
    with machine.up(*arguments) as up:
        second_code, second = await up.ended(), up.text
    return Restarted(
        first=first,
        first_code=first_code,
        left=left,
        second=second,
        second_code=second_code,
        left_at_the_end=await machine.emptied(),
        record=machine.record(),
    )


def ctrl_c(_: Machine, up: Running) -> None:
    up.ctrl_c()


def kill_up(_: Machine, up: Running) -> None:
    up.process.send_signal(signal.SIGKILL)


def power_cut(machine: Machine, _: Running) -> None:
    machine.kill_all()


@dataclass(kw_only=True)
class Hands:
    """What a person at the keyboard saw and typed."""

    before: str
    typed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    text: str = ""
    code: int = -1


LINE = re.compile(r"^temporal workflow signal .*$", re.MULTILINE)


async def hands_on(home: Path) -> Hands:
    """`incidents up --hands-on --once`, and somebody who types what it prints."""
    machine = Machine(home)
    with machine.up("--hands-on", "--once") as up:
        await up.said("page 2 delivered")  # so nobody had acknowledged
        hands = Hands(before=up.text)
        while up.process.poll() is None:
            for line in LINE.findall(up.text):
                if line not in hands.typed:
                    hands.typed.append(line)
                    await _type(machine, line, hands)
            if "AppDBDown cleared" in up.text and not any("confirm" in line for line in hands.typed):
                hands.typed.append(line := _confirm())
                await _type(machine, line, hands)
            await asyncio.sleep(0.1)
        hands.text, hands.code = up.text, await up.ended()
    return hands


def _confirm() -> str:
    """So that the quiet time need not be waited for: a person's word counts."""
    said = '{"criterion": "alert_clear", "evidence": "watched it for an hour", "by": "ana"}'
    return f"temporal workflow update execute -w {INCIDENT} --name confirm --input {shlex.quote(said)}"


async def _type(machine: Machine, line: str, hands: Hands) -> None:
    """At the real CLI, character by character what was printed."""
    folder = ensure_binary(tell).parent
    env = machine.env | {"TEMPORAL_ADDRESS": machine.address, "PATH": f"{folder}:{machine.env['PATH']}"}
    done = await asyncio.to_thread(
        subprocess.run, line, shell=True, env=env, capture_output=True, text=True, timeout=30, check=False
    )
    if done.returncode:
        hands.failed.append(f"{line}: {done.stderr}")


@dataclass(frozen=True, kw_only=True)
class Born:
    """Alerts of a real Prometheus and Alertmanager, and what became of them."""

    failed_deliveries: float
    """While the bridge was down."""
    without_token: int
    opened: set[str]
    record: dict[str, Any]
    pages: list[dict[str, Any]]
    operations: list[dict[str, Any]]


TOKEN = "a-token-of-this-story"
BY_HAND = {
    "incident-DiskFull-db-1": ("DiskFull", "instance=db-1"),
    "incident-RUMPoorLCP-checkout": ("RUMPoorLCP", "page=checkout"),
}


async def born_for_real(home: Path) -> Born:
    """Everything by hand, as separate programs; the bridge comes last, when alerts have been failing for a while."""
    machine = Machine(home)
    home.mkdir()  # noqa: ASYNC240 - once, and at once
    with ExitStack() as stack:

        def start(name: str, command: list[str]) -> None:
            stack.enter_context(printing(command, machine.env, home / f"{name}.txt"))

        start("engine", engine_command(ensure_binary(tell), home, machine.engine, machine.engine + 1))
        start("world", [sys.executable, "-m", "gameday.world", "--home", str(home), "--port", str(machine.world)])
        await wait_until_serving(machine.address, 60)
        world = await _world(home)
        machine.env |= world.env | {"TEMPORAL_ADDRESS": machine.address, "INCIDENTS_SPEED": "120"}
        machine.env |= {"INCIDENTS_BRIDGE__TOKEN": TOKEN}
        start("worker", [sys.executable, "-m", "cli.main", "worker"])
        webhook = f"http://127.0.0.1:{machine.bridge}/alertmanager"
        probed = f"{world.control}/sites/app.tlsstress.art/api/ready"
        alerts = stack.enter_context(alerting(home, probed=probed, webhook=webhook, token=TOKEN))
        await _break(world, alerts)
        failed = alerts.failed_deliveries()
        start("bridge", [sys.executable, "-m", "cli.main", "bridge"])
        client = await Client.connect(machine.address, data_converter=DATA_CONVERTER)
        opened = await _all_open(client, {INCIDENT, *BY_HAND})
        async with httpx.AsyncClient() as http:
            stranger = await http.post(webhook, json={})
        await _see_it_through(client, machine, world)
        return Born(
            failed_deliveries=failed,
            without_token=stranger.status_code,
            opened=opened,
            record=machine.record(),
            pages=await machine.pages(),
            operations=await machine.operations(),
        )


async def _world(home: Path) -> RunningWorld:
    async def look() -> RunningWorld | None:
        try:
            return read_world(home)
        except FileNotFoundError:
            return None

    world = await eventually(look, "the practice world is ready", within_s=60)
    assert world is not None
    return world


async def _break(world: RunningWorld, alerts: Alerting) -> None:
    """Alerts begin, and nobody takes them."""

    async def failing() -> bool:
        try:
            return {"AppDBDown", "DiskFull", "RUMPoorLCP"} <= alerts.names() and alerts.failed_deliveries() >= 3
        except httpx.HTTPError:
            return False

    async def healthy() -> bool:
        return alerts.sees_a_healthy_app() and alerts.names() == set()

    await eventually(healthy, "the probe succeeds, and nothing fires", within_s=60)
    for name, label in BY_HAND.values():
        alerts.fire(name, label, "severity=warning")
    for fault in ("self_heal_off", "secret_rotated"):
        await asyncio.to_thread(world.fault, fault)
    await eventually(failing, "all three alerts fire, and could not be delivered")


async def _all_open(client: Client, ids: set[str]) -> set[str]:
    """Those that are there, once all are; or as many as came."""

    async def look() -> set[str]:
        found = {run.id async for run in client.list_workflows("WorkflowType='Incident'")}
        return found if found >= ids else set()

    return await eventually(look, f"{ids} are open", within_s=40)


async def _see_it_through(client: Client, machine: Machine, world: RunningWorld) -> None:
    """The autopilot follows; a person gives their word for the quiet time."""
    cli = (str(ensure_binary(tell)), "--address", machine.address)
    places = Places(world=world.control, bridge=f"http://127.0.0.1:{machine.bridge}", cli=cli)
    said: list[str] = []
    drill = Drill(
        client=client,
        places=places,
        scenario=SCENARIOS["app-db-down"],
        hands_on=False,
        say=lambda entry: said.append(entry["what"]),
        tell=lambda _why, _line: None,
    )
    following = asyncio.create_task(drill.follow(client.get_workflow_handle(INCIDENT)))

    async def cleared() -> bool:
        if following.done():
            following.result()
        return "AppDBDown cleared" in said

    await eventually(cleared, "Alertmanager says that it cleared", within_s=60)
    hands = Hands(before="")
    await _type(machine, _confirm(), hands)
    assert hands.failed == []
    await following


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """A drill in which the first on call never answered."""

    text: str
    record: dict[str, Any]
    phones: dict[str, list[dict[str, Any]]]
    """What was on each phone at the end, the newest first."""
    status: dict[str, Any]


async def nobody_answers(home: Path) -> Quiet:
    """`incidents up --scenario nobody-answers`, until the incident is over."""
    machine = Machine(home)
    with machine.up("--scenario", NOBODY_ANSWERS) as up:
        await up.said(OVER)
        client = await Client.connect(machine.address, data_converter=DATA_CONVERTER)
        return Quiet(
            text=up.text,
            record=machine.record(),
            phones={who: await machine.phone(who) for who in ("ana", "ben")},
            status=await client.get_workflow_handle(INCIDENT).query("status"),
        )


Story = Callable[[Path], Awaitable[Any]]
STORIES: dict[str, Story] = {
    "worker_killed_early_and_late": partial(ordeal, victim="worker", moments=EARLY),
    "worker_killed_in_the_middle": partial(ordeal, victim="worker", moments=LATE),
    "worker_killed_while_redriving": worker_killed_while_redriving,
    "up_killed": partial(restarted, scenario="self-heal", moment="triage → mitigate", end=kill_up),
    "power_cut": partial(restarted, scenario="flaky-vantage", moment="AppDBDown cleared", end=power_cut),
    "bridge_killed": partial(ordeal, victim="bridge", moments=ALL),
    "nobody_answers": nobody_answers,
    "interrupted": partial(restarted, scenario="app-db-down", moment="triage → mitigate", end=ctrl_c),
    "engine_killed": partial(ordeal, victim="engine", moments=ALL),
    "born_for_real": born_for_real,
    "hands_on": hands_on,
}
"""In the order in which they are begun: the longest first."""
