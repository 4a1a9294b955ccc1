"""Makes the stored histories anew: `python -m tests.histories.make [scenario …]`.

Each file beside this one is the history of a real incident, played by `scenarios.py` on a real engine by the product's
own workers. `tests/workflows/test_replay.py` replays every one of them with the code as it is: when that fails, an
incident that is open while you deploy would get stuck, because the new code takes another turn than the old one took.

What to do then:

- The change was not meant to alter what running incidents do: it is a bug, and the test has just saved you.
- It was meant, and an incident of the old code may still run somewhere: keep the old way for old histories with
  `workflow.patched("…")`, and add a history of the new way. Do not make the old ones anew.
- It was meant, and nothing runs yet (before the first release): make all of them anew with this script, and say so in
  the commit.

A new path through the workflow gets a scenario, and its history is added with `python -m tests.histories.make NAME`.
Takes about half a minute, needs the engine (`make setup`), and leaves no trace but the files.
"""

import asyncio
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from temporalio.client import WorkflowHistory

from oncall.schedule import Schedule
from tests.conftest import House
from tests.histories.procedures import PEOPLE, PROCEDURES
from tests.histories.scenarios import EARLY, LONG, SCENARIOS, Scenario, Stage
from tests.workflows.engines import another_engine
from tests.workflows.street import Street

HERE = Path(__file__).parent
NOBODY = "tests.histories.make"
"""Who did it, in the histories: not the name of somebody's machine."""


async def make(wanted: Iterable[str]) -> None:
    """Play the scenarios of these names, or all, and store what happened."""
    names = set(wanted)
    for scenarios, settings, people in (
        (SCENARIOS, (), Schedule()),
        (LONG, (EARLY,), Schedule()),
        (PROCEDURES, (), PEOPLE),
    ):
        chosen = [scenario for scenario in scenarios if not names or scenario.__name__ in names]
        if chosen:
            await _play(chosen, settings, people)


async def _play(scenarios: list[Scenario], settings: tuple[str, ...], people: Schedule) -> None:
    house, street = House(Path("home"), schedule=people), Street()
    async with (
        another_engine(Path.cwd(), *settings, identity=NOBODY) as client,
        house.worker(client, outside=street.outside()),
    ):
        for scenario in scenarios:
            await _store(scenario, Stage(client, house, street))


async def _store(scenario: Scenario, stage: Stage) -> None:
    name = scenario.__name__
    case = await scenario(stage, f"incident-AppDBDown-{name.replace('_', '-')}")
    histories = await case.histories()
    for old in HERE.glob(f"{name}.*json"):
        old.unlink()
    for number, history in enumerate(histories, 1):
        _forget_traces(history)
        part = f".run{number}" if len(histories) > 1 else ""
        (HERE / f"{name}{part}.json").write_text(history.to_json() + "\n")
    print(f"{name}: {sum(len(history.events) for history in histories)} events in {len(histories)} run(s)")


def _forget_traces(history: WorkflowHistory) -> None:
    """A failure carries its stack trace, full of paths of this machine; a replay does not look at it."""
    for event in history.events:
        failure = event.activity_task_failed_event_attributes.failure
        while event.HasField("activity_task_failed_event_attributes") and failure.ByteSize():
            failure.stack_trace, failure = "", failure.cause


def main() -> None:
    with TemporaryDirectory() as home:
        os.chdir(home)  # so that no path of this machine gets into a record's name
        asyncio.run(make(sys.argv[1:]))


if __name__ == "__main__":
    main()
