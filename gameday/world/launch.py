"""Starting the practice world from a test or a drill, and ending it whatever happens."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gameday.processes import started

READY_WITHIN_S = 60.0
COMMAND = (sys.executable, "-m", "gameday.world")


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
    """`database`: a real one, where PostgreSQL is installed. Raises NotStarted."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "world.json").unlink(missing_ok=True)
    run = [*COMMAND, "--home", str(home), "--port", str(port), *([] if database else ["--no-database"])]
    with started(run, home / "world.log", lambda: read_world(home), within_s=READY_WITHIN_S) as world:
        yield world
