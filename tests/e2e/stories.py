"""What is played on the machines. Each story ends with what was to be seen; the tests judge it."""

import asyncio
import re
import shlex
import signal
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.e2e.machine import INCIDENT, Machine, Running, soon
from worker.engine import ensure_binary, tell

MOMENTS: dict[str, Callable[[Machine, Running], Awaitable[None]]] = {
    "after the page": lambda machine, _: soon(machine.pages, "a page"),
    "while mitigating": lambda _, up: up.said("triage → mitigate"),
    "while a lever is applied": lambda machine, _: soon(machine.operations, "a deployment"),
    "in the quiet time": lambda _, up: up.said("AppDBDown cleared"),
}
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


async def ordeal(home: Path, *, victim: str, moments: tuple[str, ...]) -> Ordeal:
    """`kill -9` the victim at each moment; `incidents up` starts it again."""
    machine = Machine(home)
    with machine.up() as up:
        for moment in moments:
            await MOMENTS[moment](machine, up)
            await machine.kill(victim)
        await up.said("is over")
        return Ordeal(
            record=machine.record(),
            postmortem=machine.postmortem(),
            pages=await machine.pages(),
            operations=await machine.operations(),
            restarts=up.text,
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
        asyncio.get_running_loop()
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


Story = Callable[[Path], Awaitable[Any]]
STORIES: dict[str, Story] = {
    "worker_killed_early_and_late": partial(ordeal, victim="worker", moments=EARLY),
    "worker_killed_in_the_middle": partial(ordeal, victim="worker", moments=LATE),
    "engine_killed": partial(ordeal, victim="engine", moments=ALL),
    "bridge_killed": partial(ordeal, victim="bridge", moments=ALL),
    "interrupted": partial(restarted, scenario="app-db-down", moment="triage → mitigate", end=ctrl_c),
    "up_killed": partial(restarted, scenario="self-heal", moment="triage → mitigate", end=kill_up),
    "power_cut": partial(restarted, scenario="flaky-vantage", moment="AppDBDown cleared", end=power_cut),
    "hands_on": hands_on,
}
"""In the order in which they are begun: the longest first."""
