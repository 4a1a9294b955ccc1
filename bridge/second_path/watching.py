"""The watch: every few seconds, what stands still is found, people are paged, and what goes on again is told so."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import structlog
from prometheus_client.registry import Collector
from temporalio.service import RPCError

from bridge.intake import EngineAway, Taken, Takes
from bridge.second_path.health import Counted, standing
from bridge.second_path.missed import Away, Missed
from bridge.second_path.path import SecondPath
from bridge.second_path.standstill import Queue, Standstill
from bridge.second_path.taking import Taking
from bridge.speaking import Word
from incident.model.alert import Alert
from integrations.clock import utc_now
from integrations.recurring import recurring

EVERY_S = 5.0
ACK = "ack"
NO_ENGINE = (RPCError, RuntimeError, TimeoutError, EngineAway)
"""RuntimeError: what the SDK raises while a lazy client cannot connect."""

Leave = Callable[[Word], Awaitable[None]]
"""Leaves what somebody said with the engine: it is heard once a worker is back."""

log = structlog.get_logger(__name__)


class Watch:
    """An intake that is watched: what comes in and what stands still."""

    def __init__(
        self,
        path: SecondPath,
        standstill: Standstill,
        intake: Takes,
        after: timedelta,
        leave: Leave,
        *,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        """`leads`: of all bridges of this home, is it this one that pages?"""
        self.path, self._leave, self._leads = path, leave, leads
        self._led = False
        self.queue: Queue | None = None
        """What the last turn saw; None: the engine did not answer."""
        self._standstill, self._taking, self._after = standstill, Taking(intake, path), after

    async def keep(self, word: Word) -> str:
        """An ack that reaches nobody but us ends our paging, and is told to the incident later. Empty: not kept."""
        if word.name != ACK or not await self.path.acked(word.incident_id, word.person, word.via):
            return ""
        return f"kept: {word.person} has it. The orchestrator is away, nobody is paged again; it hears when it is back"

    # ── the intake ───────────────────────────────────────────────────────────────────────────────────────────────

    async def take(self, alerts: Sequence[Alert]) -> tuple[Taken, ...]:
        """As the intake does. Raises EngineAway."""
        taken = await self._taking.take(alerts)
        for missed in self.path.remembered.all():
            if missed.away is Away.WORKER:
                await self._leave_ack(missed)
        return taken

    async def ready(self) -> bool:
        """Does the engine answer?"""
        return await self._taking.ready()

    def standing(self) -> Iterable[str]:
        """What is not as it should be, a line each."""
        return standing(self.queue, self.path)

    @property
    def counted(self) -> Collector | None:
        return Counted(lambda: self.queue, self.path)

    # ── the watch ────────────────────────────────────────────────────────────────────────────────────────────────

    async def turn(self) -> None:
        """Once round. The engine's silence is a fact, not an error: then what is known already is paged for."""
        await self.path.remembered.reload()
        leads = self._leads()
        if leads and not self._led:  # whoever led before may have been killed
            self._led = True
            await self.path.take_up()
        try:
            await self._look(leads)
        except NO_ENGINE as error:
            if self.queue:  # told once, not every few seconds
                log.warning("the engine does not answer the watch", because=type(error).__name__)
            self.queue = None
        finally:
            if leads:
                await self.path.page_due()
                await self.path.quiet()

    async def _look(self, leads: bool) -> None:
        queue = await self._standstill.queue(utc_now())
        self.queue = queue
        if not leads:
            return
        if queue.oldest_waits >= self._after:
            async for missed in self._standstill.unowned(self._after, utc_now()):
                await self.path.stands_still(missed)
        for missed in self.path.remembered.all():
            await self._one(missed)

    async def _one(self, missed: Missed) -> None:
        """What fails for one subject must not keep the others waiting."""
        try:
            await (self._hand_over(missed) if missed.away is Away.ENGINE else self._settle(missed))
        except NO_ENGINE as error:
            log.warning("the engine does not take it", incident=missed.incident, because=type(error).__name__)

    async def _hand_over(self, missed: Missed) -> None:
        """The engine is back, and the sender may be slow to send again: we have the alert, so we tell it."""
        await self.take([missed.alert])

    async def _settle(self, missed: Missed) -> None:
        """The engine has it. Is it told who was paged, does somebody own it, is it over?"""
        if missed.untold:
            await self._standstill.tell(missed.incident, missed.untold)
            await self.path.heard(missed.incident, missed.untold)
        await self._leave_ack(missed)
        if await self._standstill.waits_since(missed.incident) is None:
            await self.path.is_over(missed.incident)
        elif self.path.is_due(missed) and await self._standstill.acked(missed.incident):  # before each page, no oftener
            await self.path.acked(missed.incident)

    async def _leave_ack(self, missed: Missed) -> None:
        """Kept by us while nobody else could hear it; from here on the engine keeps it."""
        if not missed.acked_via:
            return
        word = Word(
            incident=missed.incident,
            name=ACK,
            person=missed.acked_by,
            via=missed.acked_via,
            once=f"{missed.key}/ack",
        )
        try:
            await self._leave(word)
        except NO_ENGINE as error:
            log.warning("an ack could not be left yet", incident=missed.incident, because=type(error).__name__)
        else:
            await self.path.ack_left(missed.incident)


def watching(watch: Watch, every_s: float = EVERY_S) -> AbstractAsyncContextManager[None]:
    """Watch for the length of the block."""
    return recurring(watch.turn, every_s, "the second path stumbled")
