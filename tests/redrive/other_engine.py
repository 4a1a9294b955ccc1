"""The same tests on server 1.32.0, whose resets answer otherwise than those of the CLI's 1.29.1 (engine.md §5).

    .venv/bin/python -m tests.redrive.other_engine .venv/bin/pytest tests/redrive

It is built once with Go, about five minutes on two cores, and kept in the cache beside `temporal`. It keeps nothing:
its database is in memory.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.processes import running
from tests.waiting import eventually
from worker.engine import TUNING, free_port, is_serving, tell
from worker.engine_ways import cache_folder

VERSION = "v1.32.0"
PACKAGE = f"go.temporal.io/server/cmd/server@{VERSION}"
NEWS_EVERY_S = 15.0
SERVICES = ("frontend", "matching", "history", "worker")
STORE = """
    {name}:
      sql:
        pluginName: sqlite
        databaseName: {name}
        connectAddr: localhost
        connectProtocol: tcp
        connectAttributes: {{mode: memory, cache: private, setup: "true"}}"""
CONFIG = """
log: {{stdout: true, level: error}}
persistence:
  defaultStore: default
  visibilityStore: visibility
  numHistoryShards: 4
  datastores:{stores}
global:
  membership: {{maxJoinDuration: 30s, broadcastAddress: 127.0.0.1}}
services:{services}
clusterMetadata:
  enableGlobalNamespace: false
  failoverVersionIncrement: 10
  masterClusterName: active
  currentClusterName: active
  clusterInformation:
    active: {{enabled: true, initialFailoverVersion: 1, rpcName: frontend, rpcAddress: "127.0.0.1:{port}"}}
dcRedirectionPolicy: {{policy: noop}}
publicClient: {{hostPort: "127.0.0.1:{port}"}}
dynamicConfigClient: {{filepath: "{dynamic}", pollInterval: 60s}}
"""


def cached() -> Path:
    return cache_folder() / f"temporal-server-{VERSION.removeprefix('v')}"


def ensure() -> Path:
    """Where it is; built when it is not. Raises SystemExit where it cannot be."""
    if cached().is_file():
        return cached()
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="getting-") as folder:
        tell(f"server {VERSION}: building it once with go install {PACKAGE} (about 5 minutes on 2 cores)")
        _built(folder)
        (Path(folder) / "server").replace(cached())
    return cached()


def _built(folder: str) -> None:
    began = time.monotonic()
    process = subprocess.Popen(["go", "install", PACKAGE], env={**os.environ, "GOBIN": folder}, cwd=folder)
    while True:
        try:
            code = process.wait(timeout=NEWS_EVERY_S)
        except subprocess.TimeoutExpired:
            tell(f"server {VERSION}: still at it, {time.monotonic() - began:.0f} s so far")
            continue
        if code:
            raise SystemExit(f"server {VERSION} could not be built: go install ended with {code}")
        return


def configured(home: Path, port: int) -> list[str]:
    """Its configuration in `home`, and what starts it."""
    ports = {"frontend": (port, free_port())} | {name: (free_port(), free_port()) for name in SERVICES[1:]}
    services = "".join(
        f"\n  {name}: {{rpc: {{grpcPort: {grpc}, membershipPort: {member}, bindOnLocalHost: true}}}}"
        for name, (grpc, member) in ports.items()
    )
    dynamic = home / "dynamic.yaml"
    dynamic.write_text("".join(f"{name}: [{{value: {value}}}]\n" for name, value in (one.split("=") for one in TUNING)))
    stores = STORE.format(name="default") + STORE.format(name="visibility")
    (home / "base.yaml").write_text(CONFIG.format(stores=stores, services=services, port=port, dynamic=dynamic))
    return [str(cached()), "-r", str(home), "-c", ".", "-e", "base", "start"]


async def served(command: list[str]) -> int:
    """Exit code of `command`, run beside the server."""
    ensure()
    with tempfile.TemporaryDirectory(prefix="server-") as folder:
        port = free_port()
        with running(configured(Path(folder), port)):
            address = f"127.0.0.1:{port}"
            # It makes no namespace `default`; its own one answers as well.
            await eventually(lambda: is_serving(address, "temporal-system"), "the server serves", within_s=120)
            tell(f"server {VERSION}: serves at {address}")
            process = await asyncio.create_subprocess_exec(*command, env={**os.environ, "TEMPORAL_ADDRESS": address})
            return await process.wait()


if __name__ == "__main__":
    raise SystemExit(asyncio.run(served(sys.argv[1:])))
