"""How fast is the first page? Ours and the bare floor, side by side, on one engine, in one run. `make bench`.

Speed is only ever a ratio to the floor of the same run: absolute figures say more about the machine than about us.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from integrations.clock import utc_now
from worker.engine import engine_command, ensure_binary, free_port, tell, wait_until_serving
from worker.processes import die_with_parent
from workflows.contract import DATA_CONVERTER

RESULTS = Path(__file__).parent / "results"
ARRIVE_WITHIN_S = 90.0
READY_WITHIN_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is sent. `per_s` 0: everything at once."""

    name: str
    per_s: float
    count: int


WARM_UP = Load(name="warm-up", per_s=5, count=10)
LOADS = (
    Load(name="5.3/s", per_s=5.3, count=106),
    Load(name="21/s", per_s=21, count=315),
    Load(name="burst", per_s=0, count=300),
)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two: where its bridge listens, and how its workflow ids begin."""

    name: str
    bridge: str
    workflow_id: Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Measured:
    p50_s: float
    p99_s: float
    per_s: float
    refused: int
    lost: int


async def measure(side: Side, load: Load, receiver: str) -> Measured:
    """Send the load and wait until every first page has arrived."""
    sent: dict[str, float] = {}
    refused = 0
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=400)) as http:
        began = time.time()

        async def send(number: int) -> None:
            nonlocal refused
            name = mark(side.name, load, number)
            sent[name] = time.time()
            while not await taken(http, side.bridge, notification(name)):
                refused += 1
                await asyncio.sleep(1)  # what a sender does with a 503

        async with asyncio.TaskGroup() as group:
            for number in range(load.count):
                if load.per_s:
                    await asyncio.sleep(max(0.0, began + number / load.per_s - time.time()))
                group.create_task(send(number))
        first = await arrived(http, receiver, sent)
    took = sorted(first[name] - at for name, at in sent.items() if name in first)
    last = max(first[name] for name in sent if name in first)
    return Measured(
        p50_s=statistics.median(took),
        p99_s=took[int(len(took) * 0.99)],
        per_s=len(took) / (last - began),
        refused=refused,
        lost=len(sent) - len(took),
    )


def mark(side: str, load: Load, number: int) -> str:
    """What one alert is told from all others by."""
    return f"bench-{side}{re.sub('[^a-z0-9]', '', load.name)}-{number}"


async def taken(http: httpx.AsyncClient, bridge: str, body: dict[str, Any]) -> bool:
    """False: to be sent again, as any sender does: too much just now, or an idle connection had just been closed."""
    try:
        answer = await http.post(bridge, json=body)
    except httpx.TransportError:
        return False
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return False
    answer.raise_for_status()
    return True


async def arrived(http: httpx.AsyncClient, receiver: str, sent: dict[str, float]) -> dict[str, float]:
    """First arrivals, once all are there or the time is up."""
    until = time.time() + ARRIVE_WITHIN_S
    while True:
        first: dict[str, float] = (await http.get(f"{receiver}/first")).json()["first"]
        if set(sent) <= set(first) or time.time() > until:
            return first
        await asyncio.sleep(0.2)


def notification(name: str) -> dict[str, Any]:
    labels = {"alertname": "AppDBDown", "instance": name, "severity": "critical", "job": "blackbox-ready"}
    annotations = {"summary": f"{name} cannot reach its database", "description": "The deep probe fails."}
    alert = {
        "status": "firing",
        "labels": labels,
        "annotations": annotations,
        "startsAt": utc_now().isoformat(),
        "fingerprint": name,
    }
    return {"version": "4", "status": "firing", "groupKey": name, "alerts": [alert]}


@contextmanager
def process(command: list[str], home: Path, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A child that ends with us."""
    with (home / f"{len(list(home.glob('*.log')))}.log").open("wb") as log:
        child = subprocess.Popen(
            command,
            env={**os.environ, **env},
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - started before any thread of ours
        )
        try:
            yield child
        finally:
            child.terminate()
            child.wait(30)


async def answers(url: str) -> None:
    async with httpx.AsyncClient() as http:
        while True:
            try:
                await http.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return


async def polled(client: Client, queue: str) -> None:
    """Return when a worker polls `queue`."""
    request = DescribeTaskQueueRequest(
        namespace="default",
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    while not (await client.workflow_service.describe_task_queue(request)).pollers:  # noqa: ASYNC110 - nothing tells us
        await asyncio.sleep(0.2)


@asynccontextmanager
async def engine(home: Path) -> AsyncIterator[str]:
    port = free_port()
    address = f"127.0.0.1:{port}"
    with process(engine_command(ensure_binary(tell), home, port, free_port()), home):
        await wait_until_serving(address, 30)
        yield address


Play = Callable[[Load], Awaitable[dict[str, Measured]]]


@asynccontextmanager
async def both_sides(home: Path, address: str) -> AsyncIterator[Play]:
    """Two bridges, two workers, one receiver, one engine."""
    python, receiver, ours, floor = sys.executable, free_port(), free_port(), free_port()
    env = {
        "TEMPORAL_ADDRESS": address,
        "INCIDENTS_HOME": str(home / "ours"),
        "INCIDENTS_BRIDGE__PORT": str(ours),
        "INCIDENTS_PAGER__NTFY_URL": f"http://127.0.0.1:{receiver}/page/oncall",
        "INCIDENTS_CHAT__WEBHOOK_URL": f"http://127.0.0.1:{receiver}/chat",
        "INCIDENTS_APPS": json.dumps([{"name": "app", "url": f"http://127.0.0.1:{receiver}"}]),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with (
        process([python, "-m", "bench.receiver", str(receiver)], home),
        process([python, "-m", "bench.floor", "bridge", str(floor)], home, **env),
        process([python, "-m", "bench.floor", "worker", f"http://127.0.0.1:{receiver}/page"], home, **env),
        process([python, "-m", "cli.main", "bridge"], home, **env),
        process([python, "-m", "cli.main", "worker"], home, **env),
    ):
        client = await Client.connect(address, data_converter=DATA_CONVERTER)
        async with asyncio.timeout(READY_WITHIN_S):
            for port in (ours, floor):
                await answers(f"http://127.0.0.1:{port}/healthz")
            for queue in ("incidents", "bench-floor"):
                await polled(client, queue)
        sides = (
            Side(name="floor", bridge=f"http://127.0.0.1:{floor}/alertmanager", workflow_id=lambda m: f"floor-{m}"),
            Side(
                name="ours",
                bridge=f"http://127.0.0.1:{ours}/alertmanager",
                workflow_id=lambda m: f"incident-AppDBDown-{m}",
            ),
        )

        async def play(load: Load) -> dict[str, Measured]:
            return {side.name: await measure(side, load, f"http://127.0.0.1:{receiver}") for side in sides}

        yield play


async def run(console: Console, loads: Sequence[Load] = LOADS) -> list[dict[str, Any]]:
    """Each load on an engine of its own: what an earlier one left running would slow both sides, and blur the ratio."""
    rows: list[dict[str, Any]] = []
    events: dict[str, int] = {}
    for load in loads:
        with tempfile.TemporaryDirectory(prefix="incidents-bench-") as folder:
            home = Path(folder)
            async with engine(home) as address, both_sides(home, address) as play:
                with console.status(f"{load.name}: {load.count} alerts, each side"):
                    await play(WARM_UP)
                    measured = await play(load)
                rows.append({"load": load.name, **{name: vars(m) for name, m in measured.items()}})
                console.print(_in_one_line(load, measured))
                events = events or await events_per_incident(await Client.connect(address), load)
    return [*rows, {"load": "events per incident", **events}]


def _in_one_line(load: Load, measured: dict[str, Measured]) -> str:
    sides = (f"{name} {m.p50_s:.3f} / {m.p99_s:.3f} s, {m.per_s:.1f}/s" for name, m in measured.items())
    return f"{load.name}: " + "; ".join(sides)


async def events_per_incident(client: Client, load: Load) -> dict[str, int]:
    """Length of the history of one incident of the first load, at the end of the run."""
    ids = {"floor": f"floor-{mark('floor', load, 7)}", "ours": f"incident-AppDBDown-{mark('ours', load, 7)}"}
    described = {side: await client.get_workflow_handle(name).describe() for side, name in ids.items()}
    return {side: found.history_length for side, found in described.items()}


def table(rows: list[dict[str, Any]]) -> Table:
    drawn = Table(title="alert → first page, seconds; ratio to the floor of the same run")
    for column in (
        "load",
        "floor p50",
        "floor p99",
        "floor /s",
        "ours p50",
        "ours p99",
        "ours /s",
        "p50 ×",
        "p99 ×",
        "rate ×",
    ):
        drawn.add_column(column, justify="right")
    for row in rows:
        if "p50_s" not in (row["floor"] if isinstance(row["floor"], dict) else {}):
            continue
        floor, ours = row["floor"], row["ours"]
        drawn.add_row(
            row["load"],
            *(_in_five(side[k]) for side in (floor, ours) for k in ("p50_s", "p99_s", "per_s")),
            *(f"{ours[k] / floor[k]:.2f}" for k in ("p50_s", "p99_s", "per_s")),
        )
    return drawn


def _in_five(value: float) -> str:
    """Five characters at most, so that ten columns fit a terminal of eighty."""
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def asked_for(arguments: Sequence[str]) -> tuple[Load, ...]:
    """Loads to measure. Ends the process on `--help` (0) and on a load there is not (2)."""
    names = {load.name: load for load in LOADS}
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  make bench\n  make bench ARGS='21/s burst'    only these\n\n"
        "about three minutes for all; nothing else should run meanwhile. The table is also written to bench/results/.",
    )
    parser.add_argument("loads", nargs="*", metavar="LOAD", help=f"one of {', '.join(names)}; none: all of them")
    told: list[str] = parser.parse_args(arguments).loads
    if unknown := [name for name in told if name not in names]:
        parser.error(f"no load is called {unknown[0]!r}; there are {', '.join(names)}")
    return tuple(names[name] for name in told) or LOADS


def main() -> None:
    loads, console = asked_for(sys.argv[1:]), Console()
    rows = asyncio.run(run(console, loads))
    console.print(table(rows))
    events = rows[-1]
    refused = sum(row["ours"]["refused"] + row["ours"]["lost"] for row in rows[:-1])
    console.print(f"events per incident: floor {events['floor']}, ours {events['ours']}; refused or lost: {refused}")
    RESULTS.mkdir(exist_ok=True)
    where = RESULTS / f"{utc_now():%Y-%m-%dT%H%M}.json"
    where.write_text(json.dumps(rows, indent=1) + "\n")
    console.print(f"written to {where.relative_to(Path.cwd()) if where.is_relative_to(Path.cwd()) else where.name}")


if __name__ == "__main__":
    main()
