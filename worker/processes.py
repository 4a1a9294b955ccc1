"""What our processes do at both ends of their life: those we start end with us, however we end."""

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def die_with_parent() -> Callable[[], None]:
    """A `preexec_fn`: the kernel kills the new process when we die, however we die. Does nothing off Linux."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    parent, prctl = os.getpid(), ctypes.CDLL(None, use_errno=True).prctl  # looked up here: after a fork it may not be

    def arm() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # died between the fork and this line
            os._exit(1)

    return arm


def stay_quick() -> None:
    """What is loaded by now stays for good: never search it for garbage again.

    A full collection of it takes 0.1 s and more, and would fall right into somebody's page (docs/decisions/0020).
    """
    gc.collect()
    gc.freeze()
