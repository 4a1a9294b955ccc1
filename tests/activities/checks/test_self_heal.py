"""Is obs-db-selfheal at work? Our levers hold back for whatever App Runner does, and wait for nothing it cannot do."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from activities.checks.self_heal import check
from gameday.world.launch import RunningWorld
from incident.model.finding import Finding, Status
from integrations.clock import utc_now
from tests.activities.practice import APP, NOON, PlayedAws, app_at, ask, broken, operation, outside, practice
from tests.waiting import eventually


async def seen(state: str = "RUNNING", *operations: dict[str, Any], since: datetime = NOON) -> Finding:
    """The check, with App Runner in this state and these operations, newest first."""
    app = app_at("http://127.0.0.1:9", service_arn="arn:1")
    return await check(ask(since=since), outside(apps=(app,), aws=PlayedAws(state=state, listed=[list(operations)])))


async def test_self_heal_that_redeploys_is_seen_acting_and_then_healed(world: RunningWorld) -> None:
    """Runbook §3.2: watch the deployment; if it recovers, we are done."""
    given, since = practice(world.env), utc_now()
    world.fault("secret_rotated")

    async def state() -> str:
        return (await check(ask(since=since), given)).state

    async def is_(wanted: str) -> bool:
        return await state() == wanted

    await eventually(lambda: is_("ok+acting"), "self-heal redeploys")
    await eventually(lambda: is_("ok+healed"), "self-heal has healed")


async def test_a_service_left_alone_is_told(world: RunningWorld) -> None:
    """Nothing runs, nothing ran."""
    with broken(world, "self_heal_off"):
        finding = await check(ask(since=utc_now() + timedelta(seconds=2)), practice(world.env))

    assert (finding.state, finding.summary) == ("ok", "no deployment since this began")


async def test_a_paused_service_is_told(world: RunningWorld) -> None:
    """Nothing will be redeployed until somebody resumes it."""
    world.fault("service_paused")

    finding = await check(ask(), practice(world.env))

    assert (finding.state, finding.summary) == ("bad", f"{APP} is PAUSED: self-heal cannot redeploy it")


@pytest.mark.parametrize(
    ("state", "operations", "expected", "words"),
    [
        pytest.param("RUNNING", [operation("PENDING", NOON)], "ok+acting", "is redeploying", id="about to redeploy"),
        pytest.param(
            "OPERATION_IN_PROGRESS",
            [operation("IN_PROGRESS", NOON)],
            "ok+acting",
            "is redeploying (started 12:00:00 UTC)",
            id="redeploys",
        ),
        pytest.param(
            "OPERATION_IN_PROGRESS",
            [operation("IN_PROGRESS", NOON - timedelta(minutes=3))],
            "ok+acting",
            "is redeploying",
            id="has begun before the alert fired",
        ),
        pytest.param(
            "OPERATION_IN_PROGRESS",
            [operation("ROLLBACK_IN_PROGRESS", NOON)],
            "ok+acting",
            "is rolling a deployment back",
            id="rolls back",
        ),
        pytest.param(
            "OPERATION_IN_PROGRESS",
            [operation("IN_PROGRESS", NOON, "UPDATE_SERVICE")],
            "ok+acting",
            "is busy with UPDATE_SERVICE",
            id="is being changed",
        ),
        pytest.param(
            "OPERATION_IN_PROGRESS",
            [],
            "ok+acting",
            "has an operation in progress that is not listed",
            id="busy without saying with what",
        ),
        pytest.param("RUNNING", [operation("SUCCEEDED", NOON)], "ok+healed", "redeploy succeeded", id="has redeployed"),
        pytest.param(
            "RUNNING",
            [operation("SUCCEEDED", NOON - timedelta(hours=1))],
            "ok",
            "no deployment since",
            id="had redeployed before",
        ),
        pytest.param(
            "RUNNING",
            [operation("SUCCEEDED", NOON, "UPDATE_SERVICE")],
            "ok",
            "no deployment since",
            id="was changed, not redeployed",
        ),
        pytest.param("RUNNING", [operation("FAILED", NOON)], "bad", "redeploy failed", id="could not redeploy"),
        pytest.param(
            "RUNNING",
            [operation("ROLLBACK_SUCCEEDED", NOON)],
            "bad",
            "redeploy rollback_succeeded",
            id="was rolled back",
        ),
        pytest.param(
            "RUNNING",
            [operation("SUCCEEDED", NOON + timedelta(minutes=5)), operation("FAILED", NOON)],
            "ok+healed",
            "redeploy succeeded",
            id="only the last one counts",
        ),
        pytest.param(
            "RUNNING",
            [operation("FAILED", NOON + timedelta(minutes=5)), operation("SUCCEEDED", NOON)],
            "bad",
            "redeploy failed",
            id="even where it is the worse one",
        ),
        pytest.param(
            "RUNNING",
            [{"Id": "1", "Type": "START_DEPLOYMENT", "Status": "PENDING"}],
            "ok+acting",
            "is redeploying",
            id="has no start yet",
        ),
        pytest.param("CREATE_FAILED", [], "bad", "is CREATE_FAILED", id="never came to be"),
        pytest.param("DELETED", [operation("SUCCEEDED", NOON)], "bad", "is DELETED", id="is gone"),
    ],
)
async def test_what_app_runner_says_is_told(
    state: str, operations: list[dict[str, Any]], expected: str, words: str
) -> None:
    """App Runner's API reference, "Service" and "OperationSummary"."""
    finding = await seen(state, *operations)

    assert finding.state == expected
    assert words in finding.summary


async def test_an_app_without_a_service_is_unknown() -> None:
    """And says what to set."""
    finding = await check(ask(), outside(apps=(app_at("http://127.0.0.1:9"),)))

    assert (finding.status, "set service_arn" in finding.summary) == (Status.UNKNOWN, True)


@pytest.mark.parametrize("fault", ["aws_throttled", "aws_down"])
async def test_an_aws_that_does_not_answer_is_unknown(world: RunningWorld, fault: str) -> None:
    """Not acting, not healed: nobody knows."""
    world.fault(fault)

    finding = await check(ask(), practice(world.env))

    assert (finding.state, "cannot be seen: AWS apprunner" in finding.summary) == ("unknown", True)


async def test_one_service_that_cannot_be_seen_does_not_hide_another(world: RunningWorld) -> None:
    """Two apps, one with a wrong ARN."""
    world.fault("service_paused")
    given = practice(world.env)
    apps = (given.apps[0], given.apps[1].model_copy(update={"service_arn": given.apps[1].service_arn + "x"}))

    finding = await check(ask("unknown.example.org"), practice(world.env, apps=apps))

    assert finding.status is Status.BAD
    assert "is PAUSED" in finding.summary
    assert "ResourceNotFoundException" in finding.summary
