"""No message goes out that is no longer true: asked before each person, each way and each attempt (issue 5 §2)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.ledger import Ledger
from activities.links import Links
from activities.paging import PagingActivities
from incident.model.effects import Page
from incident.model.outcomes import Arrival, Paged
from integrations import delivery
from integrations.clock import utc_now
from integrations.errors import IntegrationError, Refused, Unreachable
from integrations.freshness import CannotAsk
from integrations.one_send import OUT_OF_DATE
from integrations.ports import Button, Channels, Receipt
from oncall.schedule import Schedule
from tests.activities.test_paging import PAGE, people
from tests.fakes import FakePager

ACKED = "ana has acknowledged"
TWO_WAYS = people(ana=[{"channel": "ntfy", "to": "a"}, {"channel": "chat", "to": "b"}])


pytestmark = pytest.mark.usefixtures("impatient")


class World:
    """An incident that is acknowledged after so many messages, and two providers."""

    def __init__(self, ledger: Ledger, *, true_for: int = 0, fails: IntegrationError | None = None) -> None:
        self.ledger, self.true_for, self.asked = ledger, true_for, 0
        self.ntfy, self.chat = FakePager(fails=lambda _: fails), FakePager(remembers=False)

    async def ask(self, _: Page) -> str:
        self.asked += 1
        return "" if self.asked <= self.true_for else ACKED

    async def pages(
        self, schedule: Schedule = TWO_WAYS, *, old: bool = False, attempt: int = 1, **changes: Any
    ) -> Paged:
        env = ActivityEnvironment()
        env.info = replace(env.info, attempt=attempt)
        channels = Channels(pagers={"ntfy": self.ntfy, "chat": self.chat})
        paging = PagingActivities(channels, self.ledger, Links("http://ui"), schedule, ask=self.ask)
        fresh_until = utc_now() + timedelta(seconds=-1 if old else 60)
        told: Paged = await env.run(paging.page, replace(PAGE, fresh_until=fresh_until, **changes))
        return told

    @property
    def sent(self) -> tuple[int, int]:
        return len(self.ntfy.sent), len(self.chat.sent)


async def test_the_first_message_of_a_young_page_needs_no_answer(ledger: Ledger) -> None:
    """It goes out at once, though the incident would say no by now: the shell would have withdrawn it."""
    world = World(ledger)
    await world.pages()
    assert (world.asked, world.sent) == (0, (1, 0))


async def test_the_first_message_of_an_old_page_is_not_sent_if_it_is_no_longer_true(ledger: Ledger) -> None:
    """After an outage: no backlog."""
    world = World(ledger)
    told = await world.pages(old=True)
    assert (world.sent, told.overtaken, told.deliveries) == ((0, 0), ACKED, ())


async def test_an_old_page_that_is_still_true_goes_out(ledger: Ledger) -> None:
    """One page after an outage."""
    world = World(ledger, true_for=1)
    told = await world.pages(old=True)
    assert (world.sent, told.overtaken) == ((1, 0), "")


async def test_the_next_way_is_not_tried_once_somebody_has_it(ledger: Ledger) -> None:
    """The first way refused; meanwhile somebody has acknowledged."""
    world = World(ledger, fails=Refused("ntfy: 403"))
    told = await world.pages()
    assert (world.sent, told.overtaken) == ((0, 0), ACKED)


async def test_the_next_attempt_is_not_made_once_somebody_has_it(ledger: Ledger) -> None:
    """What the first attempt came to nobody knows, and that is said."""
    world = World(ledger, fails=Unreachable("ntfy: no answer"))
    told = await world.pages()
    assert world.sent == (0, 0)
    assert [(d.outcome, d.why) for d in told.deliveries] == [
        (Arrival.UNREACHABLE, f"an earlier attempt may have arrived; not again: {ACKED}")
    ]


async def test_each_later_message_asks_anew(ledger: Ledger) -> None:
    """A second attempt, then the next way: two questions."""
    world = World(ledger, true_for=2, fails=Unreachable("ntfy: no answer"))
    await world.pages()
    assert (world.asked, world.sent) == (2, (0, 1))


async def test_people_who_had_to_wait_for_others_are_asked_about_too(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not all of `everyone` are paged at once: for those who come later the page has grown old."""
    monkeypatch.setattr(delivery, "AT_ONCE", 1)
    crew = people(**{name: [{"channel": "ntfy", "to": name}] for name in ("ana", "bo", "kim")})
    world = World(ledger, true_for=1)
    told = await world.pages(crew, old=True, targets=("everyone",))
    assert ([sent.to for sent in world.ntfy.sent], told.overtaken) == (["ana"], ACKED)


async def test_another_attempt_of_the_engine_asks_first(ledger: Ledger) -> None:
    """Its worker died, and that took a while."""
    world = World(ledger)
    told = await world.pages(attempt=2)
    assert (world.asked, world.sent, told.overtaken) == (1, (0, 0), ACKED)


async def test_what_had_arrived_before_is_told_though_the_page_is_overtaken(ledger: Ledger) -> None:
    """The timeline says who was woken."""
    world = World(ledger)
    await world.pages()
    told = await world.pages(attempt=2, old=True)
    assert [(d.outcome, d.repeat) for d in told.deliveries] == [(Arrival.DELIVERED, True)]


async def test_a_page_that_was_not_sent_leaves_no_trace_of_a_send(ledger: Ledger) -> None:
    """The same page, asked for anew, is no repeat."""
    world = World(ledger)
    await world.pages(old=True)
    world.true_for = 99
    await world.pages(old=True)
    assert [sent.page.text for sent in world.ntfy.sent] == [PAGE.text]


async def test_whoever_cannot_ask_pages_and_says_so(ledger: Ledger) -> None:
    """Better woken for nothing than not at all (issue 5 §2)."""
    world = World(ledger)

    async def nobody(_: Page) -> str:
        raise CannotAsk("its incident cannot be asked: deadline_exceeded")

    world.ask = nobody  # type: ignore[method-assign]
    told = await world.pages(old=True)
    assert [sent.page.text.splitlines()[-1] for sent in world.ntfy.sent] == [OUT_OF_DATE]
    assert [(d.outcome, d.why) for d in told.deliveries] == [
        (Arrival.DELIVERED, "its incident cannot be asked: deadline_exceeded")
    ]


class Keeper(FakePager):
    """A provider that keeps an incident of its own, and whose first answer is lost."""

    async def acknowledged(self, alarm: str, *, to: str) -> Receipt:
        return Receipt()

    async def resolved(self, alarm: str, *, to: str) -> Receipt:
        return Receipt()

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        await super().page(page, to=to, click=click, buttons=buttons)
        raise Unreachable("its answer was lost")

    async def find(self, page: Page, *, to: str) -> Receipt | None:
        return None


async def test_what_a_provider_may_keep_of_an_overtaken_page_is_told(ledger: Ledger) -> None:
    """It rings on otherwise: nobody would ever tell it that somebody has it."""
    world = World(ledger)
    world.ntfy = Keeper()
    told = await world.pages()
    assert [(d.outcome, d.alarm) for d in told.deliveries] == [(Arrival.UNREACHABLE, "incident-A@1")]
