"""Workflows beside the incident that may be open at a deploy too: a re-drive, and the weekly test of paging."""

from datetime import date, timedelta
from pathlib import Path

from pydantic import SecretStr
from temporalio.client import Client

from incident.model.weekly_test import Week
from integrations.clock import utc_now
from oncall.schedule import Contact, Person, Rotation, Schedule
from tests.conftest import Engine
from tests.histories.scenarios import Scenario, Stage
from tests.redrive.incidents import approve, ended_badly, open_plans, resolved
from tests.redrive.rig import new_rig
from tests.waiting import eventually
from tests.workflows.case import Case
from worker.weekly_test import begin
from workflows.contract import DATA_CONVERTER

PEOPLE = Schedule(
    people={
        name: Person(contacts=(Contact(channel="ntfy", to=SecretStr(f"topic-of-{name}")),)) for name in ("ana", "bo")
    },
    rotations={"default": Rotation(members=("ana", "bo"), starts=date(2026, 6, 1))},
)


async def weekly_test(stage: Stage, name: str) -> Case:
    """Two people, one way each; then told."""
    now = utc_now()
    week = Week(name=name, at=now, until=now + timedelta(hours=1))
    await begin(stage.client, week)
    case = Case(stage.client, f"weekly-test-{name}")
    await case.handle.result()
    return case


async def redriven(stage: Stage, name: str) -> Case:
    """One stuck customer, approved by a person, and verified."""
    address = stage.client.service_client.config.target_host
    async with new_rig(Engine(address, Path("temporal")), Path(name)) as rig:
        rig.ours = await Client.connect(
            address, namespace=rig.ours.namespace, data_converter=DATA_CONVERTER, identity=stage.client.identity
        )

        async def listed() -> str:
            return "".join([run.id async for run in rig.ours.list_workflows("WorkflowType = 'Redrive'")])

        async with rig.worker():
            rig.providers.faults.switch_on("create_database", "reject", 1)
            await ended_badly(await rig.buy("7f3"))
            incident = await rig.alert()
            plan = (await open_plans(incident, 1))[0]
            await approve(incident, plan)
            await resolved(incident)
            return Case(rig.ours, await eventually(listed, "the procedure is listed"))


PROCEDURES: tuple[Scenario, ...] = (weekly_test, redriven)
