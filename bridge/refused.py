"""Bodies nobody could understand, kept for whoever has to find out why (design §5)."""

import itertools
from collections.abc import Iterator
from pathlib import Path

from integrations.clock import utc_now


class Refused:
    """A bounded folder: the newest files stay, up to so many, and so many bytes."""

    def __init__(self, folder: Path, most_files: int, most_bytes: int) -> None:
        self._folder, self._most_files, self._most_bytes = folder, most_files, most_bytes
        self._numbers = itertools.count()

    def keep(self, source: str, body: bytes) -> Path:
        """Write it down; returns where. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{utc_now():%Y%m%dT%H%M%S.%fZ}-{next(self._numbers):04d}-{source}.body"
        path = self._folder / name
        path.write_bytes(body)
        for old in self._too_many():
            old.unlink(missing_ok=True)
        return path

    def _too_many(self) -> Iterator[Path]:
        """Names begin with the instant, so the newest come first in reverse order."""
        total = 0
        for position, path in enumerate(sorted(self._folder.glob("*.body"), reverse=True)):
            total += path.stat().st_size
            if position and (position >= self._most_files or total > self._most_bytes):
                yield path
