"""The database and its master secret, as AWS tells them (runbook §3.2, §5)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from activities.checks import master_secret_rotation, rds_status
from gameday.world.launch import RunningWorld
from incident.model.finding import Status
from tests.activities.practice import NOON, PlayedAws, ask, outside, practice

SECRET = {"SecretArn": "arn:aws:secretsmanager:eu-central-1:1:secret:master", "SecretStatus": "active"}


def instance(**changed: Any) -> dict[str, Any]:
    return {"DBInstanceIdentifier": "db-1", "DBInstanceStatus": "available", "AllocatedStorage": 20} | changed


async def test_an_available_database_is_ok(world: RunningWorld) -> None:
    """`aws rds describe-db-instances`, with its storage and its master secret."""
    finding = await rds_status.check(ask(), practice(world.env))

    assert finding.status is Status.OK
    assert "tlsstress-phase0 is available, 20 GiB" in finding.summary


async def test_a_stopped_database_is_bad(world: RunningWorld) -> None:
    """In AWS's own word."""
    world.fault("rds_stopped")

    finding = await rds_status.check(ask(), practice(world.env))

    assert (finding.status, "tlsstress-phase0 is stopped" in finding.summary) == (Status.BAD, True)


@pytest.mark.parametrize("fault", ["aws_throttled", "aws_down"])
@pytest.mark.parametrize("check", [rds_status.check, master_secret_rotation.check], ids=["rds_status", "rotation"])
async def test_an_aws_that_does_not_answer_is_unknown(world: RunningWorld, fault: str, check: Any) -> None:
    """Being blind is neither good nor bad; the reason is told."""
    world.fault(fault)

    finding = await check(ask(), practice(world.env))

    assert (finding.status, finding.summary.startswith("AWS rds")) == (Status.UNKNOWN, True)


@pytest.mark.parametrize(
    ("told", "status", "words"),
    [
        pytest.param([], Status.UNKNOWN, "no RDS instance was found", id="none in this account and region"),
        pytest.param([instance(DBInstanceStatus="storage-full")], Status.BAD, "db-1 is storage-full", id="full"),
        pytest.param(
            [instance(), instance(DBInstanceIdentifier="db-2", DBInstanceStatus="rebooting")],
            Status.BAD,
            "db-2 is rebooting",
            id="one of two",
        ),
        pytest.param(
            [instance(PendingModifiedValues={"DBInstanceClass": "x", "AllocatedStorage": 40})],
            Status.OK,
            "pending: AllocatedStorage, DBInstanceClass",
            id="changes to come",
        ),
        pytest.param(
            [instance(MasterUserSecret=SECRET | {"SecretStatus": "rotating"})],
            Status.OK,
            "master secret rotating",
            id="its secret rotates now",
        ),
        pytest.param([{"DBInstanceIdentifier": "db-1"}], Status.BAD, "db-1 is unknown", id="no status told"),
    ],
)
async def test_what_a_person_should_know_is_told(told: list[dict[str, Any]], status: Status, words: str) -> None:
    """Status, storage, pending changes, master secret."""
    finding = await rds_status.check(ask(), outside(aws=PlayedAws(instances=told)))

    assert (finding.status, words in finding.summary) == (status, True)


@pytest.mark.parametrize(
    ("rotated", "status", "words"),
    [
        pytest.param(NOON, Status.BAD, "rotated at 2026-06-16 12:00 UTC, about when this began", id="just then"),
        pytest.param(NOON - timedelta(minutes=59), Status.BAD, "about when", id="pools keep old logins for a while"),
        pytest.param(NOON + timedelta(minutes=5), Status.BAD, "about when", id="while it goes on"),
        pytest.param(NOON - timedelta(days=3), Status.OK, "long before", id="days ago"),
        pytest.param(None, Status.OK, "has never rotated", id="never"),
    ],
)
async def test_a_rotation_at_the_time_of_the_alert_is_suspicious(
    rotated: datetime | None, status: Status, words: str
) -> None:
    """An app on the master role breaks at every rotation."""
    facts = {"ARN": "x"} | ({"LastRotatedDate": rotated} if rotated else {})
    aws = PlayedAws(instances=[instance(MasterUserSecret=SECRET)], secret=facts)

    finding = await master_secret_rotation.check(ask(since=NOON), outside(aws=aws))

    assert (finding.status, words in finding.summary) == (status, True)


async def test_a_database_without_a_managed_secret_is_unknown() -> None:
    """There is nothing that rotates by itself."""
    finding = await master_secret_rotation.check(ask(), outside(aws=PlayedAws(instances=[instance()])))

    assert (finding.status, finding.summary) == (Status.UNKNOWN, "RDS manages no master secret here")
