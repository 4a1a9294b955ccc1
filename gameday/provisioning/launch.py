"""Starting the platform from a test or a drill, and ending it whatever happens."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from gameday.processes import started
from gameday.provisioning.contract import Order

READY_WITHIN_S = 90.0
COMMAND = (sys.executable, "-m", "gameday.provisioning")
TOLD = "provisioning.json"


@dataclass(frozen=True)
class RunningPlatform:
    """The platform, over HTTP: the same readers as `Providers` has in process."""

    control: str
    database: str
    namespace: str
    token: str
    env: dict[str, str]
    pid: int

    def check_out(self, order: Order) -> dict[str, str]:
        """A customer pays; returns job, workflow_id, run_id."""
        answer: dict[str, str] = self._asked("POST", "/checkouts", asdict(order))
        return answer

    def fault(self, step: str, kind: str, times: int | None = None, seconds: float | None = None) -> None:
        self._asked("PUT", f"/faults/{step}", {"kind": kind, "times": times, "seconds": seconds})

    def mend(self, step: str = "") -> None:
        """Without a step: all."""
        self._asked("DELETE", f"/faults/{step}" if step else "/faults")

    def cron(self, every_s: float = 5.0, how: str = "restart", *, paused: bool = False) -> None:
        self._asked("PUT", "/cron", {"every_s": every_s, "how": how, "paused": paused})

    def ledger(self) -> list[dict[str, Any]]:
        """Every call that could change something, in order."""
        answer: list[dict[str, Any]] = self._asked("GET", "/ledger")
        return answer

    def deployments(self, customer: str) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = self._asked("GET", "/deployments", customer=customer)
        return answer

    def quota(self, customer: str) -> int | None:
        """GB; None: never provisioned."""
        answer = httpx.get(f"{self.control}/quotas/{customer}", timeout=20)
        return int(answer.json()["paid_gb"]) if answer.status_code == 200 else None

    def jobs(self) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = self._asked("GET", "/jobs")
        return answer

    def is_healthy(self, customer: str) -> bool:
        return httpx.get(f"{self.control}/tenants/{customer}/health", timeout=20).status_code == 200

    def _asked(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        headers = {"authorization": f"Bearer {self.token}"}
        answer = httpx.request(
            method, f"{self.control}{path}", json=body, params=query, headers=headers, timeout=20
        ).raise_for_status()
        return answer.json()


def read_platform(home: Path) -> RunningPlatform:
    """Raises FileNotFoundError while it is not ready."""
    told = json.loads((home / TOLD).read_text())
    return RunningPlatform(**{name: told[name] for name in RunningPlatform.__annotations__})


def command(home: Path, port: int = 0, address: str = "", *options: str) -> list[str]:
    """What starts it; `options` as on the command line."""
    engine = ["--address", address] if address else []
    return [*COMMAND, "--home", str(home), "--port", str(port), *engine, *options]


@contextmanager
def start_platform(home: Path, port: int = 0, address: str = "", *options: str) -> Iterator[RunningPlatform]:
    """`address`: of the engine; empty: providers only. Raises NotStarted."""
    home.mkdir(parents=True, exist_ok=True)
    (home / TOLD).unlink(missing_ok=True)
    log = home / "provisioning.log"
    run = command(home, port, address, *options)
    with started(run, log, lambda: read_platform(home), within_s=READY_WITHIN_S) as platform:
        yield platform
