"""Real processes that die with their test, even when it fails or is killed."""

import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from worker.processes import die_with_parent


@contextmanager
def running(command: list[str], env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run it for the length of the block, its output thrown away."""
    with subprocess.Popen(
        command,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent(),  # noqa: PLW1509 - that is its purpose
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def as_in_a_terminal() -> Callable[[], None]:
    """A `preexec_fn`: dies with us, and hears Ctrl-C even where we were started in the background, which ignores it."""
    arm = die_with_parent()

    def set_up() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        arm()

    return set_up
