"""`incidents doctor`, `gameday`, and the help of every command."""

from unittest.mock import ANY

import pytest
import typer
from temporalio.client import Client

from cli.main import app
from gameday.drill import SCENARIOS
from gameday.world.launch import RunningWorld
from tests.bridge.conftest import MakeBridge
from tests.bridge.test_http import listening
from tests.cli.conftest import Said, Type
from tests.conftest import House
from tests.waiting import eventually
from worker.engine import free_port

COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", COMMANDS)
async def test_every_command_has_an_example(incidents: Type, command: str) -> None:
    """`--help` shows a line to copy."""
    said = await incidents(command, "--help")
    assert (said.code, f"incidents {command}" in said.out.partition("Example")[2]) == (0, True)


async def test_without_a_command_there_is_help(incidents: Type) -> None:
    """Every command is named."""
    said = await incidents()
    assert [name for name in COMMANDS if name not in said.out + said.err] == []


@pytest.fixture
async def practised(incidents: Type, world: RunningWorld, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Types on a machine that is set up for the practice world."""
    for name, value in world.env.items():
        monkeypatch.setenv(name, value)
    return incidents


def verdicts(out: str) -> dict[str, str]:
    """What doctor saw → its verdict."""
    lines = [line.split(maxsplit=2) for line in out.splitlines() if line.startswith(("ok ", "bad ", "unknown "))]
    return {what: verdict for verdict, what, *_ in lines}


async def test_doctor_without_an_engine_says_what_to_start(incidents: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1; what cannot be seen is unknown, not ok."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    said = await incidents("doctor")
    assert said.code == 1
    assert "start one with `incidents up`" in said.out
    assert (verdicts(said.out)["engine"], verdicts(said.out)["namespace"]) == ("bad", "unknown")


async def test_doctor_names_all_that_is_bad(incidents: Type, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """On stderr, in one line, once the worker has asked for work for the first time."""
    monkeypatch.setenv("INCIDENTS_BRIDGE__PORT", "1")

    async def said() -> bool:
        return await incidents("doctor") == Said(1, ANY, "bad: bridge, paging\n")

    await eventually(said, "only bridge and paging are bad")


@pytest.mark.usefixtures("house")
async def test_doctor_is_content_where_everything_is_there(
    practised: Type, client: Client, make_bridge: MakeBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 0; only the saga's engine is unknown, for this world has none."""
    async with listening(make_bridge(client)) as port:
        monkeypatch.setenv("INCIDENTS_BRIDGE__PORT", str(port))
        said = await practised("doctor")
    assert (said.code, {w: v for w, v in verdicts(said.out).items() if v != "ok"}) == (0, {"saga": "unknown"})


async def test_doctor_pages_nobody(practised: Type, world: RunningWorld) -> None:
    """It may be run at any hour."""
    await practised("doctor")
    assert world.received() == {"pages": [], "posts": [], "mails": []}


async def test_doctor_tells_no_secret(practised: Type, world: RunningWorld) -> None:
    """A webhook's address is one: its output is pasted into tickets."""
    said = await practised("doctor")
    secret = world.env["INCIDENTS_CHAT__WEBHOOK_URL"].rpartition("/slack/")[2]
    assert secret not in said.out + said.err


async def test_gameday_lists_what_can_be_played(incidents: Type) -> None:
    """Without a name."""
    said = await incidents("gameday")
    assert (said.code, [name for name in SCENARIOS if name not in said.out]) == (0, [])


async def test_gameday_refuses_what_it_does_not_know(incidents: Type) -> None:
    """Usage, with the names there are."""
    said = await incidents("gameday", "earthquake")
    assert (said.code, "app-db-down" in said.err) == (2, True)


async def test_gameday_says_where_it_looked_for_the_world(incidents: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    """And how to have one, or to name another."""
    monkeypatch.setenv("INCIDENTS_WORLD__PORT", str(free_port()))
    said = await incidents("gameday", "app-db-down")
    assert (said.code, "no practice world at http://127.0.0.1:" in said.err, "--world" in said.err) == (1, True, True)
