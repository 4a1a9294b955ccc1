"""Several people, several customers, one worker that dies: whole incidents on the real engine."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle

from gameday.provisioning.contract import STEPS
from gameday.provisioning.starting import SagaHandle
from runbook.provisioning import SAGA
from tests.conftest import Engine
from tests.redrive.incidents import LONG, approve, ended_badly, open_plans, proposals, resolved, said
from tests.redrive.rig import Rig, new_rig
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(900)
MANY = 20
SPECIAL = 2
"""One that is rejected, one that is handed over."""


@pytest.fixture
async def rig(engine: Engine, tmp_path: Path) -> AsyncIterator[Rig]:
    async with new_rig(engine, tmp_path) as made:
        yield made


async def stuck(rig: Rig, job: str, kind: str = "reject") -> SagaHandle:
    """A customer who paid and has no tenant."""
    rig.providers.faults.switch_on("create_database", kind, 1)
    saga = await rig.buy(job)
    await ended_badly(saga)
    return saga


def called(rig: Rig, job: str) -> list[str]:
    return [line["step"] for line in rig.providers.ledger() if line["job"] == job]


async def test_two_incidents_redrive_one_step_once(rig: Rig) -> None:
    """Both were approved: one acts, the other is held, and no second database is made."""
    async with rig.worker():
        await stuck(rig, "7f3")
        first, second = await rig.alert("incident-A"), await rig.alert("incident-B")
        plans = [(await open_plans(one, 1))[0] for one in (first, second)]
        rig.providers.faults.switch_on("create_database", "slow", 1, 3.0)
        await asyncio.gather(*(approve(one, plan) for one, plan in zip((first, second), plans, strict=True)))
        held = await asyncio.gather(*(_became(one, "withdrawn") for one in (first, second)))
        await asyncio.gather(resolved(first), resolved(second))
    assert sum(held) == 1, held
    assert called(rig, "7f3") == [*STEPS[:3], *STEPS[2:]]


async def _became(incident: WorkflowHandle[Any, Any], state: str) -> bool:
    """Whether its plan did, rather than being verified."""

    async def over() -> str:
        for wanted in (state, "verified", "failed"):
            if await proposals(incident, wanted):
                return wanted
        return ""

    return await eventually(over, "the plan has an end", within_s=LONG) == state


async def test_the_procedure_is_named_after_run_and_step(rig: Rig) -> None:
    """So that the engine itself refuses a second one."""
    async with rig.worker():
        saga = await stuck(rig, "8a1")
        incident = await rig.alert()
        plan = (await open_plans(incident, 1))[0]
        rig.providers.faults.switch_on("create_database", "slow", 1, 1.0)
        await approve(incident, plan)
        name = f"redrive-{saga.first_execution_run_id}-create_database"

        async def begun() -> bool:
            return name in {run.id async for run in rig.ours.list_workflows("WorkflowType='Redrive'")}

        await eventually(begun, f"{name} exists", within_s=LONG)


async def test_an_incident_goes_on_when_its_worker_dies_after_the_yes(rig: Rig) -> None:
    """No grace, in the middle of the re-drive; another worker takes it from there."""
    async with rig.worker():
        await stuck(rig, "9b2")
        incident = await rig.alert()
        plan = (await open_plans(incident, 1))[0]
        rig.providers.faults.switch_on("create_database", "slow", 1, 2.0)
        await approve(incident, plan)

        async def acted() -> bool:
            return called(rig, "9b2").count("create_database") == 2

        await eventually(acted, "the step runs again", within_s=LONG)
    async with rig.worker():
        await resolved(incident)
    assert called(rig, "9b2") == [*STEPS[:3], *STEPS[2:]]


async def test_twenty_stuck_customers_are_helped_one_by_one(rig: Rig) -> None:
    """Worst first, a few at a time; one is rejected and one handed over, and both are told to people."""
    unclear = await stuck(rig, "c00", "fail_after")  # nobody can tell the saga that it happened
    sagas = [await stuck(rig, f"c{number:02}") for number in range(1, MANY)]
    most = 0
    async with rig.worker():
        incident = await rig.alert()
        rejected = (await open_plans(incident, 1))[0]
        await incident.execute_update("reject", {"proposal": rejected["id"], "by": "ana", "why": "a test customer"})

        async def all_helped() -> bool:
            nonlocal most
            waiting = await proposals(incident, "open")
            most = max(most, len(waiting) + len(await proposals(incident, "approved")))
            for plan in waiting:
                await approve(incident, plan)
            return len(await proposals(incident, "verified")) == MANY - SPECIAL

        await eventually(all_helped, "all but two are helped", within_s=600)
        await said(incident, f"{unclear.id} handed to people")
        await said(incident, "a test customer")
        helped = {plan["would"].split("job ")[1].split(" ")[0] for plan in await proposals(incident, "verified")}
        await _helped_by_hand(rig, unclear, sagas, helped)
        await resolved(incident)
    customers = [f"Customer-c{number:02}" for number in range(MANY)]
    assert most <= SAGA.jobs_at_once
    assert "c01" in rejected["would"]
    assert {len(rig.providers.deployments(customer)) for customer in customers} == {1}


async def _helped_by_hand(rig: Rig, unclear: SagaHandle, sagas: list[SagaHandle], helped: set[str]) -> None:
    """The owner finishes what was handed over, and what was rejected: here, by removing both jobs."""
    left = [saga for saga in sagas if saga.id.removeprefix("provision-") not in helped]
    for saga in (unclear, *left):
        job = saga.id.removeprefix("provision-")
        rig.providers.store.write("UPDATE jobs SET state = 'provisioned' WHERE job = ?", job)
