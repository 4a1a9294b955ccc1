"""The practice provisioning platform in a process of its own, on loopback. It stands for somebody else's code.

    python -m gameday.provisioning --home ~/platform --port 9300 --address 127.0.0.1:7233
    curl -X PUT localhost:9300/faults/create_database -H 'content-type: application/json' -d '{"kind": "fail"}'
    open http://localhost:9300

When it is ready, `<home>/provisioning.json` says where everything is. A `kill -9` loses nothing: start it again with
the same home.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI
from temporalio.client import Client

from gameday.provisioning.checkout import checkout
from gameday.provisioning.contract import NAMESPACE, TASK_QUEUE, CronInput
from gameday.provisioning.cron import create_cron
from gameday.provisioning.doors import TOKEN, application
from gameday.provisioning.jobs import STUCK_AFTER_S
from gameday.provisioning.namespace import NotUsable, connect
from gameday.provisioning.page import page
from gameday.provisioning.pointing import environment
from gameday.provisioning.providers import Providers
from gameday.provisioning.tenant_databases import TenantDatabases
from gameday.provisioning.worker import worker
from gameday.world.database import DatabaseFailed, Postgres, find_binaries

TOLD = "provisioning.json"


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the command line says."""

    home: Path
    port: int
    address: str
    """Of the engine; empty: providers only, no sagas."""
    namespace: str
    ui: str
    database: bool
    stuck_after_s: float
    cron_every_s: float
    cron_how: str


class PortTaken(Exception):
    """The message says which, and what to do."""


async def serve(given: Given) -> None:
    """Until SIGINT or SIGTERM. Raises PortTaken, DatabaseFailed, NotUsable."""
    port = given.port or _free()
    _require_free(port)
    providers = Providers(given.home, databases=_databases(given.database), stuck_after_s=given.stuck_after_s)
    try:
        client, _ = await asyncio.gather(_engine(given), providers.start())
        if client and given.cron_every_s:
            await create_cron(client, given.cron_every_s, CronInput(given.cron_how))
        await _run(given, providers, client, port)
    finally:
        await providers.stop()
        _withdraw(given.home)


async def _run(given: Given, providers: Providers, client: Client | None, port: int) -> None:
    base = f"http://127.0.0.1:{port}"
    server = _Server(
        uvicorn.Config(_app(given, providers, client), port=port, log_level="warning", access_log=False, lifespan="off")
    )
    stopping = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    serving = asyncio.create_task(server.serve())
    async with (
        httpx.AsyncClient(base_url=base, limits=httpx.Limits(max_connections=None)) as http,
        worker(client, http) if client else contextlib.nullcontext(),
    ):
        await _started(server)
        _announce(given, base, providers)
        ended = asyncio.create_task(stopping.wait())
        await asyncio.wait([serving, ended], return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = server.force_exit = True
    ended.cancel()
    await asyncio.gather(serving, ended, return_exceptions=True)


async def _engine(given: Given) -> Client | None:
    return await connect(given.address, given.namespace) if given.address else None


def _app(given: Given, providers: Providers, client: Client | None) -> FastAPI:
    app = application(providers)
    app.include_router(checkout(providers, client))
    app.include_router(page(providers, client, given.ui))
    return app


def _databases(wanted: bool) -> TenantDatabases:
    binaries = find_binaries() if wanted else None
    return TenantDatabases(Postgres(binaries, _free()) if binaries else None)


class _Server(uvicorn.Server):
    """Leaves signals to us: the worker must stop before it does."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _started(server: uvicorn.Server) -> None:
    async with asyncio.timeout(20):
        while not server.started:  # noqa: ASYNC110 - uvicorn offers only this flag
            await asyncio.sleep(0.02)


def _announce(given: Given, base: str, providers: Providers) -> None:
    """Whole or not at all: whoever waits for the file may read it at once."""
    told = {
        "pid": os.getpid(),
        "control": base,
        "database": providers.tenants.words,
        "address": given.address,
        "namespace": given.namespace,
        "task_queue": TASK_QUEUE,
        "token": TOKEN,
        "jobs": f"{base}/jobs",
        "metrics": f"{base}/metrics",
        "env": environment(base, given.address, given.namespace) if given.address else {},
    }
    given.home.mkdir(parents=True, exist_ok=True)
    fresh = given.home / f".{TOLD}.{os.getpid()}"
    fresh.write_text(json.dumps(told, indent=2))
    fresh.replace(given.home / TOLD)
    print(f"practice provisioning platform: {base} (databases: {told['database']})", flush=True)


def _withdraw(home: Path) -> None:
    """Only what is ours: another platform may have been started in the same home."""
    with contextlib.suppress(FileNotFoundError):
        if json.loads((home / TOLD).read_text())["pid"] == os.getpid():
            (home / TOLD).unlink()


def _require_free(port: int) -> None:
    """Raises PortTaken."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            raise PortTaken(f"port {port} is taken: does another platform run? Choose one with --port") from None


def _free() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def _parsed() -> Given:
    parser = argparse.ArgumentParser(
        prog="python -m gameday.provisioning", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help=f"folder for the providers' state and {TOLD}")
    parser.add_argument("--port", type=int, default=9300, help="0: any")
    parser.add_argument("--address", default="", help="host:port of the Temporal engine; without it: providers only")
    parser.add_argument("--namespace", default=NAMESPACE)
    parser.add_argument("--ui", default="", help="base address of Temporal's Web UI, for links")
    parser.add_argument("--no-database", action="store_true", help="play the tenant databases")
    parser.add_argument("--stuck-after-s", type=float, default=STUCK_AFTER_S, help="without progress; reality: 900")
    parser.add_argument("--cron-every-s", type=float, default=0.0, help="create the naive cron; 0: leave it out")
    parser.add_argument("--cron-how", choices=("restart", "reset"), default="restart")
    told = vars(parser.parse_args())
    return Given(database=not told.pop("no_database"), **told)


def main() -> None:
    try:
        asyncio.run(serve(_parsed()))
    except (PortTaken, DatabaseFailed, NotUsable) as error:
        raise SystemExit(f"practice provisioning platform: {error}") from None


if __name__ == "__main__":
    main()
