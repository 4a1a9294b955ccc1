"""What the shapes do when `create_database` cannot be done, and how each is driven on."""

import json
from dataclasses import replace
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from gameday.provisioning.contract import NEEDS_HUMAN, Resume
from gameday.provisioning.starting import SagaHandle, start_saga
from gameday.provisioning.tenant_health import tenant_health
from tests.gameday.provisioning.conftest import QUICK, TWICE, Platform, failed
from tests.waiting import eventually

GARBAGE: tuple[list[Any], ...] = (
    [],
    [None],
    ["create_database"],
    [{}],
    [{"step": 7}],
    [{"step": ""}],
    [{"step": "create_dns"}],
    [{"step": "create_database"}, "and more"],
)


async def is_whole(platform: Platform, customer: str) -> bool:
    return all(check.ok for check in await tenant_health(platform.providers, customer))


async def parked(platform: Platform, **changes: Any) -> tuple[str, SagaHandle]:
    """A saga that waits for a person at `create_database`, which works again."""
    platform.providers.faults.switch_on("create_database", "fail", times=1)
    order, saga = await platform.buy(shape="parked", **changes)

    async def asks() -> bool:
        return (await saga.query("progress"))["asking"] == "create_database"

    await eventually(asks, "the saga is parked")
    return order.customer, saga


async def test_parallel_has_set_the_quota_when_the_database_fails(platform: Platform) -> None:
    """The sibling of the failed step was done: whoever reruns both, reruns it."""
    platform.providers.faults.switch_on("create_database", "fail")
    order, saga = await platform.buy(shape="parallel")
    await failed(saga)

    async def quota_set() -> bool:
        return platform.providers.quota(order.customer) == 500

    await eventually(quota_set, "the quota was set")


async def test_children_fail_in_a_child(platform: Platform) -> None:
    """The saga's own history has no failed step, the child's has."""
    platform.providers.faults.switch_on("create_database", "fail")
    _, saga = await platform.buy(shape="children", regions=("eu",))
    await failed(saga)
    child = await platform.client.get_workflow_handle(f"{saga.id}/eu").describe()
    assert child.status is WorkflowExecutionStatus.FAILED


async def test_children_make_a_database_per_region(platform: Platform) -> None:
    order, saga = await platform.buy(shape="children")
    await saga.result()
    assert {row["region"] for row in platform.providers.databases(order.customer)} == {"eu", "us"}


async def test_local_dns_is_a_marker_in_the_history(platform: Platform) -> None:
    """Not an activity that was scheduled."""
    _, saga = await platform.buy(shape="local")
    await saga.result()
    scheduled = [
        event.activity_task_scheduled_event_attributes.activity_type.name
        async for event in saga.fetch_history_events()
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    assert "create_dns" not in scheduled


async def test_compensating_takes_back_what_was_done(platform: Platform) -> None:
    """Newest first; the quota stays."""
    platform.providers.faults.switch_on("create_dns", "fail")
    order, saga = await platform.buy(shape="compensating")
    await failed(saga)
    assert platform.calls(order.customer)[-2:] == ["drop_database", "release_deployment"]


async def test_compensated_deployment_serves_nobody(platform: Platform) -> None:
    platform.providers.faults.switch_on("create_database", "fail")
    order, saga = await platform.buy(shape="compensating")
    await failed(saga)
    assert [row["released"] for row in platform.providers.deployments(order.customer)] == [1]


async def test_continued_fails_in_its_second_run(platform: Platform) -> None:
    """Whose history knows nothing of the steps before."""
    platform.providers.faults.switch_on("create_database", "fail")
    _, saga = await platform.buy(shape="continued")
    await failed(saga)
    latest = await platform.client.get_workflow_handle(saga.id).describe()
    assert latest.run_id != saga.first_execution_run_id


async def test_long_has_a_long_history(platform: Platform) -> None:
    """Two events a nap, three a note."""
    _, saga = await platform.buy(shape="long", naps=1000, notes=10)
    await saga.result()
    assert (await saga.describe()).history_length > 2030


async def test_a_new_run_resumes_after_what_is_done(platform: Platform) -> None:
    """Steps that have results are not called again."""
    platform.providers.faults.switch_on("create_database", "fail", times=1)
    order, saga = await platform.buy(shape="resume_from")
    await failed(saga)
    made = platform.providers.deployments(order.customer)[0]["id"]
    done = Resume("create_database", {"reserve_deployment": made, "set_quota": "500 GB"})
    again = await start_saga(platform.client, replace(order, resume_from=done))
    await again.result()
    calls = platform.calls(order.customer)
    assert (calls.count("reserve_deployment"), calls.count("set_quota"), calls.count("create_database")) == (1, 1, 2)


async def test_a_saga_not_written_for_it_ignores_resume_from(platform: Platform) -> None:
    """And mints again: a caller must know which it is."""
    done = Resume("create_database", {"reserve_deployment": "dpl_1", "set_quota": "500 GB"})
    order, saga = await platform.buy(shape="sequential", resume_from=done)
    await saga.result()
    assert platform.calls(order.customer)[0] == "reserve_deployment"


async def test_resume_from_an_unknown_step_is_refused(platform: Platform) -> None:
    _, saga = await platform.buy(shape="resume_from", resume_from=Resume("make_coffee"))
    assert getattr(await failed(saga), "type", "") == "BadInput"


async def test_an_unknown_shape_is_refused(platform: Platform) -> None:
    _, saga = await platform.buy(shape="spiral")
    assert getattr(await failed(saga), "type", "") == "BadInput"


async def test_parked_goes_on_when_told_to_retry(platform: Platform) -> None:
    """Only the target is called again."""
    customer, saga = await parked(platform)
    await saga.execute_update("retry_step", {"step": "create_database"})
    await saga.result()
    calls = platform.calls(customer)
    assert (calls.count("create_database"), calls.count("reserve_deployment"), calls.count("set_quota")) == (2, 1, 1)


async def test_parked_says_that_it_needs_a_human(platform: Platform) -> None:
    """In its search attributes, where visibility finds it."""
    _, saga = await parked(platform)
    described = await saga.describe()
    assert described.typed_search_attributes.get(NEEDS_HUMAN) is True


async def test_parked_takes_a_skipped_step_as_done(platform: Platform) -> None:
    customer, saga = await parked(platform)
    await saga.execute_update("skip_step", {"step": "create_database", "result": "tenant_by_hand"})
    results = await saga.result()
    assert (results["create_database"], platform.calls(customer).count("create_database")) == ("tenant_by_hand", 1)


async def test_parked_ends_when_aborted(platform: Platform) -> None:
    _, saga = await parked(platform)
    await saga.execute_update("abort")
    assert getattr(await failed(saga), "type", "") == "Aborted"


async def test_parked_refuses_garbage_and_goes_on(platform: Platform) -> None:
    """Nothing that a person types ends it; an argument too many is no harm."""
    _, saga = await parked(platform)
    refusals = 0
    for arguments in GARBAGE[:-1]:
        with pytest.raises(WorkflowUpdateFailedError):
            await saga.execute_update("retry_step", args=arguments)
        refusals += 1
    await saga.execute_update("retry_step", args=GARBAGE[-1])
    await saga.result()
    assert refusals == len(GARBAGE) - 1


async def test_a_saga_that_waits_for_nobody_refuses_a_retry(platform: Platform) -> None:
    """A second operator comes too late."""
    platform.providers.faults.switch_on("create_dns", "hang", times=1)
    _, saga = await parked(platform)
    await saga.execute_update("retry_step", {"step": "create_database"})
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await saga.execute_update("retry_step", {"step": "create_database"})
    assert isinstance(refused.value.cause, ApplicationError)


async def test_other_shapes_know_no_retry(platform: Platform) -> None:
    """As sagas that were not written to be asked."""
    platform.providers.faults.switch_on("create_dns", "hang", times=1)
    _, saga = await platform.buy()
    with pytest.raises(WorkflowUpdateFailedError):
        await saga.execute_update("retry_step", {"step": "create_dns"})


async def test_a_keyed_saga_mints_once_though_the_answer_was_lost(platform: Platform) -> None:
    platform.providers.faults.switch_on("reserve_deployment", "lost", times=1)
    order, saga = await platform.buy(keyed=True, patience=TWICE)
    await saga.result()
    assert len(platform.providers.deployments(order.customer)) == 1


async def test_a_saga_without_keys_mints_twice_when_the_answer_was_lost(platform: Platform) -> None:
    """Its own retry does it: no re-drive is needed for that."""
    platform.providers.faults.switch_on("reserve_deployment", "lost", times=1)
    order, saga = await platform.buy(patience=TWICE)
    await saga.result()
    assert len(platform.providers.deployments(order.customer)) == 2


async def test_a_long_attempt_sends_heartbeats(platform: Platform) -> None:
    """So a worker's death is seen long before the attempt's own time is up."""
    platform.providers.faults.switch_on("create_database", "hang", times=1)
    _, saga = await platform.buy(patience=replace(QUICK, attempt_s=20, heartbeat_s=2))

    async def beats() -> bool:
        described = await saga.describe()
        return any(a.HasField("last_heartbeat_time") for a in described.raw_description.pending_activities)

    await eventually(beats, "a heartbeat was seen")
    platform.providers.faults.switch_off("create_database")
    assert "tenant" in (await saga.result())["create_database"]


async def test_input_and_memo_are_plain_json(platform: Platform) -> None:
    """Another client reads job, customer and plan without knowing any of our types."""
    order, saga = await platform.buy()
    await saga.result()
    started = (await saga.fetch_history()).events[0].workflow_execution_started_event_attributes
    told = json.loads(started.input.payloads[0].data)
    memo = json.loads(started.memo.fields["customer"].data)
    assert (told["job"], told["paid_gb"], memo) == (order.job, 500, order.customer)
