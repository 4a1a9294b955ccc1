"""`incidents engine`: the embedded engine, kept serving."""

import asyncio

import typer

from cli.connect import SayNo
from cli.supervise import Child, NotReady, Say, Supervisor, sigterm_stops
from worker.engine import HOST, checked_command, is_serving
from worker.settings import Settings, load_settings

READY_WITHIN_S = 90.0
MAY_BE_MUTE_S = 15.0
"""One whose database answers no more stays like that (docs/decisions/0028); one under load answers in between."""


def engine() -> None:
    """Run the embedded Temporal engine with its Web UI until Ctrl-C; one that answers no more is started again.

    Its state is INCIDENTS_HOME/engine.db. `incidents up` does this too; this is for a machine that runs each part as a
    service of its own.

    Example: INCIDENTS_HOME=/var/lib/incidents incidents engine
    """
    try:
        asyncio.run(_serve(load_settings()))
    except NotReady as error:
        raise SayNo(str(error)) from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        _say("engine: stopped; it goes on from here")


def engine_child(settings: Settings, say: Say) -> Child:
    """What keeps it running. Raises EngineError when it cannot start here."""
    address = f"{HOST}:{settings.engine.port}"
    return Child(
        "engine", checked_command(settings, say), ready=lambda: is_serving(address), may_be_mute_s=MAY_BE_MUTE_S
    )


async def _serve(settings: Settings) -> None:
    sigterm_stops()
    async with Supervisor([engine_child(settings, _say)], settings.home / "logs", _say) as programs:
        await programs.ready("engine", READY_WITHIN_S)
        ui = f"http://{HOST}:{settings.engine.ui_port}"
        _say(f"engine: {HOST}:{settings.engine.port}, Web UI {ui}, log {programs.log('engine')}; Ctrl-C stops it")
        await asyncio.Event().wait()


def _say(line: str) -> None:
    typer.echo(line, err=True)
