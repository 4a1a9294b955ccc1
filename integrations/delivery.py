"""Reaching one person by the ways they have, and saying what came of each.

How to think about it. The ways are tried in order. One that refuses is followed by the next at once; one that does not
answer is asked again with patience. Where it is urgent, the next way is tried beside it after a while: somebody else's
broken server must not keep a person asleep. The first way that delivers ends the search; a message that is on its way
just then is let through, because its answer says whether it arrived.

Each message (`integrations/one_send.py`) is sent at most once where that can be known. Before it, the incident is asked
whether the page is still true (`integrations/freshness.py`); once it is not, nothing new goes out.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from incident.model.effects import Page
from incident.model.outcomes import Arrival, Delivery
from integrations.errors import IntegrationError, RateLimited, Refused
from integrations.freshness import Overtaken, Still, Undoubted
from integrations.one_send import Memory, OneSend
from integrations.ports import Button, Pager
from integrations.wording import with_doubt
from oncall.audience import Recipient, Way

PAUSES_S = (1.0, 2.0, 4.0)
"""Between two attempts of one way, in seconds: a provider that restarts is back within that."""
AT_ONCE = 10
"""People who are reached at the same time: `everyone` must not be a flood."""


@dataclass
class Sending:
    """One page on its way to its people. `missing`: channel that nobody plays here → the setting it lacks."""

    page: Page
    pagers: Mapping[str, Pager]
    memory: Memory
    click: str
    missing: Mapping[str, str] = field(default_factory=dict)
    again: bool = False
    """Another attempt, perhaps of another machine, may have sent it: providers are asked first."""
    look_first: bool = False
    """Somebody else may have sent the very same: providers are asked first, and those that cannot tell just send."""
    buttons: Callable[[str, Way], tuple[Button, ...]] = lambda person, way: ()
    """What this person can do from this way's message."""
    still: Still = field(default_factory=Undoubted)
    """Asked before each message."""
    pauses_s: Sequence[float] = field(default_factory=lambda: PAUSES_S)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self, recipients: Sequence[Recipient]) -> tuple[Delivery, ...]:
        """All of them side by side, each way's outcome; in the order of the people."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(recipient: Recipient) -> list[Delivery]:
            async with gate:
                return await _Search(self, recipient).run()

        found = await asyncio.gather(*(one(recipient) for recipient in recipients))
        return tuple(delivery for deliveries in found for delivery in deliveries)

    def stop(self) -> None:
        """No new message from here on; those on their way are let through."""
        self.stopped.set()


@dataclass
class _Search:
    """For a way that reaches one person."""

    sending: Sending
    recipient: Recipient
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> list[Delivery]:
        ways, told = iter(enumerate(self.recipient.ways)), list[Delivery]()
        trying: set[asyncio.Task[list[Delivery]]] = set()
        try:
            while self._start_next(ways, trying) or trying:
                done, trying = await asyncio.wait(
                    trying, timeout=self._beside_after(), return_when=asyncio.FIRST_COMPLETED
                )
                told += [delivery for task in done for delivery in task.result()]
                if any(delivery.outcome is Arrival.DELIVERED for delivery in told):
                    self.reached.set()
                    break
            return told + [delivery for task in trying for delivery in await task]
        finally:
            for task in trying:
                task.cancel()

    def _start_next(self, ways: Iterator[tuple[int, Way]], trying: set[asyncio.Task[list[Delivery]]]) -> bool:
        found = None if self.sending.stopped.is_set() else next(ways, None)
        if found:
            number, way = found
            trying.add(asyncio.create_task(self._try(way, first=number == 0)))
        return found is not None

    def _beside_after(self) -> float | None:
        page = self.sending.page
        return page.next_contact_after.total_seconds() if page.urgent else None

    async def _try(self, way: Way, *, first: bool) -> list[Delivery]:
        """What came of one way; nothing, where it was overtaken before anything was sent."""
        pager = self.sending.pagers.get(way.channel)
        if pager is None:
            lacking = self.sending.missing.get(way.channel, "a channel that exists")
            return [self._told(way, Arrival.REFUSED, why=f"no pager for channel {way.channel!r} is set: set {lacking}")]
        send = self._message(pager, way)
        try:
            return [await self._patiently(send, first=first)]
        except Overtaken as error:
            self.sending.stop()
            return self._overtaken(send, str(error))

    async def _patiently(self, send: OneSend, *, first: bool) -> Delivery:
        """Until it is delivered or refused, its patience is over, or somebody else was faster. Raises Overtaken."""
        for attempt, pause in enumerate((*self.sending.pauses_s, None)):
            try:
                receipt = await send.once(first=first and attempt == 0)
            except Refused as error:
                return self._told(send.way, Arrival.REFUSED, why=str(error))
            except IntegrationError as error:
                if pause is None or await self._over_within(pause, error):
                    return self._told(send.way, Arrival.UNREACHABLE, why=str(error))
            else:
                told = self._told(
                    send.way, Arrival.DELIVERED, receipt=receipt.id, repeat=receipt.repeat, doubt=send.doubt
                )
                return replace(told, alarm=send.alarm)
        raise AssertionError("the last pause is None")

    def _overtaken(self, send: OneSend, why: str) -> list[Delivery]:
        """An attempt that may have arrived is told, with what a provider may keep of it: that has to end with ours."""
        if not send.unclear:
            return []
        told = self._told(send.way, Arrival.UNREACHABLE, why=f"an earlier attempt may have arrived; not again: {why}")
        return [replace(told, alarm=send.alarm)]

    def _message(self, pager: Pager, way: Way) -> OneSend:
        sending = self.sending
        return OneSend(
            page=self._copy(way),
            pager=pager,
            way=way,
            buttons=sending.buttons(self.recipient.person, way),
            click=sending.click,
            memory=sending.memory,
            still=sending.still,
            again=sending.again,
            look_first=sending.look_first,
        )

    def _copy(self, way: Way) -> Page:
        """This person's, with the key of this very send."""
        page, person = self.sending.page, self.recipient.person
        text = with_doubt(page.text, self.recipient.doubt)
        return replace(page, text=text, key=f"{page.key}/{person}/{way.name or way.channel}")

    async def _over_within(self, pause_s: float, error: IntegrationError) -> bool:
        """Waits; true as soon as this way need not be tried again."""
        if isinstance(error, RateLimited):
            if error.retry_after_s > sum(self.sending.pauses_s):  # somebody else must wake the person
                return True
            pause_s = max(pause_s, error.retry_after_s)
        events = [asyncio.create_task(event.wait()) for event in (self.reached, self.sending.stopped)]
        done, _ = await asyncio.wait(events, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        for event in events:
            event.cancel()
        return bool(done)

    def _told(
        self, way: Way, outcome: Arrival, *, receipt: str = "", repeat: bool = False, why: str = "", doubt: str = ""
    ) -> Delivery:
        person, why = self.recipient.person, why or "; ".join(filter(None, (self.recipient.why, doubt)))
        return Delivery(person=person, channel=way.name, outcome=outcome, receipt=receipt, repeat=repeat, why=why)
