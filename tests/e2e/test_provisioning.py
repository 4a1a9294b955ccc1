"""The worker dies by `kill -9` while it re-drives: one step runs, once, and the cron is let go."""

import asyncio
from typing import Any

import pytest

from gameday.provisioning.contract import STEPS
from tests.e2e.provisioning import Redriven

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
async def worker_killed_while_redriving(stories: dict[str, "asyncio.Task[Any]"]) -> Redriven:
    told: Redriven = await stories["worker_killed_while_redriving"]
    return told


@pytest.fixture
def redriven(worker_killed_while_redriving: Redriven) -> Redriven:
    return worker_killed_while_redriving


def test_the_worker_was_killed(redriven: Redriven) -> None:
    """And started again."""
    assert "worker was killed by SIGKILL; starting it again" in redriven.text


def test_only_the_failed_step_ran_again(redriven: Redriven) -> None:
    """Every other step was called exactly once, by the platform's own ledger."""
    once = dict.fromkeys(STEPS, ("done",))
    assert dict(redriven.ours.calls) == once | {"create_database": ("fail", "fail", "done")}


def test_there_is_one_deployment_and_the_paid_quota(redriven: Redriven) -> None:
    """And a tenant that answers, with a real database where PostgreSQL is installed."""
    ours = redriven.ours
    assert (len(ours.deployments), ours.quota, ours.ailing) == (1, ours.paid_gb, ())


def test_the_naive_ending_is_as_bad_as_the_runbook_says(redriven: Redriven) -> None:
    """Two deployments, and nothing left of the paid quota."""
    assert (len(redriven.naive.deployments), redriven.naive.quota) == (2, 0)


def test_the_cron_is_let_go(redriven: Redriven) -> None:
    """Un-paused, with the note it had."""
    assert (redriven.cron["paused"], redriven.cron["note"]) == (False, "drives failed provisioning sagas again")


def test_the_incident_is_closed(redriven: Redriven) -> None:
    """The record on disk says so."""
    assert redriven.record["incident"]["phase"] == "closed"


def test_ctrl_c_leaves_nothing_running(redriven: Redriven) -> None:
    """The platform and its PostgreSQL included."""
    assert redriven.left == []
