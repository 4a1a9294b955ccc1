"""A page reaches a person once, and whatever breaks on our side, at least once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.ledger import Ledger
from activities.links import Links
from activities.paging import REPEAT, PagingActivities
from incident.model.effects import Page
from incident.model.outcomes import Paged
from integrations.errors import Refused, Unreachable
from integrations.ports import Channels, Receipt
from tests.fakes import FakePager

PAGE = Page(
    key="incident-A@1/page/1/ntfy",
    incident_id="incident-A",
    number=1,
    channel="ntfy",
    title="SEV-1 A",
    text="Customers cannot work.",
    audience="on-call",
    urgent=True,
    not_before=datetime(2026, 6, 16, 3, 28, tzinfo=UTC),
    because="A fires",
)
LACKING = {"chat": "INCIDENTS_CHAT__WEBHOOK_URL"}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db")
    yield opened
    opened.close()


async def page(ledger: Ledger, pager: FakePager, effect: Page = PAGE, *, attempt: int = 1) -> Paged:
    """One attempt, as the engine makes it."""
    env = ActivityEnvironment()
    env.info = replace(env.info, attempt=attempt)
    activities = PagingActivities(Channels(pagers={"ntfy": pager}, missing=LACKING), ledger, Links("http://ui"))
    return await env.run(activities.page, effect)


async def test_a_page_is_delivered_with_its_receipt(ledger: Ledger) -> None:
    """The provider's own id comes back as the receipt."""
    assert await page(ledger, FakePager()) == Paged(number=1, channel="ntfy", receipt="receipt-1")


async def test_a_second_attempt_after_a_delivery_sends_nothing(ledger: Ledger) -> None:
    """The ledger knows it arrived."""
    pager = FakePager()
    await page(ledger, pager)

    assert (await page(ledger, pager, attempt=2)).repeat
    assert len(pager.pages) == 1


async def test_an_attempt_that_was_killed_after_sending_is_found_at_the_provider(ledger: Ledger) -> None:
    """Begun, never ended: the provider is asked before anything is sent again."""
    pager = FakePager()
    await ledger.begin(PAGE.key)
    await pager.page(PAGE, to="", click="")

    assert (await page(ledger, pager, attempt=2)).repeat
    assert len(pager.pages) == 1


async def test_an_attempt_of_another_machine_is_found_at_the_provider(ledger: Ledger) -> None:
    """Its ledger is not ours, but the attempt's number says that there was one."""
    pager = FakePager()
    await pager.page(PAGE, to="", click="")

    await page(ledger, pager, attempt=2)

    assert len(pager.pages) == 1


async def test_a_provider_that_cannot_be_asked_gets_an_honest_repeat(ledger: Ledger) -> None:
    """It may ring twice; the second page says so."""
    pager = FakePager(remembers=False)
    await ledger.begin(PAGE.key)

    await page(ledger, pager, attempt=2)

    assert pager.pages[0].text == f"{PAGE.text}\n{REPEAT}"


class Mute(FakePager):
    """May be sent to, and not be looked at."""

    async def find(self, page: Page, *, to: str) -> Receipt | None:
        raise Refused("ntfy answered 403: forbidden")


async def test_a_provider_that_may_not_be_asked_gets_an_honest_repeat_too(ledger: Ledger) -> None:
    """A token that only writes must not cost the page."""
    pager = Mute()
    await page(ledger, pager, attempt=2)

    assert pager.pages[0].text == f"{PAGE.text}\n{REPEAT}"


async def test_a_provider_that_remembers_gets_the_page_as_it_was(ledger: Ledger) -> None:
    """It says that nothing arrived: this is no repeat."""
    pager = FakePager()
    await ledger.begin(PAGE.key)

    await page(ledger, pager, attempt=2)

    assert pager.pages[0].text == PAGE.text


@pytest.mark.parametrize("broken", ["before", "after"])
async def test_a_ledger_that_cannot_be_written_keeps_nobody_asleep(tmp_path: Path, broken: str) -> None:
    """A full or broken disk costs the memory of what was sent, never the page."""
    ledger, pager = Ledger(tmp_path / "ledger.db"), FakePager()
    if broken == "before":
        _drop_now(ledger)
        await page(ledger, pager)
    else:
        pager.fails = lambda _: _drop_now(ledger)
        await page(ledger, pager)
    ledger.close()

    assert len(pager.pages) == 1


def _drop_now(ledger: Ledger) -> None:
    ledger._thread.submit(lambda: ledger._db.execute("DROP TABLE effects")).result()


async def test_a_channel_that_is_not_set_says_which_setting_is_missing(ledger: Ledger) -> None:
    """No retry helps; the next channel does."""
    with pytest.raises(ApplicationError, match="set INCIDENTS_CHAT__WEBHOOK_URL") as refused:
        await page(ledger, FakePager(), replace(PAGE, channel="chat"))

    assert refused.value.non_retryable


@pytest.mark.parametrize(
    ("failure", "worth_a_retry"), [(Unreachable("ntfy did not answer"), True), (Refused("ntfy answered 403"), False)]
)
async def test_a_failure_says_whether_trying_again_helps(
    ledger: Ledger, failure: Unreachable | Refused, worth_a_retry: bool
) -> None:
    """A provider that is down may be up in a second; one that refuses will refuse again."""
    with pytest.raises(ApplicationError) as raised:
        await page(ledger, FakePager(fails=lambda _: failure))

    assert raised.value.non_retryable is not worth_a_retry
