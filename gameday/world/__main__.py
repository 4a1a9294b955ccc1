"""The practice world in a process of its own, on loopback.

    python -m gameday.world --home ~/practice --port 9200
    curl -X PUT localhost:9200/faults/secret_rotated        # break something
    open http://localhost:9200                              # look at it

When it is ready, `<home>/world.json` says where everything is, and which variables point the product at it.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import Awaitable, Iterator
from pathlib import Path

import psycopg
import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.responses import RedirectResponse

from gameday.world.database import DatabaseFailed
from gameday.world.faults import FAULTS, NoSuchFault
from gameday.world.pages import PAGES, pages
from gameday.world.world import Ports, World

PLACES = (0, 1, 2, 4)
"""Of control, AWS, PostgreSQL and mail after the first port; the fourth is the provisioning platform's."""


def control(world: World) -> FastAPI:
    """Apps, sinks, prober, faults and pages: everything but AWS, which needs an address of its own."""
    app = FastAPI(title="practice world", docs_url=None, redoc_url=None)
    for router in (world.sites.router(), world.sinks.router(), world.prober.router(), pages(world)):
        app.include_router(router)

    @app.get("/faults")
    async def faults() -> dict[str, dict[str, object]]:
        return {name: {"on": name in world.faults, "what": what} for name, what in FAULTS.items()}

    @app.put("/faults/{name}")
    async def switch_on(name: str) -> dict[str, str]:
        await _switched(world.faults.switch_on(name))
        return {name: "on"}

    @app.delete("/faults/{name}")
    async def switch_off(name: str) -> dict[str, str]:
        await _switched(world.faults.switch_off(name))
        return {name: "off"}

    # What a form can send, for a page without scripts.
    @app.post("/faults/{name}/break")
    async def break_it(name: str) -> RedirectResponse:
        await _switched(world.faults.switch_on(name))
        return RedirectResponse("/", 303)

    @app.post("/faults/{name}/mend")
    async def mend_it(name: str) -> RedirectResponse:
        await _switched(world.faults.switch_off(name))
        return RedirectResponse("/", 303)

    return app


async def _switched(switching: Awaitable[None]) -> None:
    try:
        await switching
    except NoSuchFault as error:
        raise HTTPException(404, str(error)) from None
    except psycopg.Error:
        raise HTTPException(409, "the database does not answer: mend db_stopped first") from None


async def serve(home: Path, port: int, *, database: bool, **beside: str) -> None:
    """Until SIGINT or SIGTERM. `beside`: addresses of other programs, as `World` takes them.

    Raises PortTaken, DatabaseFailed.
    """
    ports = Ports(*(port + place if port else _free() for place in PLACES))
    _all_free(ports)
    world = World(ports, database=database, home=home, **beside)
    servers = [_server(control(world), ports.control), _server(world.aws.front(), ports.aws)]
    stopping = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    try:
        await world.start()
        tasks = [asyncio.create_task(server.serve()) for server in servers]
        tasks.append(asyncio.create_task(world.run()))
        await _started(servers)
        _announce(world, home)
        ended = asyncio.create_task(stopping.wait())
        await asyncio.wait([*tasks, ended], return_when=asyncio.FIRST_COMPLETED)
        for server in servers:
            server.should_exit = server.force_exit = True
        tasks[-1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        await world.stop()
        withdraw(home)


class _Server(uvicorn.Server):
    """Leaves signals to us: there are two of them in this process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: FastAPI, port: int) -> uvicorn.Server:
    return _Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False))


async def _started(servers: list[uvicorn.Server]) -> None:
    async with asyncio.timeout(20):
        while not all(server.started for server in servers):  # noqa: ASYNC110 - uvicorn offers only this flag
            await asyncio.sleep(0.02)


def _announce(world: World, home: Path) -> None:
    """Whole or not at all: whoever waits for the file may read it at once."""
    told = {
        "pid": os.getpid(),
        "control": world.base,
        "database": world.database.words if world.database else "none",
        "env": world.env(),
        "links": {name: f"{world.base}{path}" for path, name in PAGES.items()},
    }
    home.mkdir(parents=True, exist_ok=True)
    fresh = home / f".world.json.{os.getpid()}"
    fresh.write_text(json.dumps(told, indent=2))
    fresh.replace(home / "world.json")
    print(f"practice world: {world.base} (database: {told['database']})", flush=True)


def withdraw(home: Path) -> None:
    """Only what is ours: another world may have been started in the same home."""
    with contextlib.suppress(FileNotFoundError):
        if json.loads((home / "world.json").read_text())["pid"] == os.getpid():
            (home / "world.json").unlink()


class PortTaken(Exception):
    """The message says which, and what to do."""


def _all_free(ports: Ports) -> None:
    """Raises PortTaken."""
    for port in (ports.control, ports.aws, ports.database, ports.mail):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                raise PortTaken(
                    f"port {port} is taken: does another practice world run? Choose one with --port"
                ) from None


def _free() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m gameday.world", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="folder for world.json")
    parser.add_argument(
        "--port",
        type=int,
        default=9200,
        help="port; AWS gets the next, PostgreSQL the one after; mail the fifth; 0: any",
    )
    parser.add_argument(
        "--no-database", action="store_true", help="play the database, as on a machine without PostgreSQL"
    )
    parser.add_argument("--platform", default="", help="address of the provisioning platform whose stuck jobs count")
    parser.add_argument("--web-ui", default="", help="address of Temporal's Web UI, for a link")
    parser.add_argument("--bridge", default="", help="address of the bridge, for taps in the thread")
    given = parser.parse_args()
    try:
        beside = {"platform": given.platform, "web_ui": given.web_ui, "bridge": given.bridge}
        asyncio.run(serve(given.home.resolve(), given.port, database=not given.no_database, **beside))
    except (PortTaken, DatabaseFailed) as error:
        raise SystemExit(f"practice world: {error}") from None


if __name__ == "__main__":
    main()
