"""How often one caller may come: a person taps a few times a minute, a guesser of tokens many thousand."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

MOST_CALLERS = 10_000


class Pace:
    """At most `most` calls within `per_s` seconds, for each caller."""

    def __init__(self, most: int, per_s: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._per_s, self._clock = most, per_s, clock
        self._calls: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, caller: str) -> bool:
        """Count this call; False: it is one too many."""
        now, calls = self._clock(), self._calls.pop(caller, deque())
        while calls and calls[0] <= now - self._per_s:
            calls.popleft()
        allowed = len(calls) < self._most
        if allowed:
            calls.append(now)
        self._calls[caller] = calls
        while len(self._calls) > MOST_CALLERS:
            self._calls.popitem(last=False)
        return allowed
