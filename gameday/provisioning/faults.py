"""What can go wrong in a step, switched over HTTP, and remembered through a kill."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field

from gameday.provisioning.contract import STEPS, UNDO
from gameday.provisioning.store import Store

KINDS = {
    "fail": "answers 503, and does nothing",
    "fail_after": "does it, and answers 500",
    "hang": "does not answer; released it does it, after its seconds it answers 504 and does nothing",
    "lost": "does it, and closes the connection without an answer",
    "slow": "waits its seconds, then does it",
    "reject": "answers 422, and does nothing",
    "blind": "look_up only: answers as if there were nothing",
}
SECONDS = {"hang": 30.0, "slow": 1.0}
"""When the switch does not say."""
LOOK_UP = "look_up"
"""The providers' answers to questions: what exists for this customer or key."""
PLACES = (*STEPS, *UNDO.values(), LOOK_UP)


class NoSuchFault(Exception):
    """The message lists those there are."""


@dataclass(frozen=True)
class Fault:
    step: str
    kind: str
    times: int | None = None
    """How many calls more; None: until switched off."""
    seconds: float = 0.0


@dataclass
class Faults:
    store: Store
    _releases: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    """Of the hangs that wait now."""

    def all(self) -> list[Fault]:
        return [Fault(**row) for row in self.store.rows("SELECT * FROM faults ORDER BY step")]

    def switch_on(self, step: str, kind: str, times: int | None = None, seconds: float | None = None) -> Fault:
        """Raises NoSuchFault."""
        if step not in PLACES:
            raise NoSuchFault(f"no step {step!r}; there are: {', '.join(PLACES)}")
        if kind not in KINDS or (kind == "blind" and step != LOOK_UP):
            raise NoSuchFault(f"no fault {kind!r} for {step}; there are: {', '.join(KINDS)}")
        fault = Fault(step, kind, times, SECONDS.get(kind, 0.0) if seconds is None else seconds)
        self.store.put("faults", step=step, kind=kind, times=times, seconds=fault.seconds)
        return fault

    def switch_off(self, step: str) -> None:
        """Whoever hangs there goes on."""
        self.store.write("DELETE FROM faults WHERE step = ?", step)
        if step in self._releases:
            self._releases.pop(step).set()

    def switch_all_off(self) -> None:
        for step in {fault.step for fault in self.all()} | set(self._releases):
            self.switch_off(step)

    def take(self, step: str) -> Fault | None:
        """What happens to this call; one of its times is used up."""
        row = self.store.row("SELECT * FROM faults WHERE step = ?", step)
        if row is None:
            return None
        if row["times"] is not None:
            if row["times"] <= 1:
                self.store.write("DELETE FROM faults WHERE step = ?", step)
            else:
                self.store.write("UPDATE faults SET times = times - 1 WHERE step = ?", step)
        return Fault(**row)

    async def released(self, fault: Fault) -> bool:
        """Wait for a hang's end; False: its seconds passed."""
        try:
            async with asyncio.timeout(fault.seconds):
                await self._releases[fault.step].wait()
        except TimeoutError:
            return False
        return True
