"""The intake with the second path beside it: what the engine does not take, and what it took after all, is noted."""

from collections.abc import Iterable, Sequence

from bridge.intake import HEARTBEAT, EngineAway, Taken, Takes, incident_of
from bridge.second_path.path import SecondPath
from incident.model.alert import Alert
from incident.model.bounded import bounded
from runbook.catalog import identity_labels_of


class Taking:
    """Takes alerts as the intake does."""

    def __init__(self, intake: Takes, path: SecondPath) -> None:
        self._intake, self._path = intake, path

    async def take(self, alerts: Sequence[Alert]) -> tuple[Taken, ...]:
        """All of them, durably. Raises EngineAway as soon as one cannot be; what was taken meanwhile stays taken."""
        try:
            taken = await self._intake.take(alerts)
        except EngineAway as away:
            await self._has(away.taken)
            for alert in away.left:
                if alert.name != HEARTBEAT:
                    await self._path.not_taken(bounded(alert, identity_labels_of(alert.name)), incident_of(alert))
            raise
        await self._has(taken)
        return taken

    async def ready(self) -> bool:
        """Does the engine answer?"""
        return await self._intake.ready()

    async def _has(self, taken: Iterable[Taken]) -> None:
        for one in taken:
            if one.incident:
                await self._path.taken(one.incident, one.told)
