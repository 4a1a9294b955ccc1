"""Every line our pages tell people to type is one that works."""

import asyncio
import functools
import importlib.util
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from temporalio.client import Client

from cli.main import app
from tests.conftest import Engine, House
from tests.house.regenerate import INCIDENT
from tests.house.sources import ROOT, typed
from tests.waiting import eventually
from workflows import contract

FOREIGN = {"pip", "useradd", "install", "systemctl", "docker", "export", ".", "curl"}
"""Programs of the machine; what we say to them is checked elsewhere, or by eye."""
OURS = {"make", "incidents", "temporal", "python3"}


def test_we_know_every_program_we_name() -> None:
    """A line that starts with something else is a slip, or needs a test."""
    assert {line[0].split("/")[-1] for line in typed()} - FOREIGN - OURS == set()


def test_make_has_every_target_we_name() -> None:
    """`make run` and the rest."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    inline = {word for page in (ROOT / "README.md",) for word in re.findall(r"`make (\w+)`", page.read_text())}
    named = {word for line in typed("make") for word in line[1:] if "=" not in word}
    assert named
    assert (named | inline) - targets == set()


@pytest.mark.parametrize("line", typed("incidents"), ids=" ".join)
def test_our_command_takes_the_line(line: list[str]) -> None:
    """Subcommand, arguments and options are parsed; nothing is run."""
    group = typer.main.get_command(app)
    command = group.commands[line[1]]
    assert command.make_context(line[1], line[2:])


def inline_commands() -> set[str]:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return {name for page in pages for name in re.findall(r"`incidents ([a-z-]+)", page.read_text())}


def test_commands_named_in_sentences_exist() -> None:
    """`incidents doctor` in a sentence is a promise too."""
    assert inline_commands() - set(typer.main.get_command(app).commands) == set()


def test_modules_that_are_run_exist() -> None:
    """`python -m worker.health`, in a line or in a sentence."""
    texts = [page.read_text() for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))]
    named = {name for text in texts for name in re.findall(r"python3? -m ([\w.]+)", text)}
    assert [name for name in sorted(named) if importlib.util.find_spec(name) is None] == []


@dataclass(frozen=True)
class Answer:
    code: int
    said: str

    @property
    def fine(self) -> bool:
        """Done; or understood and refused for what the incident is; or done before."""
        refused = "(type: Refused" in self.said and "; expected " not in self.said
        return self.code == 0 or refused or "already" in self.said


@pytest.fixture
async def open_incident(own_namespace: Client, tmp_path: Path) -> AsyncIterator[Client]:
    """The incident our lines speak of, with a worker that answers for it."""
    async with House(tmp_path).worker(own_namespace):
        await own_namespace.start_workflow(
            contract.WORKFLOW_TYPE, "AppDBDown", id=INCIDENT, task_queue=contract.TASK_QUEUE
        )
        yield own_namespace


async def run(engine: Engine, namespace: str, line: list[str]) -> Answer | None:
    """The line as it stands; the environment says where the engine is, as for whoever types it.

    None: the namespace of an earlier line is not known to all of the engine yet.
    """
    environment = os.environ | {"TEMPORAL_ADDRESS": engine.address, "TEMPORAL_NAMESPACE": namespace}
    process = await asyncio.create_subprocess_exec(
        engine.cli, *line[1:], env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return None if b"is not found" in said else Answer(process.returncode or 0, said.decode())


async def test_temporal_takes_every_line(engine: Engine, open_incident: Client) -> None:
    """Each is run, in the order of the page, on a real engine and a real incident; none is misunderstood."""
    answers: list[Answer] = []
    for line in typed("temporal"):
        ask = functools.partial(run, engine, open_incident.namespace, line)
        answer = await eventually(ask, f"{line} is answered")
        answers.append(answer)
    timeline = await open_incident.get_workflow_handle(INCIDENT).query("timeline")
    assert [answer for answer in answers if not answer.fine] == []
    assert [entry for entry in timeline if "; expected " in entry["because"]] == []
