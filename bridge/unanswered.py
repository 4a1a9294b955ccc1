"""What was taken of notifications that were answered 503: they come again whole, and must get further each time.

Without it, a body of more alerts than the engine takes within one answer would begin anew for ever.
"""

import time
from collections.abc import Iterable
from typing import Generic, TypeVar

KEPT_S = 300.0
"""Alertmanager sends again within a minute or so; what comes later is a repeat, and is told as one."""
MOST = 10_000

Key = tuple[str, str]
Taken = TypeVar("Taken")


class Unanswered(Generic[Taken]):
    def __init__(self) -> None:
        self._taken: dict[Key, tuple[float, Taken]] = {}

    def add(self, key: Key, taken: Taken) -> None:
        self._taken[key] = (time.monotonic(), taken)
        while len(self._taken) > MOST:
            del self._taken[next(iter(self._taken))]

    def get(self, key: Key) -> Taken | None:
        at, taken = self._taken.get(key, (0.0, None))
        return taken if time.monotonic() - at < KEPT_S else None

    def forget(self, keys: Iterable[Key]) -> None:
        """They were answered."""
        for key in keys:
            self._taken.pop(key, None)
