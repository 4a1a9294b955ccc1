"""`incidents gameday`: play an incident in the practice world."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from temporalio.client import Client, WorkflowHandle

from cli.connect import SayNo, ask
from cli.panels import console, story
from worker.settings import Settings

if TYPE_CHECKING:
    from gameday.drill import Drill, Scenario
    from gameday.provisioning.launch import RunningPlatform


def gameday(
    scenario: Annotated[str, typer.Argument(metavar="[SCENARIO]", help="Which; none: list them.")] = "",
    world: Annotated[
        str, typer.Option(help="Address of the practice world's controls; else the one of `incidents up` here.")
    ] = "",
    hands_on: Annotated[bool, typer.Option("--hands-on", help="You type; otherwise an autopilot does.")] = False,
) -> None:
    """Break something in the practice world and see the incident through. Without a name: what can be played.

    Examples:\n
      incidents gameday app-db-down\n
      incidents gameday app-db-down --world http://127.0.0.1:9200\n
      incidents gameday provisioning-stuck
    """
    if not scenario:
        _list()
        return
    known_scenario(scenario)
    ask(lambda client, settings: play(client, settings, scenario, world, hands_on=hands_on))


def known_scenario(name: str) -> None:
    """Raises BadParameter."""
    from gameday.drill import SCENARIOS

    if name not in SCENARIOS:
        raise typer.BadParameter(f"no scenario {name!r}; there is {', '.join(SCENARIOS)}")


def _list() -> None:
    from gameday.drill import SCENARIOS

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("scenario", no_wrap=True)
    table.add_column("what happens")
    for known in SCENARIOS.values():
        table.add_row(known.name, f"{known.title}. {known.story}")
    console().print(table)


async def play(
    client: Client, settings: Settings, scenario: str, world: str, *, hands_on: bool
) -> WorkflowHandle[Any, Any]:
    """Play it, and print the incident as it happens; returns its handle. Raises SayNo."""
    from gameday.drill import SCENARIOS
    from gameday.provisioning.remote import PlatformAway

    out, known = console(), SCENARIOS[scenario]
    world = world or f"http://127.0.0.1:{settings.world.port}"
    out.print(f"[bold]{known.title}[/]\n{known.story}")
    try:
        handle = await _drill(client, settings, known, world, out, hands_on=hands_on).play()
    except PlatformAway as error:
        raise SayNo(str(error)) from None
    except httpx.ConnectError:
        advice = "start it with `incidents up`, or say where it is with --world"
        raise SayNo(f"no practice world at {world}: {advice}") from None
    out.print(f"{handle.id} is over: `incidents show {handle.id}`")
    return handle


def _drill(
    client: Client, settings: Settings, known: "Scenario", world: str, out: Console, *, hands_on: bool
) -> "Drill":
    """Raises SayNo where its platform is not there."""
    from gameday.drill import NOBODY_ANSWERS, PROVISIONING, Drill, Places
    from gameday.people_drill import PeopleDrill
    from gameday.provisioning_drill import ProvisioningDrill
    from worker.connecting import connect_options
    from worker.engine import ensure_binary, tell

    told: list[dict[str, str]] = []

    def say(entry: dict[str, str]) -> None:
        told.append(entry)
        out.print(story([entry], since=told[:1], header=False))

    where = ("--address", connect_options(settings)["target_host"], "--namespace", client.namespace)
    cli = (str(ensure_binary(tell)), *where)
    places = Places(world=world.rstrip("/"), bridge=f"http://{settings.bridge.host}:{settings.bridge.port}", cli=cli)
    common: dict[str, Any] = {"client": client, "places": places, "scenario": known, "hands_on": hands_on, "say": say}
    common["tell"] = to_type(out)
    if known.name == NOBODY_ANSWERS:
        return PeopleDrill(**common, narrate=_narrate(out))
    if known.name != PROVISIONING:
        return Drill(**common)
    token = settings.bridge.token.get_secret_value() if settings.bridge.token else ""
    return ProvisioningDrill(**common, **_on_screen(out), at=_platform(settings), alert_token=token)


def _platform(settings: Settings) -> "RunningPlatform":
    from gameday.provisioning.launch import read_platform

    try:
        return read_platform(settings.home / "provisioning")
    except FileNotFoundError:
        raise SayNo(
            f"no practice provisioning platform runs in {settings.home}: start it with `incidents up`"
        ) from None


def _on_screen(out: Console) -> dict[str, Any]:
    from cli.endings import endings

    return {
        "narrate": lambda line: _narrate(out)(f"\n{line}"),
        "show": lambda told: out.print(endings(told)),
    }


def _narrate(out: Console) -> Callable[[str], None]:
    return lambda line: out.print(Text(line, style="bold cyan"), soft_wrap=True)


def to_type(out: Console) -> Callable[[str, str], None]:
    """Why somebody would type a line, and the line by itself: never wrapped, so that it can be copied."""

    def tell(why: str, line: str) -> None:
        out.print(Text(f"→ {why}", style="dim"))
        out.print(Text(line, style="bold green"), soft_wrap=True)

    return tell
