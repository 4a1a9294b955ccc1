"""The second path's own sending: the same people and ways, remembered by itself."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from activities.ledger import Ledger
from bridge.second_path.delivering import Delivering
from bridge.second_path.missed import Away, Missed
from bridge.second_path.wording import page_for
from incident.model.effects import Page
from incident.model.outcomes import Arrival
from incident.model.severity import Severity
from integrations.errors import Refused, Unreachable
from integrations.last_known import LastKnown
from integrations.on_duty import OnDuty
from integrations.one_send import REPEAT
from integrations.ports import Channels
from integrations.wording import mark_of
from oncall.answer import Named
from oncall.schedule import Contact, Person, Rotation, Schedule
from tests.bridge.second_path.desk import NOON, database_down
from tests.fakes import FakePager, FakeSource

MISSED = Missed(
    incident="incident-AppDBDown-shop.test",
    alert=database_down(),
    severity=Severity.SEV1,
    domain="database",
    away=Away.ENGINE,
    since=NOON,
    firing=("f1",),
)
PAGE = page_for((MISSED,), 1)


@dataclass
class Sender:
    """A bridge's sending, on one home."""

    home: Path
    schedule: Schedule = field(default_factory=Schedule)
    on_duty: OnDuty = field(default_factory=OnDuty)
    ntfy: FakePager = field(default_factory=FakePager)
    chat: FakePager = field(default_factory=lambda: FakePager(remembers=False))

    async def sends(self, page: Page = PAGE, *, again: bool = False) -> list[tuple[str, str, Arrival]]:
        """Person, channel and what came of it."""
        ledger = Ledger(self.home / "second_path.db")
        channels = Channels(pagers={"ntfy": self.ntfy, "chat": self.chat})
        deliver = Delivering(
            channels=channels, schedule=self.schedule, memory=ledger, click="https://ui.test", on_duty=self.on_duty
        )
        found = await deliver(page, again=again)
        ledger.close()
        return [(delivery.person, delivery.channel, delivery.outcome) for delivery in found]


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    return Sender(tmp_path)


async def test_without_people_it_is_the_team_s_own_channels(sender: Sender) -> None:
    """As ever."""
    assert await sender.sends() == [("on-call", "ntfy", Arrival.DELIVERED)]


async def test_whoever_is_on_call_is_reached_by_their_own_ways(sender: Sender) -> None:
    """Found out by the bridge itself: it needs no engine for that."""
    sender.schedule = Schedule(
        people={"ana": Person(contacts=(Contact(channel="chat"),)), "bo": Person()},
        rotations={"default": Rotation(members=("ana", "bo"), starts=NOON.date(), every=366)},
    )
    assert await sender.sends() == [("ana", "chat", Arrival.DELIVERED)]


async def test_a_rotation_that_is_somebody_else_s_is_asked_about(sender: Sender) -> None:
    """The bridge asks by itself; what it was told counts while they are silent, and the page says how old it is."""
    sender.schedule = Schedule(
        people={"ana": Person(contacts=(Contact(channel="ntfy"),)), "bo": Person()},
        rotations={"default": Rotation(source="fake:F"), "finance": Rotation(source="fake:G")},
    )
    source = FakeSource((Named(words="ana"),))
    sender.on_duty = OnDuty({"fake": source}, LastKnown(sender.home / "oncall.json"))
    assert (await sender.sends(), source.asked) == ([("ana", "ntfy", Arrival.DELIVERED)], ["F"])

    source.says = Unreachable("away")
    assert await sender.sends(replace(PAGE, key="second")) == [("ana", "ntfy", Arrival.DELIVERED)]
    doubts = ["On call as of" in page.text for page in sender.ntfy.pages]
    assert doubts == [False, True]


async def test_a_source_that_never_answered_is_said_to_have_nobody(sender: Sender) -> None:
    """So that it is said in the chat that nobody could be paged."""
    sender.schedule = Schedule(people={"ana": Person()}, rotations={"default": Rotation(source="fake:F")})
    sender.on_duty = OnDuty({"fake": FakeSource(Unreachable("away"))})
    assert await sender.sends() == [("on-call", "", Arrival.NOBODY)]


async def test_a_channel_that_refuses_is_followed_by_the_next(sender: Sender) -> None:
    """The same search as the orchestrator's."""
    sender.ntfy.fails = lambda _: Refused("ntfy: 403")
    assert await sender.sends() == [("on-call", "ntfy", Arrival.REFUSED), ("on-call", "chat", Arrival.DELIVERED)]


async def test_what_was_sent_before_the_kill_is_not_sent_again(sender: Sender) -> None:
    """Its row says that it arrived."""
    await sender.sends()
    await sender.sends(again=True)
    assert len(sender.ntfy.pages) == 1


async def test_a_lost_answer_is_looked_up_where_the_provider_can_tell(sender: Sender) -> None:
    """Sent, and killed before anything was written down."""
    await sender.ntfy.page(_copy("ntfy"), to="", click="")
    await sender.sends(again=True)
    assert len(sender.ntfy.pages) == 1


async def test_a_page_of_another_bridge_is_found_before_one_is_sent(sender: Sender) -> None:
    """Nobody says that it may be a repeat: this bridge has sent nothing."""
    await sender.ntfy.page(_copy("ntfy"), to="", click="")
    assert await sender.sends() == [("on-call", "ntfy", Arrival.DELIVERED)]
    assert len(sender.ntfy.pages) == 1


async def test_a_provider_that_cannot_tell_is_sent_the_page_as_it_is(sender: Sender) -> None:
    """Two homes then page twice, and it is no repeat of ours."""
    sender.ntfy.fails = lambda _: Refused("ntfy: 403")
    await sender.sends()
    assert [REPEAT in page.text for page in sender.chat.pages] == [False]


async def test_whatever_keeps_a_provider_from_telling_costs_no_page(sender: Sender) -> None:
    """A token that may only write, a search that is broken."""

    class Blind(FakePager):
        async def find(self, page: Page, *, to: str) -> None:  # type: ignore[override]
            raise Unreachable("503")

    sender.ntfy = Blind()
    assert (await sender.sends(), len(sender.ntfy.pages)) == ([("on-call", "ntfy", Arrival.DELIVERED)], 1)


async def test_a_lost_answer_of_a_provider_that_cannot_tell_is_sent_again_and_says_so(sender: Sender) -> None:
    """The only repeat there may be (issue 5 §7)."""
    sender.ntfy.fails = lambda _: Refused("ntfy: 403")
    await sender.sends(again=True)
    assert [page.text.endswith(REPEAT) for page in sender.chat.pages] == [True]


def test_a_provider_that_is_asked_never_takes_it_for_the_incident_s_own_page() -> None:
    """Both are numbered from 1: one that was mistaken for the other would never be sent."""
    own = replace(PAGE, incident_id=MISSED.incident)
    assert (mark_of(PAGE) in PAGE.text, mark_of(own) in PAGE.text) == (True, False)


def _copy(channel: str) -> Page:
    return replace(PAGE, key=f"{PAGE.key}/on-call/{channel}")
