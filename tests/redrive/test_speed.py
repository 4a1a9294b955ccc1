"""How long it takes from the alert to a plan, and to read a long history. Printed by `make test-redrive`."""

import asyncio
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from gameday.provisioning.contract import Patience
from integrations.sagas import Execution
from tests.conftest import Engine
from tests.redrive.incidents import ended_badly, open_plans
from tests.redrive.rig import Rig, new_rig
from tests.waiting import eventually

pytestmark = [
    pytest.mark.at_length,
    pytest.mark.timeout(1800),
]
NOTES = 3300
"""Three events each: ten thousand together."""
EVENTS = 10_000
SECONDS = 2.0
MEGABYTES = 30.0
AT_ONCE = 20


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


async def many_stuck(rig: Rig, count: int) -> None:
    """So many customers who wait."""
    rig.providers.faults.switch_on("create_database", "reject")
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with slots:
            await ended_badly(await rig.buy(f"s{number}"))

    await asyncio.gather(*(one(number) for number in range(count)))

    async def all_seen() -> bool:
        return len(await rig.desk.stuck()) == count

    await eventually(all_seen, f"{count} are stuck", within_s=120)


@pytest.mark.parametrize("count", [1, 10, 200])
async def test_from_the_alert_to_a_plan(engine: Engine, tmp_path: Path, count: int) -> None:
    async with new_rig(engine, tmp_path) as rig, rig.worker():
        await many_stuck(rig, count)
        began = time.monotonic()
        incident = await rig.alert()
        await open_plans(incident, 1)
        say(f"{count:4} stuck job(s): {time.monotonic() - began:.1f} s from the alert to a plan")


async def test_ten_thousand_events_are_diagnosed_in_bounded_memory(engine: Engine, tmp_path: Path) -> None:
    async with new_rig(engine, tmp_path) as rig:
        rig.providers.faults.switch_on("create_database", "reject", 1)
        saga = await rig.buy("long", shape="long", notes=NOTES, patience=Patience(attempts=1, attempt_s=30))
        await ended_badly(saga)
        run = Execution(workflow_id=saga.id, run_id=(await saga.describe()).run_id)
        began = time.process_time()
        found = await rig.desk.diagnosed(run)
        seconds = time.process_time() - began
        tracemalloc.start()
        await rig.desk.diagnosed(run)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    say(f"{found.last_event_id} events: diagnosed in {seconds:.2f} s of CPU, {peak / 1e6:.1f} MB at the most")
    assert found.last_event_id >= EVENTS
    assert seconds < SECONDS
    assert peak / 1e6 < MEGABYTES
