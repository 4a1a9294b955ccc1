"""`incidents`: the one command. Exit codes: 0 yes, 1 no (the reason on stderr), 2 usage."""

import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import typer

from cli import bridge, doctor, engine, gameday, oncall, people, reading, up, worker
from cli.connect import SayNo
from worker.connecting import NoEngine, NoMetrics
from worker.engine import EngineError
from worker.engine_needs import EngineLacks
from worker.settings import SettingsError

SAID = (SayNo, NoEngine, NoMetrics, EngineError, EngineLacks, SettingsError)
"""Errors whose words are meant for people: no traceback."""

app = typer.Typer(
    name="incidents",
    help="The on-call runbook that runs itself: read and steer its incidents, and run what runs them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("list", rich_help_panel="Read")(reading.list_incidents)
app.command("show", rich_help_panel="Read")(reading.show)
app.command("oncall", rich_help_panel="Read")(oncall.oncall)
for say in people.COMMANDS:
    app.command(say.__name__.replace("_", "-"), rich_help_panel="Steer")(say)
app.command("up", rich_help_panel="Run")(up.up)
app.command("engine", rich_help_panel="Run")(engine.engine)
app.command("worker", rich_help_panel="Run")(worker.worker)
app.command("bridge", rich_help_panel="Run")(bridge.bridge)
app.command("doctor", rich_help_panel="Run")(doctor.doctor)
app.command("gameday", rich_help_panel="Run")(gameday.gameday)


def main() -> NoReturn:
    """The process `incidents`."""
    code = run()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(BrokenPipeError):  # `incidents list | head`: nobody reads any more
            stream.flush()
    # The SDK's threads may still hand something to the interpreter while it goes down, which aborts it (exit code 134
    # after a good answer, seen with temporalio 1.35.0): leave without going down.
    os._exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `arguments` are the process's own unless given."""
    try:
        app(args=list(arguments) if arguments is not None else None)
    except SAID as error:
        typer.echo(str(error), err=True)
        return 1
    except SystemExit as done:  # how typer ends every command
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    return 0


if __name__ == "__main__":
    main()
