"""A test page: it says that it is one, and where it must come only once, it does."""

from pathlib import Path

from activities.ledger import Ledger
from incident.model.outcomes import Arrival, Delivery
from integrations.errors import Refused, Unreachable
from integrations.page_test import MAYBE, page_of, tried_once
from integrations.ports import Channels
from oncall.audience import Way
from tests.fakes import FakePager
from tests.oncall.plans import utc

PAGE = page_of("weekly-test/2026-W25", "ana", utc("2026-06-16T08:00"), "the weekly test")


async def tried(pager: FakePager, home: Path) -> Delivery:
    """By a worker that has this home."""
    ledger = Ledger(home / "ledger.db")
    try:
        channels = Channels(pagers={"ntfy": pager})
        return await tried_once(channels, PAGE, "ana", Way(channel="ntfy", name="ntfy"), ledger, click="")
    finally:
        ledger.close()


def test_its_first_words_say_that_it_is_a_test_and_needs_nothing() -> None:
    """Title and text: a lock screen may show only one of them."""
    assert (PAGE.title, PAGE.text.splitlines()[0]) == (
        "TEST: no incident, nothing to do",
        "This is a test of how you are reached. Nothing is wrong, and you need do nothing.",
    )


async def test_its_key_is_the_week_the_person_and_the_way(tmp_path: Path) -> None:
    """Business identity, never a run's."""
    pager = FakePager()
    await tried(pager, tmp_path)
    assert [page.key for page in pager.pages] == ["weekly-test/2026-W25/ana/ntfy"]


async def test_what_has_arrived_is_not_sent_again_by_the_next_worker(tmp_path: Path) -> None:
    """The ledger says so."""
    pager = FakePager()
    await tried(pager, tmp_path)
    assert (await tried(pager, tmp_path)).outcome is Arrival.DELIVERED
    assert len(pager.pages) == 1


async def test_a_lost_answer_is_looked_up_where_the_provider_can_tell(tmp_path: Path) -> None:
    """And then it is known to have arrived."""
    pager = FakePager(lost=lambda _: True)
    found = await tried(pager, tmp_path)
    assert (found.outcome, len(pager.pages)) == (Arrival.DELIVERED, 1)


async def test_a_lost_answer_is_the_end_where_nobody_can_tell(tmp_path: Path) -> None:
    """At most once: neither this worker nor the one after a kill sends it again."""
    pager = FakePager(lost=lambda _: True, remembers=False)
    found = [await tried(pager, tmp_path), await tried(pager, tmp_path)]
    assert [delivery.why for delivery in found] == ["its answer was lost", MAYBE]
    assert len(pager.pages) == 1


async def test_who_may_send_but_not_look_does_not_send_again(tmp_path: Path) -> None:
    """An ntfy token for writing only."""

    class Blind(FakePager):
        async def find(self, page: object, *, to: str) -> None:  # type: ignore[override]
            raise Refused("403")

    pager = Blind(lost=lambda _: True)
    assert ((await tried(pager, tmp_path)).why, len(pager.pages)) == (MAYBE, 1)


async def test_a_provider_that_is_away_for_a_moment_is_asked_again(tmp_path: Path) -> None:
    """Where it can tell that nothing arrived."""
    failures = [Unreachable("away")]
    pager = FakePager(fails=lambda _: failures.pop() if failures else None)
    assert (await tried(pager, tmp_path)).outcome is Arrival.DELIVERED
