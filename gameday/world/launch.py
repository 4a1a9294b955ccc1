"""Starting the practice world from a test or a drill, and ending it whatever happens."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cli.supervise import die_with_parent

READY_WITHIN_S = 60.0
COMMAND = (sys.executable, "-m", "gameday.world")


class WorldNotReady(Exception):
    """The message holds the end of its log."""


@dataclass(frozen=True)
class RunningWorld:
    """A practice world to break things in."""

    control: str
    database: str
    env: dict[str, str]
    pid: int

    def fault(self, name: str) -> None:
        httpx.put(f"{self.control}/faults/{name}", timeout=20).raise_for_status()

    def mend(self, name: str) -> None:
        httpx.delete(f"{self.control}/faults/{name}", timeout=20).raise_for_status()

    def received(self) -> dict[str, list[dict[str, Any]]]:
        """`pages` and `posts`, in the order they arrived."""
        answer: dict[str, list[dict[str, Any]]] = httpx.get(f"{self.control}/received").json()
        return answer

    def forget(self) -> None:
        httpx.delete(f"{self.control}/received").raise_for_status()


def read_world(home: Path) -> RunningWorld:
    """Raises FileNotFoundError while it is not ready."""
    told = json.loads((home / "world.json").read_text())
    return RunningWorld(control=told["control"], database=told["database"], env=told["env"], pid=told["pid"])


@contextmanager
def start_world(home: Path, port: int = 0, *, database: bool = True) -> Iterator[RunningWorld]:
    """`database`: a real one, where PostgreSQL is installed. Raises WorldNotReady."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "world.json").unlink(missing_ok=True)
    with (home / "world.log").open("wb") as log:
        process = subprocess.Popen(
            [*COMMAND, "--home", str(home), "--port", str(port), *([] if database else ["--no-database"])],
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - no lock is held in the child before it becomes python
        )
        try:
            yield _when_ready(process, home)
        finally:
            process.terminate()
            process.wait(20)


def _when_ready(process: subprocess.Popen[bytes], home: Path) -> RunningWorld:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            return read_world(home)
        except FileNotFoundError:
            time.sleep(0.05)
    raise WorldNotReady("the practice world did not start:\n" + (home / "world.log").read_text()[-2000:])
