"""`incidents gameday`: play an incident in the practice world."""

from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from temporalio.client import Client, WorkflowHandle

from cli.connect import SayNo, ask
from cli.panels import console, story
from worker.settings import Settings


def gameday(
    scenario: Annotated[str, typer.Argument(metavar="[SCENARIO]", help="Which; none: list them.")] = "",
    world: Annotated[
        str,
        typer.Option(
            envvar="INCIDENTS_WORLD", help="Address of the practice world's controls (`incidents up` says it)."
        ),
    ] = "",
    hands_on: Annotated[bool, typer.Option("--hands-on", help="You type; otherwise an autopilot does.")] = False,
) -> None:
    """Break something in the practice world and see the incident through. Without a name: what can be played.

    Example: incidents gameday app-db-down --world http://127.0.0.1:9200
    """
    from gameday.drill import SCENARIOS

    if not scenario:
        _list()
        return
    if scenario not in SCENARIOS:
        raise typer.BadParameter(f"no scenario {scenario!r}; there is {', '.join(SCENARIOS)}")
    if not world:
        raise SayNo("where is the practice world? Start it with `incidents up`, then give its address with --world")
    ask(lambda client, settings: play(client, settings, scenario, world, hands_on=hands_on))


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
    """Play it, and print the incident as it happens; returns its handle."""
    from gameday.drill import SCENARIOS, Drill, Places
    from worker.connecting import connect_options
    from worker.engine import ensure_binary, tell

    out, known = console(), SCENARIOS[scenario]
    told: list[dict[str, str]] = []

    def say(entry: dict[str, str]) -> None:
        told.append(entry)
        out.print(story([entry], since=told[:1], header=False))

    options = connect_options(settings)
    cli = (str(ensure_binary(tell)), "--address", options["target_host"], "--namespace", client.namespace)
    places = Places(world=world.rstrip("/"), bridge=f"http://{settings.bridge.host}:{settings.bridge.port}", cli=cli)
    out.print(f"[bold]{known.title}[/]\n{known.story}")
    drill = Drill(
        client=client,
        places=places,
        scenario=known,
        hands_on=hands_on,
        say=say,
        tell=to_type(out),
    )
    handle = await drill.play()
    out.print(f"{handle.id} is over: `incidents show {handle.id}`")
    return handle


def to_type(out: Console) -> Callable[[str, str], None]:
    """Why somebody would type a line, and the line by itself: never wrapped, so that it can be copied."""

    def tell(why: str, line: str) -> None:
        out.print(Text(f"→ {why}", style="dim"))
        out.print(Text(line, style="bold green"), soft_wrap=True)

    return tell
