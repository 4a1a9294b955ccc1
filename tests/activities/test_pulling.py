"""Levers: a plan in words, applied once whatever is killed in between, and verified only by looking (design §7)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.checks import ready_probe, self_heal
from activities.ledger import Ledger
from activities.outside import Outside
from activities.pulling import LeverActivities
from gameday.world.aws import arn_of
from gameday.world.launch import RunningWorld
from incident.model.effects import ApplyLever, PlanLever
from incident.model.lever import LeverOutcome, LeverPlan, LeverReport
from incident.model.outcomes import LeverApplied
from integrations.clock import utc_now
from integrations.errors import Refused
from tests.activities.practice import ADMIN, APP, NOON, PlayedAws, app_at, ask, broken, operation, outside, practice
from tests.waiting import eventually

LEVER = "redeploy_app"
PLAN = LeverPlan(lever=LEVER, target="arn:1", would="redeploy")
SERVICE = arn_of(APP)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db")
    yield opened
    opened.close()


@pytest.fixture
async def calm(world: RunningWorld) -> Outside:
    """The practice world, with nothing being deployed."""
    given = practice(world.env)

    async def quiet() -> bool:
        return self_heal.at_work(await given.aws.operations(SERVICE)) is None

    await eventually(quiet, "no deployment is under way")
    return given


async def plan(given: Outside, app: str = APP, lever: str = LEVER) -> LeverPlan:
    acts = LeverActivities(given, Ledger(Path(":memory:")))
    effect = PlanLever(key="k", incident_id="incident-A", lever=lever, alert=ask(app).alert, since=utc_now())
    return (await ActivityEnvironment().run(acts.plan_lever, effect)).plan


def yes(
    target: str = "arn:1", approved_at: datetime | None = None, key: str = "incident-A@1/lever/redeploy_app-1"
) -> ApplyLever:
    return ApplyLever(
        key=key,
        incident_id="incident-A",
        proposal="redeploy_app-1",
        plan=LeverPlan(lever=LEVER, target=target, would="redeploy"),
        alert=ask().alert,
        approved_at=approved_at or utc_now(),
    )


async def pull(given: Outside, ledger: Ledger, effect: ApplyLever) -> LeverReport:
    applied: LeverApplied = await ActivityEnvironment().run(LeverActivities(given, ledger).apply_lever, effect)
    return applied.report


def playing(*listed: list[dict[str, Any]], state: str = "RUNNING", refuses: Exception | None = None) -> Outside:
    """One app, and App Runner listing these operations at one look after the other."""
    app = app_at("http://127.0.0.1:9", service_arn="arn:1")
    return outside(apps=(app,), aws=PlayedAws(state=state, listed=list(listed), refuses=refuses))


def started(given: Outside) -> list[str]:
    assert isinstance(given.aws, PlayedAws)
    return given.aws.started


async def test_a_plan_is_a_sentence_a_person_can_approve(calm: Outside) -> None:
    """What would change, what it touches, nothing in its way."""
    found = await plan(calm)

    assert found.would.startswith(f"Start one deployment of the App Runner service of `{APP}`")
    assert (found.target, found.touches, found.held, found.impossible) == (SERVICE, (APP, SERVICE), "", "")


async def test_planning_changes_nothing(world: RunningWorld) -> None:
    """It only reads."""
    given = practice(world.env)
    before = await given.aws.operations(SERVICE)
    await plan(given)

    assert await given.aws.operations(SERVICE) == before


@pytest.mark.parametrize(
    ("state", "operations", "held", "impossible"),
    [
        pytest.param("RUNNING", [operation("IN_PROGRESS", NOON)], "already in_progress", "", id="a deployment runs"),
        pytest.param(
            "OPERATION_IN_PROGRESS",
            [operation("IN_PROGRESS", NOON, "UPDATE_SERVICE")],
            "UPDATE_SERVICE",
            "",
            id="a change runs",
        ),
        pytest.param(
            "OPERATION_IN_PROGRESS",
            [operation("ROLLBACK_IN_PROGRESS", NOON)],
            "rollback_in_progress",
            "",
            id="it rolls back",
        ),
        pytest.param("OPERATION_IN_PROGRESS", [], "App Runner is at work", "", id="busy without saying with what"),
        pytest.param("RUNNING", [operation("SUCCEEDED", NOON), operation("FAILED", NOON)], "", "", id="all is over"),
        pytest.param("PAUSED", [], "", "is PAUSED", id="paused"),
        pytest.param("CREATE_FAILED", [], "", "is CREATE_FAILED", id="never came to be"),
    ],
)
async def test_what_stands_in_the_way_is_told(
    state: str, operations: list[dict[str, Any]], held: str, impossible: str
) -> None:
    """Held: not now. Impossible: not here."""
    found = await plan(playing(operations, state=state))

    assert (bool(found.held), bool(found.impossible)) == (bool(held), bool(impossible))
    assert held in found.held
    assert impossible in found.impossible


@pytest.mark.parametrize(
    ("app", "arns", "why"),
    [
        pytest.param(
            APP, {APP: "", ADMIN: "arn:2"}, f"no App Runner service is set for {APP}: set service_arn", id="none"
        ),
        pytest.param(
            "unknown", {APP: "arn:1", ADMIN: "arn:2"}, f"does not say which of {APP}, {ADMIN}", id="which of two"
        ),
        pytest.param(APP, {}, "no App Runner service is set for any app", id="no app at all"),
    ],
)
async def test_a_plan_without_one_target_is_impossible(app: str, arns: dict[str, str], why: str) -> None:
    """Nobody redeploys two apps because an alert was vague."""
    apps = tuple(app_at("http://127.0.0.1:9", name, service_arn=arn) for name, arn in arns.items())

    assert why in (await plan(outside(apps=apps, aws=PlayedAws()), app)).impossible


async def test_a_lever_nobody_knows_is_told(world: RunningWorld) -> None:
    """No retry will bring it."""
    with pytest.raises(ApplicationError, match="there is no lever 'pray'") as failed:
        await plan(practice(world.env), lever="pray")

    assert failed.value.non_retryable


async def test_a_throttled_plan_is_tried_again_later(world: RunningWorld) -> None:
    """The engine is told when."""
    world.fault("aws_throttled")

    with pytest.raises(ApplicationError, match="Rate exceeded") as failed:
        await plan(practice(world.env))

    assert failed.value.next_retry_delay == timedelta(seconds=10)


async def test_a_redeploy_brings_a_rotated_secret_to_the_app(
    world: RunningWorld, calm: Outside, ledger: Ledger
) -> None:
    """Applied; and the world says that it helped, not the report."""
    given, effect = calm, yes(SERVICE)
    with broken(world, "self_heal_off", "secret_rotated"):
        report = await pull(given, ledger, effect)
        assert report.outcome is LeverOutcome.APPLIED
        assert (await ready_probe.check(ask(), given)).state == "bad"

        await eventually(lambda: _is(given, "ok"), "the app is back")


async def _is(given: Outside, state: str) -> bool:
    return (await ready_probe.check(ask(), given)).state == state


async def test_a_deployment_that_fails_was_applied_and_is_seen_to_have_failed(
    world: RunningWorld, calm: Outside, ledger: Ledger
) -> None:
    """`apply` says what it did; whether it helped is for a look."""
    given, since = calm, utc_now()
    with broken(world, "self_heal_off", "deploy_fails", "secret_rotated"):
        report = await pull(given, ledger, yes(SERVICE))

        async def failed() -> bool:
            return (await self_heal.check(ask(since=since - timedelta(seconds=2)), given)).state == "bad"

        await eventually(failed, "the failed deployment is seen")
    assert report.outcome is LeverOutcome.APPLIED


async def test_a_redeploy_that_was_done_is_not_done_again(ledger: Ledger) -> None:
    """A retry after the answer to the engine was lost."""
    given = playing([])
    first = await pull(given, ledger, yes())

    assert (await pull(given, ledger, yes()), started(given)) == (first, ["arn:1"])


async def test_killed_between_the_start_and_the_note_it_is_found_and_not_done_again(ledger: Ledger) -> None:
    """The ledger knows only that it began; App Runner lists what became of it."""
    approved_at = NOON
    await ledger.begin(yes().key)
    given = playing([operation("IN_PROGRESS", approved_at + timedelta(seconds=1), name="op-7")])

    report = await pull(given, ledger, yes(approved_at=approved_at))

    assert (report.outcome, report.detail) == (
        LeverOutcome.APPLIED,
        "deployment op-7 was already started after the approval",
    )
    assert started(given) == []


async def test_killed_in_the_practice_world_one_approval_is_one_deployment(calm: Outside, tmp_path: Path) -> None:
    """A worker that lost its ledger too: another machine goes on."""
    given, effect = calm, yes(SERVICE)
    for home in ("one", "two"):
        book = Ledger(tmp_path / home / "ledger.db")
        await pull(given, book, effect)
        book.close()

    mine = [
        o for o in await given.aws.operations(SERVICE) if o["StartedAt"] >= effect.approved_at - timedelta(seconds=2)
    ]
    assert len(mine) == 1


async def test_killed_before_the_start_it_is_done(ledger: Ledger) -> None:
    """The ledger knows that it began, App Runner knows nothing of it."""
    await ledger.begin(yes().key)
    given = playing([operation("SUCCEEDED", NOON - timedelta(hours=1))])

    assert (await pull(given, ledger, yes(approved_at=NOON))).outcome is LeverOutcome.APPLIED
    assert started(given) == ["arn:1"]


@pytest.mark.parametrize(
    "running",
    [
        operation("PENDING", NOON - timedelta(minutes=1)),
        operation("IN_PROGRESS", NOON - timedelta(minutes=1)),
        operation("ROLLBACK_IN_PROGRESS", NOON - timedelta(minutes=1)),
        operation("IN_PROGRESS", NOON + timedelta(minutes=1), "UPDATE_SERVICE"),
    ],
    ids=lambda o: f"{o['Type']} {o['Status']}",
)
async def test_somebody_elses_operation_holds_it_back(ledger: Ledger, running: dict[str, Any]) -> None:
    """Two at once would only disturb each other."""
    given = playing([running])

    report = await pull(given, ledger, yes(approved_at=NOON))

    assert (report.outcome, started(given)) == (LeverOutcome.HELD, [])


async def test_held_back_once_it_may_be_applied_later(ledger: Ledger) -> None:
    """Being held is no answer for good: the ledger does not remember it as done."""
    await pull(playing([operation("IN_PROGRESS", NOON - timedelta(minutes=1))]), ledger, yes(approved_at=NOON))

    report = await pull(playing([operation("SUCCEEDED", NOON - timedelta(minutes=1))]), ledger, yes(approved_at=NOON))

    assert report.outcome is LeverOutcome.APPLIED


async def test_self_heal_that_begins_at_the_same_moment_holds_it_back(ledger: Ledger) -> None:
    """Between our look and our call App Runner has taken theirs, and refuses ours."""
    theirs = operation("IN_PROGRESS", NOON - timedelta(seconds=5), "UPDATE_SERVICE")
    given = playing([], [theirs], refuses=Refused("AWS apprunner: InvalidStateException"))

    assert (await pull(given, ledger, yes(approved_at=NOON))).outcome is LeverOutcome.HELD


async def test_our_own_whose_answer_was_lost_is_ours(ledger: Ledger) -> None:
    """botocore asks twice; the second time App Runner refuses because of the first."""
    given = playing([], [operation("PENDING", NOON)], refuses=Refused("AWS apprunner: InvalidStateException"))

    assert (await pull(given, ledger, yes(approved_at=NOON))).outcome is LeverOutcome.APPLIED


async def test_a_refusal_without_anything_running_is_a_failure(ledger: Ledger) -> None:
    """A missing permission, say: no retry helps, the reason is told."""
    given = playing([], refuses=Refused("AWS apprunner: AccessDeniedException: no"))

    with pytest.raises(ApplicationError, match="AccessDeniedException") as failed:
        await pull(given, ledger, yes(approved_at=NOON))

    assert failed.value.non_retryable


async def test_a_paused_service_refuses(world: RunningWorld, calm: Outside, ledger: Ledger) -> None:
    """It was paused after the plan was made."""
    world.fault("service_paused")

    with pytest.raises(ApplicationError, match="InvalidStateException: Service is in PAUSED state"):
        await pull(calm, ledger, yes(SERVICE))


async def test_an_instant_that_aws_rounds_down_is_still_after_the_approval(ledger: Ledger) -> None:
    """It tells whole seconds."""
    given = playing([operation("IN_PROGRESS", NOON - timedelta(seconds=1), name="op-7")])

    assert "op-7 was already started" in (await pull(given, ledger, yes(approved_at=NOON))).detail
