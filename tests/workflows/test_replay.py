"""Every stored history replays with the code as it is: a deploy must not stop an incident that is open (guide §3.3).

No engine is needed. When one of these fails, read `tests/histories/make.py` before you make anything anew.
"""

import base64
import re
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from tests.histories.procedures import PROCEDURES
from tests.histories.scenarios import LONG, SCENARIOS
from worker.sandbox import sandbox
from workflows.contract import DATA_CONVERTER
from workflows.incident import IncidentWorkflow
from workflows.redrive import RedriveWorkflow
from workflows.weekly_test import WeeklyTestWorkflow

HISTORIES = sorted((Path(__file__).parents[1] / "histories").glob("*.json"))


def stored(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())


async def replay(history: WorkflowHistory) -> None:
    """Raises NondeterminismError, or whatever the workflow raised."""
    workflows = [IncidentWorkflow, RedriveWorkflow, WeeklyTestWorkflow]
    replayer = Replayer(workflows=workflows, workflow_runner=sandbox(shells_inside=True), data_converter=DATA_CONVERTER)
    await replayer.replay_workflow(history)


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_stored_history_replays(path):
    """The code of now takes every turn that was taken then."""
    await replay(stored(path))


def test_each_scenario_has_its_history():
    """One per path worth never breaking; those that go on in new runs have one for each."""
    scenarios = {scenario.__name__ for scenario in (*SCENARIOS, *LONG, *PROCEDURES)}

    assert {path.stem.split(".")[0] for path in HISTORIES} == scenarios


async def test_a_history_that_went_otherwise_does_not_replay():
    """Else this file would prove nothing: a page that was a chat post is noticed."""
    history = stored(HISTORIES[0])
    for event in history.events:
        scheduled = event.activity_task_scheduled_event_attributes
        if scheduled.activity_type.name == "page":
            scheduled.activity_type.name = "post"

    with pytest.raises(NondeterminismError):
        await replay(history)


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_a_stored_history_names_nobodys_machine(path):
    """They are read by strangers."""
    text = path.read_text()
    hidden = " ".join(
        base64.b64decode(found).decode(errors="replace") for found in re.findall(r'"data": "([^"]+)"', text)
    )

    assert re.findall(r"/(?:tmp|home|root|work|Users|var)/\S*", text + hidden) == []
