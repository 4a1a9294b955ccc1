"""`incidents up --scenario provisioning-stuck`, as real processes, with the worker killed while a step is re-driven."""

import asyncio
import json
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gameday.provisioning.launch import read_platform
from gameday.provisioning.remote import Remote
from gameday.provisioning_drill import Ending, ending, order_of
from tests.e2e.machine import Machine, Running
from tests.waiting import eventually
from worker.engine import ensure_binary, tell

INCIDENT = "incident-ProvisioningJobsStuck"
AT_WORK = "redrive_step-1 approved"
"""Said as it begins, and it takes seconds; a pause of the cron may be over before a busy engine has told the drill."""


@dataclass(frozen=True, kw_only=True)
class Redriven:
    """How both customers ended, and the incident."""

    naive: Ending
    ours: Ending
    cron: dict[str, Any]
    record: dict[str, Any]
    text: str
    left: list[str]
    """Processes that outlived Ctrl-C."""


async def worker_killed_while_redriving(home: Path) -> Redriven:
    """`kill -9` just after the yes: somewhere between the fence and the last look at the world."""
    machine = Machine(home)
    with machine.up("--scenario", "provisioning-stuck") as up:
        await up.said(AT_WORK)
        await machine.kill("worker")
        await up.said("ProvisioningJobsStuck cleared")
        await up.said("mitigate → resolve")
        await _confirm(machine)
        await up.said(f"{INCIDENT} is over")
        async with httpx.AsyncClient() as http:
            remote = Remote(http, read_platform(home / "provisioning"))
            naive = await ending(remote, order_of("acme", "ACME", 1), "naively")
            ours = await ending(remote, order_of("globex", "Globex", 1), "by us")
            cron = await remote.cron()
        return Redriven(
            naive=naive, ours=ours, cron=cron, record=_record(home), text=up.text, left=await _stopped(machine, up)
        )


async def _stopped(machine: Machine, up: Running) -> list[str]:
    up.ctrl_c()
    await up.ended()
    return await machine.emptied()


def _record(home: Path) -> dict[str, Any]:
    (path,) = (home / "records" / INCIDENT).glob("*.json")
    told: dict[str, Any] = json.loads(path.read_text())
    return told


async def _confirm(machine: Machine) -> None:
    """So that the quiet time need not be waited for: a person's word counts."""
    said = '{"criterion": "alert_clear", "evidence": "watched it for an hour", "by": "ana"}'
    line = f"temporal workflow signal -w {INCIDENT} --name confirm --input {shlex.quote(said)}"
    command = [str(ensure_binary(tell)), *shlex.split(line)[1:], "--address", machine.address]

    async def typed() -> bool:
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=30, check=False)
        return done.returncode == 0

    await eventually(typed, "a person's word is taken")
