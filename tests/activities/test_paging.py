"""A page reaches the people it is for, each once, and whatever breaks on our side, at least once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.testing import ActivityEnvironment

from activities.ledger import Ledger
from activities.links import Links
from activities.paging import PagingActivities
from incident.model.effects import Page
from incident.model.outcomes import Arrival, Delivery, Paged
from incident.model.severity import Severity
from integrations.action_links import ActionLinks
from integrations.clock import utc_now
from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.last_known import LastKnown, Remembered
from integrations.on_duty import OnDuty
from integrations.oncall_sources.icalendar import ICalendar
from integrations.one_send import REPEAT
from integrations.ports import Button, Channels, Receipt
from oncall.schedule import Schedule
from tests.fakes import FakePager

PAGE = Page(
    key="incident-A@1/page/1",
    incident_id="incident-A",
    number=1,
    domain="database",
    severity=Severity.SEV1,
    title="SEV-1 A",
    text="Customers cannot work.",
    audience="on-call",
    urgent=True,
    next_contact_after=timedelta(seconds=30),
    not_before=datetime(2026, 6, 16, 3, 28, tzinfo=UTC),
    because="A fires",
)
SENT = replace(PAGE, key=f"{PAGE.key}/on-call/ntfy")
"""As the team's topic gets it."""
LACKING = {"chat": "INCIDENTS_CHAT__WEBHOOK_URL"}


pytestmark = pytest.mark.usefixtures("impatient")


def people(**contacts: list[dict[str, Any]]) -> Schedule:
    """`ana` is on call for everything; contacts are theirs."""
    return Schedule.model_validate(
        {
            "people": {name: {"contacts": theirs} for name, theirs in contacts.items()},
            "rotations": {"default": {"members": [next(iter(contacts), "ana")], "starts": "2026-01-05"}},
        }
    )


async def still_true(_: Page) -> str:
    """An incident that nobody has changed."""
    return ""


async def page(
    ledger: Ledger, pager: FakePager, effect: Page = PAGE, *, attempt: int = 1, **more: Any
) -> tuple[Delivery, ...]:
    """One attempt, as the engine makes it; `more`: further pagers by channel, and a `schedule`."""
    env = ActivityEnvironment()
    env.info = replace(env.info, attempt=attempt)
    schedule = more.pop("schedule", Schedule())
    channels = Channels(pagers={"ntfy": pager, **more}, missing=LACKING)
    paging = PagingActivities(channels, ledger, Links("http://ui"), schedule, ask=still_true)
    answer: Paged = await env.run(paging.page, effect)
    return answer.deliveries


def outcomes(deliveries: tuple[Delivery, ...]) -> list[tuple[str, str, str]]:
    return [(told.person, told.channel, told.outcome.value) for told in deliveries]


async def test_a_silent_source_pages_whom_it_last_named_and_the_delivery_says_so(
    ledger: Ledger, tmp_path: Path
) -> None:
    """And with nobody ever named, the page says that nobody is behind the target."""
    schedule = Schedule.model_validate(
        {"people": {"ana": {}}, "rotations": {"default": {"source": f"icalendar:{tmp_path / 'shifts.ics'}"}}}
    )
    memory = LastKnown(tmp_path / "oncall.json")
    duty = OnDuty({"icalendar": ICalendar(httpx.AsyncClient())}, memory)
    paging = PagingActivities(
        Channels(pagers={"ntfy": FakePager()}), ledger, Links("http://ui"), schedule, None, duty, still_true
    )

    never: Paged = await ActivityEnvironment().run(paging.page, PAGE)
    memory.renew(schedule.rotations, {"default": Remembered(person="ana", at=utc_now())})
    last: Paged = await ActivityEnvironment().run(paging.page, replace(PAGE, key="incident-A@1/page/2"))

    assert [
        (told.person, told.outcome, told.why.split("; ")[-1]) for told in (*never.deliveries, *last.deliveries)
    ] == [
        ("on-call", Arrival.NOBODY, "no earlier answer is known"),
        ("ana", Arrival.DELIVERED, "last known answer, under 1 min old"),
    ]


async def test_a_page_is_delivered_with_its_receipt(ledger: Ledger) -> None:
    """The provider's own id comes back as the receipt."""
    (told,) = await page(ledger, FakePager())

    assert told == Delivery(person="on-call", channel="ntfy", outcome=Arrival.DELIVERED, receipt="receipt-1")


async def test_a_second_attempt_after_a_delivery_sends_nothing(ledger: Ledger) -> None:
    """The ledger knows it arrived."""
    pager = FakePager()
    await page(ledger, pager)

    assert (await page(ledger, pager, attempt=2))[0].repeat
    assert len(pager.pages) == 1


async def test_an_attempt_that_was_killed_after_sending_is_found_at_the_provider(ledger: Ledger) -> None:
    """Begun, never ended: the provider is asked before anything is sent again."""
    pager = FakePager()
    await ledger.begin(SENT.key)
    await pager.page(SENT, to="", click="")

    assert (await page(ledger, pager, attempt=2))[0].repeat
    assert len(pager.pages) == 1


async def test_an_attempt_of_another_machine_is_found_at_the_provider(ledger: Ledger) -> None:
    """Its ledger is not ours, but the attempt's number says that there was one."""
    pager = FakePager()
    await pager.page(SENT, to="", click="")

    await page(ledger, pager, attempt=2)

    assert len(pager.pages) == 1


async def test_a_provider_that_cannot_be_asked_gets_an_honest_repeat(ledger: Ledger) -> None:
    """It may ring twice; the second page says so."""
    pager = FakePager(remembers=False)
    await ledger.begin(SENT.key)

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
    await ledger.begin(SENT.key)

    await page(ledger, pager, attempt=2)

    assert pager.pages[0].text == PAGE.text


@pytest.mark.parametrize("broken", ["before", "after"])
async def test_a_ledger_that_cannot_be_written_keeps_nobody_asleep(tmp_path: Path, broken: str) -> None:
    """A full or broken disk costs the memory of what was sent, never the page."""
    ledger, pager = Ledger(tmp_path / "ledger.db"), FakePager()
    if broken == "before":
        _drop_now(ledger)
    else:
        pager.fails = lambda _: _drop_now(ledger)
    await page(ledger, pager)
    ledger.close()

    assert len(pager.pages) == 1


def _drop_now(ledger: Ledger) -> None:
    ledger._thread.submit(lambda: ledger._db.execute("DROP TABLE effects")).result()


# ── one way after the other ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_channel_that_is_not_set_says_which_setting_is_missing(ledger: Ledger) -> None:
    """No retry helps; it is told, and the next way is tried."""
    told = await page(ledger, FakePager(fails=lambda _: Refused("no")))

    assert (told[1].outcome, "set INCIDENTS_CHAT__WEBHOOK_URL" in told[1].why) == (Arrival.REFUSED, True)


async def test_a_way_that_refuses_is_followed_by_the_next_at_once(ledger: Ledger) -> None:
    """It would refuse again."""
    told = await page(ledger, FakePager(fails=lambda _: Refused("ntfy answered 403")), chat=FakePager())

    assert outcomes(told) == [("on-call", "ntfy", "refused"), ("on-call", "chat", "delivered")]


async def test_a_way_that_is_away_is_asked_again_first(ledger: Ledger) -> None:
    """A provider that is down may be up in a second."""
    failures = iter([Unreachable("ntfy did not answer")])
    chat = FakePager()
    told = await page(ledger, FakePager(fails=lambda _: next(failures, None)), chat=chat)

    assert (outcomes(told), chat.pages) == ([("on-call", "ntfy", "delivered")], [])


async def test_a_way_that_stays_away_is_followed_by_the_next(ledger: Ledger) -> None:
    """Patience has an end."""
    told = await page(ledger, FakePager(fails=lambda _: Unreachable("away")), chat=FakePager())

    assert outcomes(told) == [("on-call", "ntfy", "unreachable"), ("on-call", "chat", "delivered")]


async def test_a_provider_that_asks_for_a_longer_wait_than_our_patience_is_passed_over(ledger: Ledger) -> None:
    """HTTP 429: somebody else must wake the person."""
    told = await page(ledger, FakePager(fails=lambda _: RateLimited("429", 300)), chat=FakePager())

    assert outcomes(told)[1] == ("on-call", "chat", "delivered")


class Hanging(FakePager):
    """Takes the message, and answers only when let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = asyncio.Event()

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        await self.let_go.wait()
        return await super().page(page, to=to, click=click, buttons=buttons)


class Releasing(FakePager):
    """Lets another one go once it has taken a message."""

    def __init__(self, other: Hanging) -> None:
        super().__init__()
        self.other = other

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        receipt = await super().page(page, to=to, click=click, buttons=buttons)
        self.other.let_go.set()
        return receipt


async def test_a_sev1_tries_the_next_way_beside_one_that_hangs(ledger: Ledger) -> None:
    """Somebody else's broken server keeps nobody asleep; what it says in the end is told too."""
    slow = Hanging()
    effect = replace(PAGE, next_contact_after=timedelta(seconds=0.01))
    told = await page(ledger, slow, effect, chat=Releasing(slow))

    assert sorted(outcomes(told)) == [("on-call", "chat", "delivered"), ("on-call", "ntfy", "delivered")]


async def test_a_sev2_waits_for_one_way_before_the_next(ledger: Ledger) -> None:
    """Two devices ring for nothing when the first was only slow."""
    slow, chat = Hanging(), FakePager()
    effect = replace(PAGE, urgent=False, severity=Severity.SEV2, next_contact_after=timedelta(0))
    asyncio.get_running_loop().call_later(0.05, slow.let_go.set)
    await page(ledger, slow, effect, chat=chat)

    assert chat.pages == []


# ── whom ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_whoever_is_on_call_is_reached_at_their_own_address(ledger: Ledger) -> None:
    """The incident names a target; who that is, and where, is found out when the page goes out."""
    pager = FakePager()
    told = await page(ledger, pager, schedule=people(ana=[{"channel": "ntfy", "to": "hush/ana"}]))

    assert (outcomes(told), pager.sent[0].to) == ([("ana", "ntfy", "delivered")], "hush/ana")


async def test_whoever_has_an_address_gets_a_button_of_their_own(ledger: Ledger) -> None:
    """Signed for them: pressing it says who pressed."""
    links = ActionLinks("https://incidents.example.org", "0123456789abcdef0123456789abcdef")
    pager = FakePager()
    schedule = people(ana=[{"channel": "ntfy", "to": "ana-7f3"}])
    paging = PagingActivities(
        Channels(pagers={"ntfy": pager}), ledger, Links("http://ui"), schedule, links, ask=still_true
    )
    await ActivityEnvironment().run(paging.page, PAGE)

    assert [[button.label for button in sent.buttons] for sent in pager.sent] == [["Ack"]]


async def test_each_send_has_a_key_of_its_own(ledger: Ledger) -> None:
    """Page, person, channel; a second address on the same channel counts."""
    pager = FakePager(fails=lambda asked: Refused("no") if asked.key.endswith("/ntfy") else None)
    await page(ledger, pager, schedule=people(ana=[{"channel": "ntfy", "to": "a"}, {"channel": "ntfy", "to": "b"}]))

    assert [sent.page.key for sent in pager.sent] == ["incident-A@1/page/1/ana/ntfy-2"]


async def test_a_target_nobody_stands_for_is_told(ledger: Ledger) -> None:
    """The incident falls through to its next rung."""
    told = await page(
        ledger, FakePager(), replace(PAGE, targets=("owner",)), schedule=people(ana=[{"channel": "ntfy", "to": "a"}])
    )

    assert (outcomes(told), told[0].why) == ([("owner", "", "nobody")], "no owner is set for database")


async def test_people_are_reached_side_by_side(ledger: Ledger) -> None:
    """One whose server hangs makes nobody else wait."""
    slow = Hanging()
    schedule = people(ana=[{"channel": "ntfy", "to": "a"}], bo=[{"channel": "chat", "to": "b"}])
    told = await page(
        ledger, slow, replace(PAGE, targets=("person:ana", "person:bo")), chat=Releasing(slow), schedule=schedule
    )

    assert outcomes(told) == [("ana", "ntfy", "delivered"), ("bo", "chat", "delivered")]


async def test_no_address_is_told(ledger: Ledger) -> None:
    """What comes back goes into history."""
    failing: IntegrationError = Refused("ntfy answered 403")
    told = await page(
        ledger, FakePager(fails=lambda _: failing), schedule=people(ana=[{"channel": "ntfy", "to": "4711"}])
    )

    assert "4711" not in repr(told)
