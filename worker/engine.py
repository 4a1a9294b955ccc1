"""The embedded engine: a real Temporal server with its Web UI, for one machine (engine.md §1, §2).

`python -m worker.engine ensure` gets one and links it as `.venv/bin/temporal`; `path` prints where it is.
`incidents engine` runs it.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from worker import engine_ways as ways
from worker.engine_ways import NotThisWay, Say
from worker.settings import Settings
from workflows.contract import SEARCH_ATTRIBUTES

HOST = "127.0.0.1"
DATABASE = "engine.db"
TUNING = (
    "history.transferProcessorMaxPollRPS=1000",
    "history.timerProcessorMaxPollRPS=1000",
    "system.enableActivityEagerExecution=true",
)
"""By default a shard's queue is read 20 times a second, and the dev server has one shard: every hop of an incident
would wait for a 50 ms tick (engine.md §2). Eager: the answer to a workflow task already holds the page it asked for,
which saves a commit and a hop (docs/decisions/0029)."""
PRAGMAS = ("journal_mode=WAL", "synchronous=2")
"""One sync at each commit, and it is waited for; as it comes, SQLite keeps a rollback journal and syncs it too."""
LOOK_AGAIN_S = 0.05
ANSWERS_WITHIN = timedelta(seconds=5)
WAYS = (
    ("on PATH", ways.on_path),
    ("our cache", ways.from_cache),
    ("download by the SDK", ways.downloaded),
    ("build with Go", ways.built),
)


class EngineError(Exception):
    """There is no engine, or it cannot start. The message says what was tried and what to do."""


def another_engine(environ: Mapping[str, str] = os.environ) -> str:
    """Address of the engine this machine was told to use, in Temporal's own words; empty: we bring our own."""
    return environ.get("TEMPORAL_ADDRESS", "")


def ensure_binary(say: Say) -> Path:
    """A `temporal` program, from the first way that leads to one. Raises EngineError."""
    tried: list[str] = []
    for name, way in WAYS:
        try:
            return way(say)
        except NotThisWay as reason:
            tried.append(f"  {name}: {reason}")
    raise EngineError(
        "no Temporal engine on this machine. Tried:\n" + "\n".join(tried) + "\n"
        "Do one of these and run the same command again:\n"
        "  put Temporal's CLI on PATH (https://docs.temporal.io/cli/setup-cli)\n"
        "  install Go 1.21 or newer (https://go.dev/dl) and it is built here, once, in about 4 minutes\n"
        "  set TEMPORAL_ADDRESS=host:port to use an engine that runs elsewhere"
    )


def ensure(say: Say) -> Path | None:
    """`ensure_binary`, linked into our environment. None: TEMPORAL_ADDRESS is set, and no CLI is here to be linked."""
    address = another_engine()
    if not address:
        return _linked(ensure_binary(say), say)
    say(f"engine: TEMPORAL_ADDRESS is set, {address} is used")
    for way in (ways.on_path, ways.from_cache):
        try:
            return _linked(way(say), say)
        except NotThisWay:  # only a convenience here: the engine itself is elsewhere
            continue
    return None


def _linked(binary: Path, say: Say) -> Path:
    link = ways.link()
    if link.is_symlink() and link.resolve() == binary.resolve():
        return binary
    fresh = link.with_name(f".temporal-{os.getpid()}")
    fresh.symlink_to(binary)
    fresh.replace(link)
    say(f"engine: {binary} (also as {link})")
    return binary


def engine_command(binary: Path, home: Path, port: int, ui_port: int) -> list[str]:
    """What starts the engine. Its database is in `home`, with a full sync at each commit: a power cut loses nothing."""
    command = [str(binary), "server", "start-dev", "--ip", HOST, "--log-level", "error"]
    command += ["--db-filename", str(home / DATABASE), "--port", str(port), "--ui-port", str(ui_port)]
    for attribute in SEARCH_ATTRIBUTES:
        command += ["--search-attribute", f"{attribute.name}={attribute.indexed_value_type.name.capitalize()}"]
    for value in TUNING:
        command += ["--dynamic-config-value", value]
    for pragma in PRAGMAS:
        command += ["--sqlite-pragma", pragma]
    return command


def require_free(port: int, variable: str) -> None:
    """Raises EngineError when somebody else listens on `port`; `variable` is the setting that chooses another."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free for a server
        try:
            trial.bind((HOST, port))
        except OSError as error:
            raise EngineError(
                f"port {port} on {HOST} cannot be used ({error.strerror}): maybe another `incidents up` or Temporal "
                f"runs. Stop it, or choose another port: {variable}={port + 10000 if port < 50000 else port - 10000}"
            ) from None


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as trial:
        trial.bind((HOST, 0))
        return int(trial.getsockname()[1])


async def is_serving(address: str, namespace: str = "default") -> bool:
    """Whether the engine there answers for `namespace`."""
    try:
        client = await Client.connect(address, namespace=namespace)
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=namespace), timeout=ANSWERS_WITHIN
        )
    except (RPCError, RuntimeError):  # RuntimeError: nobody answers yet
        return False
    return True


async def wait_until_serving(address: str, timeout: float) -> None:  # noqa: ASYNC109 - a deadline with our own words
    """Return when the engine serves; `timeout` in seconds. Raises EngineError."""
    try:
        async with asyncio.timeout(timeout):
            while not await is_serving(address):  # noqa: ASYNC110 - nothing wakes us: another process's port
                await asyncio.sleep(LOOK_AGAIN_S)
    except TimeoutError:
        raise EngineError(f"the engine at {address} did not answer within {timeout:.0f} s; look at its log") from None


def checked_command(settings: Settings, say: Say) -> list[str]:
    """`engine_command` for these settings, after seeing that it can start. Raises EngineError."""
    engine = settings.engine
    require_free(engine.port, "INCIDENTS_ENGINE__PORT")
    require_free(engine.ui_port, "INCIDENTS_ENGINE__UI_PORT")
    settings.home.mkdir(parents=True, exist_ok=True)
    return engine_command(ensure_binary(say), settings.home, engine.port, engine.ui_port)


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """0 yes, 1 no with the reason on stderr, 2 usage."""
    try:
        match arguments:
            case ["ensure"]:
                ensure(tell)
            case ["path"]:
                print(ensure_binary(tell))
            case _:
                tell(__doc__ or "")
                return 2
    except EngineError as error:
        tell(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
