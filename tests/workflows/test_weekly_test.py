"""The weekly test of paging on a real engine: each contact once, whatever is started twice, and what is told of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.client import Client

from incident.model.effects import Page
from incident.model.weekly_test import Week, WeeklyReport
from integrations.clock import utc_now
from integrations.errors import Refused
from integrations.page_test import MAYBE
from integrations.ports import Button, Channels, Receipt
from integrations.weekly_report import kept
from oncall.schedule import Contact, Person, Rotation, Schedule
from oncall.weekly_test import WeeklyTest
from oncall.written import Weekday
from tests.conftest import House
from tests.fakes import FakeChat, FakePager
from tests.waiting import eventually
from worker.weekly_test import begin, weekly_testing

SECRET = "topic-of-ana-4711"
PEOPLE = Schedule(
    people={
        "ana": Person(
            contacts=(Contact(channel="ntfy", to=SecretStr(SECRET)), Contact(channel="chat", to=SecretStr("hush")))
        ),
        "bo": Person(contacts=(Contact(channel="ntfy", to=SecretStr("topic-of-bo")),)),
        "kim": Person(contacts=(Contact(channel="ntfy", to=SecretStr("nobody-tests-kim")),)),
    },
    rotations={"default": Rotation(members=("ana", "bo"), starts=utc_now().date())},
)


def week(name: str = "2026-W25", *, at: datetime | None = None, **more: timedelta) -> Week:
    begins = at or utc_now()
    return Week(name=name, at=begins, until=begins + timedelta(hours=1), **more)


@dataclass
class Office:
    """A namespace and a worker of its own."""

    client: Client
    house: House
    others: Channels | None = None

    @asynccontextmanager
    async def works(self) -> AsyncIterator[None]:
        self.house.schedule = PEOPLE
        async with self.house.worker(self.client, channels=self.others):
            yield

    async def ends(self, name: str = "2026-W25") -> WeeklyReport:
        handle = self.client.get_workflow_handle(f"weekly-test-{name}", result_type=WeeklyReport)
        return await handle.result(rpc_timeout=timedelta(seconds=30))

    async def run_id(self) -> str:
        described = await self.client.get_workflow_handle("weekly-test-2026-W25").describe()
        return described.run_id or ""

    async def tests(self, this: Week) -> WeeklyReport:
        async with self.works():
            await begin(self.client, this)
            return await self.ends(this.name)


@pytest.fixture
def office(own_namespace: Client, tmp_path: Path) -> Office:
    return Office(own_namespace, House(tmp_path))


async def test_each_contact_of_each_member_is_paged_once_and_the_team_is_told(office: Office) -> None:
    """Whoever begins it a second time, it is the same week."""
    async with office.works():
        assert [await begin(office.client, week()), await begin(office.client, week())] == [True, True]
        report = await office.ends()
        first = await office.run_id()
        await begin(office.client, week())

    assert await office.run_id() == first
    assert sorted(sent.to for sent in office.house.pager.sent) == ["topic-of-ana-4711", "topic-of-bo"]
    assert [sent.to for sent in office.house.chat_pager.sent] == ["hush"]
    assert [post.title for post in said(office)] == ["weekly test of paging, 2026-W25: 3 of 3 ways took it"]
    assert kept(office.house.home) == report


async def test_who_could_not_be_reached_by_what_is_told_without_an_address(office: Office) -> None:
    """In the thread, in the log and to `incidents doctor`; no address is in the engine's history."""
    office.house.chat_pager.fails = lambda _: Refused("it answered 404")
    report = await office.tests(week())

    assert [(d.person, d.channel) for d in report.failed] == [("ana", "chat")]
    assert said(office)[0].lines == ("ana could not be reached by chat: refused (it answered 404)",)
    history = await office.client.get_workflow_handle("weekly-test-2026-W25").fetch_history()
    kept_there = "".join(event.SerializeToString().decode("latin-1") for event in history.events)
    assert ("ana" in kept_there, SECRET in kept_there, "hush" in kept_there) == (True, False, False)


async def test_a_test_that_nobody_sent_in_time_rings_at_no_other_hour(office: Office) -> None:
    """Every worker was away until the night."""
    report = await office.tests(week(at=utc_now() - timedelta(hours=2)))

    assert (office.house.pager.sent, office.house.chat_pager.sent) == ([], [])
    assert len(report.failed) == 3


async def test_what_is_quiet_at_its_time_is_tried_later(office: Office) -> None:
    """At its own hour, by the engine's clock."""
    later = utc_now() + timedelta(seconds=1.5)
    await office.tests(week(at=later))

    assert len(office.house.pager.sent) == 2
    assert utc_now() >= later


@dataclass
class Dying(FakePager):
    """It has the page, and its answer does not come before the worker is gone."""

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        await super().page(page, to=to, click=click, buttons=buttons)
        await asyncio.Event().wait()
        raise AssertionError("nobody woke it")


async def test_a_worker_that_dies_over_it_costs_nobody_a_second_page(office: Office) -> None:
    """The next one finds that it was begun: what can be asked is asked, and what cannot tell is not sent again."""
    ntfy, mail = Dying(), Dying(remembers=False)
    office.others = Channels(pagers={"ntfy": ntfy, "chat": mail}, chat=office.house.chat)
    async with office.works():
        await begin(office.client, week())
        await eventually(lambda: _taken(ntfy, mail), "all pages are taken, none is answered")
    async with office.works():
        report = await office.ends()

    assert (len(ntfy.sent), len(mail.sent)) == (2, 1)
    assert [(d.channel, d.why) for d in report.failed] == [("chat", MAYBE)]


async def _taken(ntfy: FakePager, mail: FakePager) -> bool:
    return len(ntfy.sent) == 2 and len(mail.sent) == 1


@dataclass
class Keeper(FakePager):
    """A provider that keeps an incident for each page."""

    ended: list[tuple[str, str]] = field(default_factory=list)

    async def acknowledged(self, alarm: str, *, to: str) -> Receipt:
        raise AssertionError("nobody acknowledged a test")

    async def resolved(self, alarm: str, *, to: str) -> Receipt:
        self.ended.append((alarm, to))
        return Receipt()


async def test_a_provider_that_keeps_incidents_is_told_that_the_test_is_over(office: Office) -> None:
    """Left open, it would be carried to the next person there."""
    keeper = Keeper()
    office.others = Channels(pagers={"ntfy": keeper, "chat": FakePager()}, chat=office.house.chat)
    await office.tests(week(rings=timedelta(milliseconds=10)))

    assert sorted(keeper.ended) == [
        ("weekly-test/2026-W25/ana/ntfy", "topic-of-ana-4711"),
        ("weekly-test/2026-W25/bo/ntfy", "topic-of-bo"),
    ]


async def test_a_worker_begins_it_when_its_hour_has_come(office: Office) -> None:
    """And two of them begin one."""
    now = utc_now()
    weekly = WeeklyTest(weekday=list(Weekday)[now.weekday()], at=now.time().replace(microsecond=0), zone="UTC")
    async with office.works(), weekly_testing(office.client, weekly), weekly_testing(office.client, weekly):
        await eventually(lambda: _told(office), "the team is told")
    assert len(office.house.pager.sent) == 2


async def _told(office: Office) -> bool:
    return bool(said(office))


def said(office: Office) -> list:
    chat = office.house.chat
    assert isinstance(chat, FakeChat)
    return chat.posts
