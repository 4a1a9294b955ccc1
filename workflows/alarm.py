"""The one timer of an incident: it rings for the earliest deadline, and says in the Web UI what that is."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from temporalio import workflow

from incident.model.incident import Due
from incident.policy.view import ALARMS


class Alarm:
    """Only an alarm: what came due is compared with the clock by whoever hears it."""

    def __init__(self) -> None:
        self._set_for: tuple[datetime, Due] | None = None
        self._timer: asyncio.Task[None] | None = None

    @property
    def rang(self) -> bool:
        return self._timer is not None and self._timer.done()

    def set(self, deadlines: Mapping[Due, datetime]) -> None:
        """Ring at the earliest of `deadlines`. The timer stays while that does not change: each one costs events."""
        earliest = min(((at, due) for due, at in deadlines.items()), default=None)
        if earliest == self._set_for and not self.rang:
            return
        if self._timer and not self._timer.done():
            self._timer.cancel()
        self._set_for, self._timer = earliest, None
        if earliest:
            at, due = earliest
            left = max(at - workflow.now(), timedelta(0))
            self._timer = asyncio.create_task(workflow.sleep(left, summary=ALARMS[due]))
