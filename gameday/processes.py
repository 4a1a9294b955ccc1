"""A part of the practice world as a process of its own, for the length of a block."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from worker.processes import die_with_parent

LOOK_AGAIN_S = 0.05
ENDS_WITHIN_S = 20.0
LOG_TAIL_CHARS = 2000

Told = TypeVar("Told")


class NotStarted(Exception):
    """The message holds the end of its log."""


@contextmanager
def started(command: Sequence[str], log: Path, announced: Callable[[], Told], *, within_s: float) -> Iterator[Told]:
    """What it announces once it is ready (`announced` raises FileNotFoundError until then). Raises NotStarted."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - no lock is held in the child before it becomes python
        )
        try:
            yield _when_ready(process, log, announced, within_s)
        finally:
            process.terminate()
            process.wait(ENDS_WITHIN_S)


def _when_ready(process: subprocess.Popen[bytes], log: Path, announced: Callable[[], Told], within_s: float) -> Told:
    until = time.monotonic() + within_s
    while time.monotonic() < until and process.poll() is None:
        try:
            return announced()
        except FileNotFoundError:
            time.sleep(LOOK_AGAIN_S)
    raise NotStarted(f"it did not start; the end of {log}:\n{log.read_text(errors='replace')[-LOG_TAIL_CHARS:]}")
