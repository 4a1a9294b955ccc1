"""An engine of one's own, for what the shared one cannot be set to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.client import Client

from tests.processes import running
from worker.engine import engine_command, ensure_binary, free_port, tell, wait_until_serving
from worker.engine_needs import register_attributes
from workflows.contract import DATA_CONVERTER


@asynccontextmanager
async def another_engine(home: Path, *settings: str, identity: str | None = None) -> AsyncIterator[Client]:
    """A client of an engine with these dynamic settings (`name=value`), for the length of the block."""
    port = free_port()
    dynamic = [word for setting in settings for word in ("--dynamic-config-value", setting)]
    with running(engine_command(ensure_binary(tell), home, port, free_port()) + dynamic):
        await wait_until_serving(f"127.0.0.1:{port}", 30)
        client = await Client.connect(f"127.0.0.1:{port}", data_converter=DATA_CONVERTER, identity=identity)
        await register_attributes(client)
        yield client
