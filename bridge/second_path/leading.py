"""Of several bridges on one home, the one that pages. All of them take alerts and write down what is not taken."""

import errno
import fcntl
import os
from pathlib import Path

import structlog

FILE = "second_path.lock"
"""Beside the memory. Who holds its lock leads; the kernel takes it from whoever dies, however they die."""

log = structlog.get_logger(__name__)


class Lead:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: int | None = None

    def mine(self) -> bool:
        """Do we lead? Where that cannot be found out, yes: paged twice is better than not at all."""
        if self._held is not None:
            return True
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            return self._cannot_tell(error)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            return error.errno not in (errno.EWOULDBLOCK, errno.EACCES) and self._cannot_tell(error)
        self._held = file
        return True

    def _cannot_tell(self, error: OSError) -> bool:
        log.warning("whether another bridge pages cannot be told, so this one does", because=error.strerror)
        return True

    def close(self) -> None:
        """Let another one lead."""
        if self._held is not None:
            os.close(self._held)
            self._held = None
