"""Worlds that cannot be seen, or contradict themselves: unknown with the reason, a person asked, nothing done."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client

from activities.checks import diagnose_saga, reconcile_cron, stuck_jobs
from activities.outside import Ask, Outside
from activities.saga_desk import SagaDesk
from gameday.provisioning.faults import LOOK_UP
from incident.model.alert import Alert
from incident.model.finding import Finding, Status
from incident.model.lever import LeverPlan
from integrations.aws import Aws
from integrations.clock import utc_now
from integrations.errors import Refused
from integrations.sagas import NotThere, Sagas
from integrations.settings import AwsSettings, MetricsSettings
from tests.conftest import Engine
from tests.redrive.incidents import ended_badly
from tests.redrive.lane import KNOWN, Lane, Place, Stop
from tests.redrive.play import rows
from tests.redrive.stuck import stuck
from tests.waiting import eventually
from worker.engine import free_port

pytestmark = pytest.mark.timeout(240)
CHECKS = {"stuck_jobs": stuck_jobs, "reconcile_cron": reconcile_cron, "diagnose_saga": diagnose_saga}


async def seen(desk: SagaDesk, name: str) -> Finding:
    """What this check says."""
    alert = Alert(name="ProvisioningJobsStuck", summary="stuck", fingerprint="f")
    outside = Outside(http=httpx.AsyncClient(), aws=Aws(AwsSettings()), apps=(), metrics=MetricsSettings(), sagas=desk)
    finding: Finding = await CHECKS[name].check(Ask(alert=alert, since=utc_now()), outside)
    return finding


async def handed_over(lane: Lane, job: str, *reasons: str) -> None:
    """A person is asked, with these words; and the providers were not called."""
    customer = f"Customer-{job}"
    before = rows(lane, customer)
    plan: LeverPlan = await lane.planned(f"provision-{job}")
    assert rows(lane, customer) == before
    assert plan.impossible
    assert not [reason for reason in reasons if reason not in f"{plan.impossible} {plan.would}"], plan


@pytest.mark.parametrize("name", CHECKS)
async def test_a_namespace_that_is_missing_makes_it_unknown(engine: Engine, lane: Lane, name: str) -> None:
    """Not "no job is stuck", and not "there is no cron"."""
    elsewhere = Sagas(await Client.connect(engine.address, namespace="no-such-namespace"))
    finding = await seen(replace(lane.rig.desk, sagas=elsewhere), name)
    assert (finding.status, "no-such-namespace" in finding.summary) == (Status.UNKNOWN, True)


@pytest.mark.parametrize("name", CHECKS)
async def test_a_server_that_is_down_makes_it_unknown(lane: Lane, name: str) -> None:
    """With the reason."""
    nobody = Sagas(await Client.connect(f"127.0.0.1:{free_port()}", namespace="provisioning", lazy=True))
    finding = await seen(replace(lane.rig.desk, sagas=nobody), name)
    assert (finding.status, "does not answer" in finding.summary) == (Status.UNKNOWN, True)


async def test_a_job_list_that_is_down_makes_it_unknown(lane: Lane) -> None:
    """The sagas alone do not say who is stuck."""
    platform = lane.rig.desk.platform
    settings = platform.settings.model_copy(update={"token": None})
    finding = await seen(replace(lane.rig.desk, platform=replace(platform, settings=settings)), "stuck_jobs")
    assert (finding.status, "401" in finding.summary) == (Status.UNKNOWN, True)


async def test_without_permission_nothing_is_planned(lane: Lane) -> None:
    """The reason is the engine's."""
    await stuck(lane, "m1")

    async def forbidden(call: Callable[[], Awaitable[Any]]) -> Any:
        raise Refused("the provisioning engine: Request unauthorized. (permission_denied)")

    lane.hand.begin(Stop(Place(phase="plan", number=1), forbidden))
    await handed_over(lane, "m1", "permission_denied")


async def test_without_permission_to_act_nothing_is_done_and_a_person_is_told(lane: Lane) -> None:
    """It may be read, and not be reset; the cron is let go."""
    plan = await lane.planned((await stuck(lane, "m2")).id)

    async def forbidden(call: Callable[[], Awaitable[Any]]) -> Any:
        raise Refused("the provisioning engine: Request unauthorized. (permission_denied)")

    lane.hand.begin(Stop(Place(phase="act", number="move"), forbidden))
    before = rows(lane, "Customer-m2")
    report = await (await lane.redrive(plan)).result()
    assert (report.outcome, "permission_denied" in report.detail) == ("held", True)
    assert rows(lane, "Customer-m2") == before


async def test_a_history_past_its_retention_is_handed_over(lane: Lane) -> None:
    """And does not hide the others that are stuck."""
    gone, other = await stuck(lane, "m3"), await stuck(lane, "m4")
    wanted = DeleteWorkflowExecutionRequest(
        namespace=lane.rig.sagas.namespace, workflow_execution=WorkflowExecution(workflow_id=gone.id)
    )
    await lane.rig.sagas.workflow_service.delete_workflow_execution(wanted)

    async def deleted() -> bool:
        try:
            await lane.rig.desk.current(gone.id)
        except NotThere:
            return True
        return False

    await eventually(deleted, "the saga is deleted")
    await handed_over(lane, "m3", "cannot be read", "not_found")

    async def other_is_seen() -> bool:
        return other.id in (await seen(lane.rig.desk, "stuck_jobs")).subjects

    await eventually(other_is_seen, "the other is seen")


async def test_a_step_the_runbook_does_not_know_is_never_run(lane: Lane) -> None:
    await stuck(lane, "m5")
    steps = tuple(step for step in KNOWN.steps if step.activity != "create_database")
    lane.knowledge = replace(KNOWN, steps=steps)
    await handed_over(lane, "m5", "does not know create_database")


async def test_a_workflow_type_the_runbook_does_not_know_is_left_alone(lane: Lane) -> None:
    await stuck(lane, "m6")
    lane.knowledge = replace(KNOWN, workflow_type="ProvisionSomethingElse")
    await handed_over(lane, "m6", "does not know workflow type ProvisionTenant")


async def test_a_quota_is_not_set_when_nobody_says_what_was_paid(lane: Lane) -> None:
    """It would be 0."""
    await lane.reset()
    lane.rig.providers.faults.switch_on("set_quota", "reject", 1)
    await ended_badly(await lane.rig.buy("m7", paid_gb=None))
    await handed_over(lane, "m7", "does not say its paid")


async def test_a_look_up_that_is_down_leaves_it_to_a_person(lane: Lane) -> None:
    """An unsafe step, and nobody can tell whether it happened."""
    await stuck(lane, "m8")
    lane.rig.providers.faults.switch_on(LOOK_UP, "fail")
    await handed_over(lane, "m8", "cannot tell", "503")


async def test_a_look_up_that_contradicts_itself_leaves_it_to_a_person(lane: Lane) -> None:
    """Two things under a key that should name one."""
    await stuck(lane, "m9")
    for name in ("one", "two"):
        lane.rig.providers.store.put("databases", name=name, customer="Customer-m9", region="", at=1.0)
    await handed_over(lane, "m9", "2 hits for one key")


async def test_a_job_without_a_saga_is_told_and_left_alone(lane: Lane) -> None:
    """The app says that it is stuck."""
    lane.rig.providers.jobs.paid("m10", "Customer-m10", "L", 500)
    lane.rig.providers.store.write("UPDATE jobs SET attempts = 9 WHERE job = 'm10'")
    finding = await seen(lane.rig.desk, "stuck_jobs")
    plan = await lane.planned("job:m10")
    assert (finding.subjects, "no saga" in plan.impossible) == (("job:m10",), True)
