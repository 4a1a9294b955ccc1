"""One machine's worth of the product, as real processes on ports and a home of its own; all die with their story."""

import asyncio
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gameday.world.aws import arn_of
from tests.processes import as_in_a_terminal
from tests.waiting import eventually

INCIDENT = "incident-AppDBDown-app.tlsstress.art"
APP = "app.tlsstress.art"
BLOCKS = itertools.count(20_000 + os.getpid() % 1000 * 10, 10)
"""Below the ports that systems hand out by themselves."""
PATIENCE_S = 150.0
OURS = {"worker": "cli.main worker", "bridge": "cli.main bridge", "engine": "server start-dev"}
"""How a process of `incidents up` is recognised."""


def free_block() -> int:
    """The first of ten ports that nobody uses."""
    return next(first for first in BLOCKS if all(_is_free(port) for port in range(first, first + 10)))


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass
class Running:
    """A process whose output can be read while it runs."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def text(self) -> str:
        return self.output.read_text(errors="replace")

    async def said(self, words: str) -> None:
        """Return once it has printed `words`."""

        async def look() -> bool:
            assert self.process.poll() is None or words in self.text, f"it ended before {words!r}:\n{self.text}"
            return words in self.text

        await eventually(look, f"{words!r} in:\n{self.output}", within_s=PATIENCE_S)

    async def ended(self) -> int:
        """Its exit code, once it has ended by itself."""

        async def look() -> bool:
            return self.process.poll() is not None

        await eventually(look, f"the end of {self.output}", within_s=PATIENCE_S)
        assert self.process.returncode is not None
        return self.process.returncode

    def ctrl_c(self) -> None:
        """What a terminal does: SIGINT to the whole group in the foreground."""
        os.killpg(self.process.pid, signal.SIGINT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def printing(command: list[str], env: Mapping[str, str], output: Path) -> Iterator[Running]:
    """Run it for the length of the block, what it prints in `output`."""
    with (
        output.open("wb") as out,
        subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=as_in_a_terminal(),  # noqa: PLW1509 - that is its purpose
        ) as process,
    ):
        try:
            yield Running(process, output)
        finally:
            process.kill()


class Machine:
    """`incidents up` and all it starts."""

    def __init__(self, home: Path) -> None:
        self.home, first = home, free_block()
        self.engine, self.bridge, self.world = first, first + 2, first + 3
        self._starts = itertools.count(1)
        settings = {
            "INCIDENTS_HOME": str(home),
            "INCIDENTS_ENGINE__PORT": str(self.engine),
            "INCIDENTS_ENGINE__UI_PORT": str(first + 1),
            "INCIDENTS_BRIDGE__PORT": str(self.bridge),
            "INCIDENTS_WORLD__PORT": str(self.world),
        }
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("INCIDENTS_", "TEMPORAL_"))}
        self.env = clean | settings

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.engine}"

    @contextmanager
    def up(self, *arguments: str) -> Iterator[Running]:
        command = [sys.executable, "-m", "cli.main", "up", *arguments]
        with printing(command, self.env, self.home.parent / f"up-{next(self._starts)}.txt") as up:
            yield up

    def processes(self) -> dict[int, str]:
        """Every living process of this machine, known by its home: id and command line."""
        mark = f"INCIDENTS_HOME={self.home}".encode()
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            except OSError:  # gone meanwhile, or not ours to read
                continue
        return found

    async def emptied(self) -> list[str]:
        """What still runs after the moment it takes to die; nothing, if all is well."""

        async def look() -> bool:
            return not self.processes()

        try:
            await eventually(look, "no process of this machine", within_s=10)
        except AssertionError:
            return list(self.processes().values())
        return []

    async def kill(self, name: str) -> None:
        """`kill -9`, as soon as there is one."""

        async def look() -> int:
            return next((pid for pid, command in self.processes().items() if OURS[name] in command), 0)

        os.kill(await eventually(look, f"a running {name}"), signal.SIGKILL)

    def kill_all(self) -> None:
        """As a power cut would."""
        for pid in self.processes():
            with suppress(ProcessLookupError):  # its parent went first, and took it along
                os.kill(pid, signal.SIGKILL)

    async def pages(self) -> list[dict[str, Any]]:
        """Pages that reached the phone."""
        return list((await self._ask("GET", self.world, "/received")).get("pages", []))

    async def phone(self, who: str) -> list[dict[str, Any]]:
        """What is on this person's, the newest first."""
        told: Any = await self._ask("GET", self.world, f"/phone/{who}/messages")
        return list(told)

    async def operations(self) -> list[dict[str, Any]]:
        """Deployments of the app that its cloud was asked for."""
        headers = {"x-amz-target": "AppRunner.ListOperations"}
        told = await self._ask("POST", self.world + 1, "/", json={"ServiceArn": arn_of(APP)}, headers=headers)
        return list(told.get("OperationSummaryList", []))

    async def _ask(self, method: str, port: int, path: str, **how: Any) -> dict[str, Any]:
        """Empty while nobody answers."""
        try:
            async with httpx.AsyncClient(timeout=5) as http:
                answer = await http.request(method, f"http://127.0.0.1:{port}{path}", **how)
        except httpx.HTTPError:
            return {}
        told: dict[str, Any] = answer.json() if answer.is_success else {}
        return told

    def record(self) -> dict[str, Any]:
        """The one record of the incident. Fails when there is none, or more than one."""
        (path,) = (self.home / "records" / INCIDENT).glob("*.json")
        told: dict[str, Any] = json.loads(path.read_text())
        return told

    def postmortem(self) -> str:
        (path,) = (self.home / "records" / INCIDENT).glob("*.md")
        return path.read_text()


async def soon(look: Callable[[], Awaitable[object]], what: str) -> None:
    """Like `eventually`, but looking so often that what is done next comes within milliseconds."""
    async with asyncio.timeout(PATIENCE_S):
        while not await look():  # noqa: ASYNC110 - another process's state wakes nobody
            await asyncio.sleep(0.005)
