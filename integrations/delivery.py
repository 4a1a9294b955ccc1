"""Reaching one person by the ways they have, and saying what came of each.

How to think about it. The ways are tried in order. One that refuses is followed by the next at once; one that does not
answer is asked again with patience. Where it is urgent, the next way is tried beside it after a while: somebody else's
broken server must not keep a person asleep. The first way that delivers ends the search; a message that is on its way
just then is let through, because its answer says whether it arrived.

Each send has a key of its own, written down before and after (`Memory`). Whoever finds one begun asks the provider
whether it arrived, and a provider that cannot tell gets a message that says it may be a repeat.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from incident.model.effects import Page
from incident.model.outcomes import Arrival, Delivery
from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.ports import Button, Pager, Receipt, Settles
from integrations.wording import alarm_of, with_doubt
from oncall.audience import Recipient, Way

REPEAT = "This may be a repeat: the answer to an earlier attempt was lost."
PAUSES_S = (1.0, 2.0, 4.0)
"""Between two attempts of one way, in seconds: a provider that restarts is back within that."""
LONGEST_SEND_S = 10.0
"""A provider that takes longer for one answer is away."""
AT_ONCE = 10
"""People who are reached at the same time: `everyone` must not be a flood."""


class Earlier(Protocol):
    """An attempt before this one. `done`: it is known to have arrived, with `result`."""

    @property
    def done(self) -> bool: ...
    @property
    def result(self) -> str: ...
    @property
    def begun_at(self) -> datetime: ...


class Memory(Protocol):
    """What was sent, by key. None of these raises: a full disk must not keep anybody asleep."""

    async def begin_anyway(self, key: str) -> Earlier | None: ...
    async def done_anyway(self, key: str, result: str = "") -> None: ...
    async def forget_anyway(self, key: str) -> None: ...


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
    buttons: Callable[[str, Way], tuple[Button, ...]] = lambda person, way: ()
    """What this person can do from this way's message."""
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
        ways, told = iter(self.recipient.ways), list[Delivery]()
        trying: set[asyncio.Task[Delivery]] = set()
        try:
            while self._start_next(ways, trying) or trying:
                done, trying = await asyncio.wait(
                    trying, timeout=self._beside_after(), return_when=asyncio.FIRST_COMPLETED
                )
                told += [task.result() for task in done]
                if any(delivery.outcome is Arrival.DELIVERED for delivery in told):
                    self.reached.set()
                    break
            return told + [await task for task in trying]
        finally:
            for task in trying:
                task.cancel()

    def _start_next(self, ways: Iterator[Way], trying: set[asyncio.Task[Delivery]]) -> bool:
        way = None if self.sending.stopped.is_set() else next(ways, None)
        if way:
            trying.add(asyncio.create_task(self._try(way)))
        return way is not None

    def _beside_after(self) -> float | None:
        page = self.sending.page
        return page.next_contact_after.total_seconds() if page.urgent else None

    async def _try(self, way: Way) -> Delivery:
        """Until it is delivered or refused, its patience is over, or somebody else was faster."""
        pager = self.sending.pagers.get(way.channel)
        if pager is None:
            lacking = self.sending.missing.get(way.channel, "a channel that exists")
            return self._told(way, Arrival.REFUSED, why=f"no pager for channel {way.channel!r} is set: set {lacking}")
        send = _Send(self.sending, pager, self._copy(way), way, self.sending.buttons(self.recipient.person, way))
        for pause in (*self.sending.pauses_s, None):
            try:
                receipt = await send.once()
            except Refused as error:
                return self._told(way, Arrival.REFUSED, why=str(error))
            except IntegrationError as error:
                if pause is None or await self._over_within(pause, error):
                    return self._told(way, Arrival.UNREACHABLE, why=str(error))
            else:
                told = self._told(way, Arrival.DELIVERED, receipt=receipt.id, repeat=receipt.repeat)
                return replace(told, alarm=alarm_of(send.page)) if isinstance(pager, Settles) else told
        raise AssertionError("the last pause is None")

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

    def _told(self, way: Way, outcome: Arrival, *, receipt: str = "", repeat: bool = False, why: str = "") -> Delivery:
        person, why = self.recipient.person, why or self.recipient.why
        return Delivery(person=person, channel=way.name, outcome=outcome, receipt=receipt, repeat=repeat, why=why)


@dataclass(frozen=True)
class _Send:
    """One message on one way."""

    sending: Sending
    pager: Pager
    page: Page
    way: Way
    buttons: tuple[Button, ...]

    async def once(self) -> Receipt:
        """Send it, unless it has arrived. Raises Unreachable, RateLimited, Refused."""
        memory = self.sending.memory
        earlier = await memory.begin_anyway(self.page.key)
        if earlier and earlier.done:
            return Receipt(id=earlier.result, repeat=True)
        # An attempt of another machine left no row here, so being tried again is reason enough to ask.
        again = earlier is not None or self.sending.again
        try:
            receipt = await _in_time(self._once_more if again else self._send)
        except Refused:
            await memory.forget_anyway(self.page.key)
            raise
        await memory.done_anyway(self.page.key, receipt.id)
        return receipt

    async def _send(self, page: Page | None = None) -> Receipt:
        told = page or self.page
        return await self.pager.page(told, to=self._to, click=self.sending.click, buttons=self.buttons)

    async def _once_more(self) -> Receipt:
        """We were here before. Did it arrive? The provider is asked; one that cannot tell gets a page that says so."""
        try:
            found, sure = await self.pager.find(self.page, to=self._to), self.pager.remembers
        except Refused:  # we may send but not look: that must not cost the page
            found, sure = None, False
        if found:
            return found
        return await self._send(self.page if sure else replace(self.page, text=f"{self.page.text}\n{REPEAT}"))

    @property
    def _to(self) -> str:
        return self.way.to.get_secret_value()


async def _in_time(send: Callable[[], Awaitable[Receipt]]) -> Receipt:
    try:
        async with asyncio.timeout(LONGEST_SEND_S):
            return await send()
    except TimeoutError:
        raise Unreachable(f"no answer within {LONGEST_SEND_S:g} s") from None
