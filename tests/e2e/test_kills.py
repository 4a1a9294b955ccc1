"""`kill -9` of each process at each moment of an incident: it goes on, and nothing happens twice."""

import asyncio
from typing import Any

import pytest
from temporalio.worker import Replayer

from tests.e2e.stories import Ordeal
from worker.sandbox import sandbox
from workflows.contract import DATA_CONVERTER
from workflows.incident import IncidentWorkflow

pytestmark = pytest.mark.timeout(240)
Stories = dict[str, "asyncio.Task[Any]"]
KILLED = ["worker_killed_early_and_late", "worker_killed_in_the_middle", "engine_killed", "bridge_killed"]


@pytest.fixture(params=KILLED)
async def killed(request: pytest.FixtureRequest, stories: Stories) -> Ordeal:
    told: Ordeal = await stories[request.param]
    return told


def test_it_ends_closed(killed: Ordeal) -> None:
    """The record on disk says so."""
    assert (killed.record["reason"], killed.record["incident"]["phase"]) == ("closed", "closed")


def test_somebody_was_paged(killed: Ordeal) -> None:
    """The phone rang."""
    assert killed.pages


def test_no_page_arrived_twice(killed: Ordeal) -> None:
    """Each Idempotency-Key reached the phone once."""
    assert [(page["key"], page["times"]) for page in killed.pages if page["times"] > 1 or not page["key"]] == []


def test_the_lever_was_pulled_once(killed: Ordeal) -> None:
    """The app's cloud was asked for one deployment."""
    assert len(killed.operations) == 1


def test_the_postmortem_is_drafted(killed: Ordeal) -> None:
    """With its timeline, on disk."""
    assert "## Timeline (UTC)" in killed.postmortem


def test_the_alert_opened_one_incident(killed: Ordeal) -> None:
    """However often it was sent again."""
    fires = [line["what"] for line in killed.record["incident"]["timeline"] if line["what"] == "AppDBDown fires"]
    assert fires == ["AppDBDown fires"]


def test_the_victim_was_started_again_each_time(killed: Ordeal) -> None:
    """So the kills did happen."""
    assert killed.restarts.count("was killed by SIGKILL; starting it again") >= 2


async def test_its_history_can_be_replayed(killed: Ordeal) -> None:
    """By the same code, from its first event to its last: else the next restart would have been its end."""
    replayer = Replayer(workflows=[IncidentWorkflow], data_converter=DATA_CONVERTER, workflow_runner=sandbox())
    await replayer.replay_workflow(killed.history)
