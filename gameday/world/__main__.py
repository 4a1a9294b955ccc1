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
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI, HTTPException

from gameday.world.faults import FAULTS, NoSuchFault
from gameday.world.pages import pages
from gameday.world.world import Ports, World


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
        try:
            await world.faults.switch_on(name)
        except NoSuchFault as error:
            raise HTTPException(404, str(error)) from None
        return {name: "on"}

    @app.delete("/faults/{name}")
    async def switch_off(name: str) -> dict[str, str]:
        try:
            await world.faults.switch_off(name)
        except NoSuchFault as error:
            raise HTTPException(404, str(error)) from None
        return {name: "off"}

    return app


async def serve(home: Path, port: int) -> None:
    """Until SIGINT or SIGTERM."""
    ports = Ports(control=port or _free(), aws=port + 1 if port else _free(), database=port + 2 if port else _free())
    world = World(ports)
    servers = [_server(control(world), ports.control), _server(world.aws.front(), ports.aws)]
    stopping = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    await world.start()
    try:
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
        (home / "world.json").unlink(missing_ok=True)


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
        "links": {"world": f"{world.base}/", "phone": f"{world.base}/phone", "thread": f"{world.base}/thread"},
    }
    home.mkdir(parents=True, exist_ok=True)
    fresh = home / f".world.json.{os.getpid()}"
    fresh.write_text(json.dumps(told, indent=2))
    fresh.replace(home / "world.json")
    print(f"practice world: {world.base} (database: {told['database']})", flush=True)


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
        "--port", type=int, default=9200, help="port; AWS gets the next, PostgreSQL the one after; 0: any"
    )
    given = parser.parse_args()
    asyncio.run(serve(given.home, given.port))


if __name__ == "__main__":
    main()
