"""What we say about a history, held against what the engine then does: executions are counted (engine.md §5)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import (
    PauseActivityRequest,
    ResetActivityRequest,
    UnpauseActivityRequest,
)
from temporalio.client import Client

from saga.diagnosis import Case, Diagnosis, diagnose
from saga.effects import Move
from saga.guards import still_true
from saga.moves import Answer, Reconciled, plan
from saga.run import Outcome, SagaRun
from saga.verdict import Judgement, World, verified
from saga.words import SagaKnowledge
from tests.saga.known import ASKING, KNOWN
from tests.saga.real import Provider, looked_at, provision, reset, worker
from tests.waiting import eventually

GOOD = World(deployments=("dpl_1",), quota="500", paid="500", tenant_answers=True)
DID_NOT = Reconciled(answer=Answer.DID_NOT)


def judged(run: SagaRun, knowledge: SagaKnowledge = KNOWN, late: timedelta = timedelta(hours=1)) -> Diagnosis:
    return diagnose(run, knowledge, run.progress_at + late)


SHAPES = [
    # shape, broken step, case, target, what a reset runs again besides the target, as we say and as the engine does
    ("sequential", "create_database", Case.ONLY_TARGET, {}),
    ("parallel", "create_database", Case.OTHERS_TOO, {"mint": 1}),
    ("compensated", "create_database", Case.COMPENSATED, {}),
    ("local_before", "create_database", Case.OTHERS_TOO, {"set_quota": 1}),
    ("local_failed", "create_database", Case.ONLY_TARGET, {}),
    ("child", "create_database", Case.OTHERS_TOO, {"set_quota": 1}),
]


@pytest.mark.parametrize(("shape", "broken", "case", "also"), SHAPES, ids=[row[0] for row in SHAPES])
async def test_a_reset_runs_again_what_we_said_and_nothing_else(own_namespace: Client, shape, broken, case, also):
    """Reset to the deciding task, against our own advice where it is unsafe, and counted."""
    provider = Provider(broken={broken: 1})
    async with worker(own_namespace, provider):
        run = await looked_at(own_namespace, await provision(own_namespace, shape), KNOWN)
        found = judged(run)
        effect = found.effect(Move.RESET)
        before = dict(provider.ran)
        await reset(own_namespace, run, effect.reset_event_id, f"{shape}-1")

    again = {name: count - before.get(name, 0) for name, count in provider.ran.items() if count - before.get(name, 0)}
    assert (found.case, again) == (case, {broken: 1, "dns": 1, **also})


@pytest.mark.parametrize("shape", ["sequential", "parallel", "local_before", "local_failed"])
async def test_the_steps_named_in_the_effect_are_those_that_ran_again(own_namespace: Client, shape):
    """`reruns` is neither too long nor too short."""
    provider = Provider(broken={"create_database": 1})
    async with worker(own_namespace, provider):
        run = await looked_at(own_namespace, await provision(own_namespace, shape), KNOWN)
        before = dict(provider.ran)
        effect = judged(run).effect(Move.RESET)
        await reset(own_namespace, run, effect.reset_event_id, f"{shape}-1")

    again = {name for name, count in before.items() if provider.ran[name] > count} - {"create_database"}
    assert {step.type for step in effect.reruns} == again


async def test_a_planned_reset_is_verified_in_the_new_history(own_namespace: Client):
    """Plan, guard, reset, verify; and the base run says afterwards that it was redriven."""
    provider = Provider(broken={"create_database": 1})
    async with worker(own_namespace, provider):
        workflow_id = await provision(own_namespace, "sequential")
        run = await looked_at(own_namespace, workflow_id, KNOWN)
        found = plan(judged(run), DID_NOT, KNOWN)
        assert found.first.move is Move.RESET
        assert still_true(found, judged(await looked_at(own_namespace, workflow_id, KNOWN))) == ""
        await reset(own_namespace, run, found.first.effect.reset_event_id, found.first.request_id)
        after = await looked_at(own_namespace, workflow_id, KNOWN)
        base = judged(await looked_at(own_namespace, workflow_id, KNOWN, run.ref.run_id))

    assert verified(found, after, GOOD).judgement is Judgement.OK
    assert (base.case, bool(still_true(found, base))) == (Case.REDRIVEN, True)


async def test_an_unsafe_reset_is_found_out_afterwards(own_namespace: Client):
    """Somebody reset a parallel saga: the new history shows the second mint."""
    provider = Provider(broken={"create_database": 1})
    async with worker(own_namespace, provider):
        workflow_id = await provision(own_namespace, "parallel")
        run = await looked_at(own_namespace, workflow_id, KNOWN)
        found = judged(run)
        naive = replace(plan(found, DID_NOT, KNOWN), held="")
        effect = found.effect(Move.RESET)
        naive = replace(naive, moves=(replace(naive.first, move=Move.RESET, effect=effect),))
        await reset(own_namespace, run, effect.reset_event_id, "naive")
        verdict = verified(naive, await looked_at(own_namespace, workflow_id, KNOWN), GOOD)

    assert (verdict.judgement, verdict.money_in_doubt) == (Judgement.BAD, True)


async def test_a_time_out_leaves_the_outcome_unknown(own_namespace: Client):
    """It hung past its start-to-close time-out; the provider may have minted."""
    provider = Provider(broken={"mint": 1}, hang_s=2)
    async with worker(own_namespace, provider):
        found = judged(await looked_at(own_namespace, await provision(own_namespace, "timed_out"), KNOWN))

    assert (found.case, "start-to-close" in found.doubt) == (Case.UNKNOWN_OUTCOME, True)


async def test_a_step_no_worker_took_did_not_happen(own_namespace: Client):
    """A schedule-to-start time-out of the first attempt carries no cause: nothing ran."""
    async with worker(own_namespace, Provider()):
        found = judged(await looked_at(own_namespace, await provision(own_namespace, "never_taken"), KNOWN))

    assert (found.case, found.doubt, found.target.type) == (Case.ONLY_TARGET, "", "mint")


async def test_an_error_of_the_engine_s_is_one_line_without_its_secret(own_namespace: Client):
    """The stack trace stays in the engine, the password too."""
    async with worker(own_namespace, Provider(broken={"create_database": 1})):
        found = judged(await looked_at(own_namespace, await provision(own_namespace, "sequential"), KNOWN))

    assert found.error == "DbError: create_database: postgres://[…]@db is down"


async def in_back_off(client: Client, provider: Provider) -> str:
    job = {"job": "7f3", "customer": "ACME", "plan": "L", "shape": "back_off"}
    handle = await client.start_workflow("ProvisionTenant", job, id="saga-back_off", task_queue="provisioning")

    async def failed_once() -> bool:
        return any(step.last_failure.message for step in (await handle.describe()).raw_description.pending_activities)

    await eventually(failed_once, "the step is in back-off")
    assert provider.ran["create_database"] == 1
    return handle.id


async def run_now(client: Client, run: SagaRun, activity_id: str) -> None:
    target = WorkflowExecution(workflow_id=run.ref.workflow_id, run_id=run.ref.run_id)
    service, name = client.workflow_service, client.namespace
    await service.pause_activity(PauseActivityRequest(namespace=name, execution=target, id=activity_id))
    await service.unpause_activity(UnpauseActivityRequest(namespace=name, execution=target, id=activity_id))


async def restart(client: Client, run: SagaRun, activity_id: str) -> None:
    target = WorkflowExecution(workflow_id=run.ref.workflow_id, run_id=run.ref.run_id)
    await client.workflow_service.reset_activity(
        ResetActivityRequest(namespace=client.namespace, execution=target, id=activity_id)
    )


@pytest.mark.parametrize(("move", "act"), [(Move.RUN_NOW, run_now), (Move.RESTART_ATTEMPTS, restart)])
async def test_a_step_in_back_off_runs_once_more_and_the_saga_goes_on(own_namespace: Client, move, act):
    """An hour of back-off, cut short; nothing else runs again."""
    provider = Provider(broken={"create_database": 1})
    async with worker(own_namespace, provider):
        workflow_id = await in_back_off(own_namespace, provider)
        run = await looked_at(own_namespace, workflow_id, KNOWN)
        found = plan(judged(run), DID_NOT, KNOWN)
        assert [planned.move for planned in found.moves][:2] == [Move.RUN_NOW, Move.RESTART_ATTEMPTS]
        chosen = next(planned for planned in found.moves if planned.move is move)
        await act(own_namespace, run, found.activity_id)
        await own_namespace.get_workflow_handle(workflow_id).result()
        after = await looked_at(own_namespace, workflow_id, KNOWN)

    verdict = verified(replace(found, moves=(chosen,)), after, GOOD)
    assert (provider.ran, verdict.judgement) == ({"reserve": 1, "create_database": 2, "dns": 1}, Judgement.OK)


async def test_a_step_that_happened_is_completed_while_it_waits(own_namespace: Client):
    """Force-complete: the step does not run again, and its result is the provider's."""
    provider = Provider(broken={"create_database": 1})
    async with worker(own_namespace, provider):
        workflow_id = await in_back_off(own_namespace, provider)
        run = await looked_at(own_namespace, workflow_id, KNOWN)
        found = plan(judged(run), Reconciled(answer=Answer.HAPPENED, result='"db-7f3"'), KNOWN)
        assert found.first.move is Move.COMPLETE
        await own_namespace.get_async_activity_handle(
            workflow_id=workflow_id, run_id=run.ref.run_id, activity_id=found.activity_id
        ).complete("db-7f3")
        await own_namespace.get_workflow_handle(workflow_id).result()
        after = await looked_at(own_namespace, workflow_id, KNOWN)

    completed = next(step for step in after.steps if step.type == "create_database")
    assert (completed.outcome, completed.result) == (Outcome.DONE, '"db-7f3"')
    assert (provider.ran["create_database"], verified(found, after, GOOD).judgement) == (1, Judgement.OK)


async def test_a_parked_saga_is_told_to_retry(own_namespace: Client):
    """The safest move: the saga's own update, as the runbook writes it."""
    provider = Provider(broken={"create_database": 1})
    async with worker(own_namespace, provider):
        job = {"job": "7f3", "customer": "ACME", "plan": "L", "shape": "parked"}
        handle = await own_namespace.start_workflow("ProvisionTenant", job, id="saga-parked", task_queue="provisioning")

        async def parked() -> SagaRun | None:
            seen = await looked_at(own_namespace, handle.id, ASKING)
            return seen if judged(seen, ASKING).case is Case.PARKED else None

        run = await eventually(parked, "the saga is parked")
        found = plan(judged(run, ASKING), DID_NOT, ASKING)
        await handle.execute_update(found.first.telling.name, {"step": "create_database"})
        await handle.result()
        after = await looked_at(own_namespace, handle.id, ASKING)

    assert found.first.telling.payload == '{"step": "create_database"}'
    assert (provider.ran["create_database"], verified(found, after, GOOD).judgement) == (2, Judgement.OK)
