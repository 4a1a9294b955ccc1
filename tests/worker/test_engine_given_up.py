"""An engine whose callers give up, thousands of times (docs/decisions/0028)."""

import asyncio
import random
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from tests.conftest import UNSYNCED
from tests.processes import running
from worker.engine import engine_command, ensure_binary, free_port, is_serving, tell, wait_until_serving

pytestmark = pytest.mark.at_length

SECONDS = 20.0
CLIENTS = 16
KNOWN = 50
PATIENCE_S = (0.0005, 0.02)
"""Shortest and longest time that a caller waits."""


async def test_it_serves_on(tmp_path: Path) -> None:
    """Calls given up at any moment leave it as it was. With the driver of CLI 1.5.1 it was gone within seconds."""
    port = free_port()
    with running([*engine_command(ensure_binary(tell), tmp_path, port, free_port()), *UNSYNCED]):
        await wait_until_serving(f"127.0.0.1:{port}", 30)
        client = await Client.connect(f"127.0.0.1:{port}")
        for n in range(KNOWN):
            await client.start_workflow("Any", id=f"known-{n}", task_queue="nobody")
        end = time.monotonic() + SECONDS
        await asyncio.gather(*(impatient(client, f"{n}", end) for n in range(CLIENTS)))
        assert await is_serving(f"127.0.0.1:{port}")


async def impatient(client: Client, name: str, end: float) -> None:
    chance, n = random.Random(name), 0
    while time.monotonic() < end:
        n += 1
        known = client.get_workflow_handle(f"known-{chance.randrange(KNOWN)}")
        start = client.start_workflow("Any", id=f"new-{name}-{n}", task_queue="nobody")
        for call in (start, known.signal("any"), listed(client)):
            await given_up(call, chance.uniform(*PATIENCE_S))


async def listed(client: Client) -> None:
    async for _ in client.list_workflows("WorkflowType = 'Any'"):
        continue


async def given_up(call: Coroutine[Any, Any, Any], after_s: float) -> None:
    """What came of it counts for nothing here, in time or not."""
    with suppress(TimeoutError, RPCError):
        await asyncio.wait_for(call, after_s)
