"""Whom a page is for where rotations are somebody else's: who is asked, and what an old answer is worth."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.recognising import People
from cli.page_test import Nothing
from incident.model.effects import Page
from integrations.clock import utc_now
from integrations.delivery import Sending
from integrations.errors import Unreachable
from integrations.last_known import LastKnown
from integrations.on_duty import Members, OnDuty
from integrations.page_test import page_of
from oncall.answer import Named
from oncall.audience import Audience
from oncall.schedule import Schedule
from tests.fakes import FakePager, FakeSource
from tests.oncall.plans import utc
from tests.waiting import eventually
from worker.refreshing import refreshing

NOW = utc("2026-06-16T12:00")
ANA = (Named(words="ana"),)
PLAN = Schedule.model_validate(
    {
        "people": {"ana": {}, "bo": {}},
        "rotations": {name: {"source": f"fake:{name}"} for name in ("default", "database", "edge", "finance", "night")},
        "layers": {
            "edge": [{"rotation": "edge"}, {"rotation": "night", "from": "22:00", "until": "06:00"}],
        },
        "owners": {"database": ["rotation:finance", "bo"]},
    }
)


def page(*targets: str, domain: str = "database") -> Page:
    return replace(page_of("page", "ana", NOW, "a test"), targets=targets, domain=domain)


async def found(source: FakeSource, home: Path, *targets: str, domain: str = "database", hours: float = 0) -> Audience:
    """So many hours after noon."""
    duty = OnDuty({"fake": source}, LastKnown(home / "oncall.json"))
    at = NOW + timedelta(hours=hours)
    return await duty.audience(PLAN, page(*targets, domain=domain), ("ntfy",), at)


@pytest.mark.parametrize(
    ("targets", "domain", "asked"),
    [
        (("on-call",), "database", ["database"]),
        (("on-call",), "ledger", ["default"]),
        (("on-call",), "edge", ["edge"]),  # the night's layer is not active at noon
        (("owner",), "database", ["finance"]),
        (("on-call", "owner"), "database", ["database", "finance"]),
        (("rotation:edge", "rotation:nobody"), "database", ["edge"]),
        (("person:bo", "everyone"), "database", []),
    ],
)
async def test_only_rotations_that_the_page_can_need_are_asked(
    tmp_path: Path, targets: tuple[str, ...], domain: str, asked: list[str]
) -> None:
    """Somebody else's silence must not hold up a page that has nothing to do with it."""
    source = FakeSource(ANA)
    await found(source, tmp_path, *targets, domain=domain)
    assert sorted(source.asked) == asked


@pytest.mark.parametrize(("hours", "person"), [(24, ["ana"]), (24.1, [])])
async def test_an_answer_of_more_than_a_day_ago_counts_no_more(tmp_path: Path, hours: float, person: list[str]) -> None:
    """The rung falls through, and says so."""
    await found(FakeSource(ANA), tmp_path, "on-call")
    later = await found(FakeSource(Unreachable("away")), tmp_path, "on-call", hours=hours)
    assert [recipient.person for recipient in later.recipients] == person
    assert ("too old to count" in later.missing.get("on-call", "")) is not bool(person)


@pytest.mark.parametrize("target", ["on-call", "rotation:database", "owner"])
async def test_the_page_itself_says_how_old_the_answer_is(tmp_path: Path, target: str) -> None:
    """Whoever is woken may not be on call any more; the timeline alone does not tell them."""
    await found(FakeSource(ANA), tmp_path, target)
    later = await found(FakeSource(Unreachable("away")), tmp_path, target, hours=3)
    pager = FakePager()
    await Sending(page=page(target), pagers={"ntfy": pager}, memory=Nothing(), click="").deliver(later.recipients)

    silent = {"owner": "fake:finance"}.get(target, "fake:database")
    assert pager.pages[0].text.splitlines()[1] == f"On call as of 3 h ago: {silent} is silent."


async def test_members_are_those_of_the_plan_and_those_a_source_lists(tmp_path: Path) -> None:
    """Whoever is on call just now among them, and nobody whom we do not know."""
    source = FakeSource(ANA, has=(Named(id="PBO"), Named(id="PZOE")))
    plan = Schedule.model_validate(
        {
            "people": {"ana": {}, "bo": {"pagerduty": "PBO"}, "kim": {}},
            "rotations": {"finance": {"source": "fake:F"}, "default": {"members": ["kim"], "starts": "2026-01-05"}},
        }
    )
    found = await OnDuty({"fake": source}).members(plan, NOW)
    assert {name: members.people for name, members in found.items()} == {"finance": ("bo", "ana"), "default": ("kim",)}


@pytest.mark.parametrize("failure", [Unreachable("away"), KeyError("a slip of ours")])
async def test_members_that_cannot_be_listed_are_unknown_but_for_whom_it_named_last(
    tmp_path: Path, failure: Exception
) -> None:
    """Never nobody."""
    memory = LastKnown(tmp_path / "oncall.json")
    await OnDuty({"fake": FakeSource(ANA)}, memory).answered(PLAN, NOW)
    found = (await OnDuty({"fake": FakeSource(failure)}, memory).members(PLAN, NOW))["finance"]
    assert (found.people, "fake:finance is silent" in found.unknown) == (("ana",), True)


async def test_what_is_known_stays_fresh_without_any_page(tmp_path: Path) -> None:
    """A source that falls silent after a quiet week has an answer that counts."""
    memory, people = LastKnown(tmp_path / "oncall.json"), People(PLAN)
    duty = OnDuty({"fake": FakeSource(ANA, has=(Named(words="bo"),))}, memory)

    async def known() -> bool:
        return people.groups_of("bo") == tuple(sorted(PLAN.rotations))

    async with refreshing(duty, PLAN), refreshing(duty, PLAN, people):
        await eventually(known, "bo belongs to every rotation")
    later = OnDuty({"fake": FakeSource(Unreachable("away"))}, memory)
    assert (await later.answered(PLAN, utc_now())).answer("database").person == "ana"


async def test_a_source_that_falls_silent_takes_nobody_s_place_away() -> None:
    """Whoever spoke for finance still does."""
    people = People(PLAN)
    people.hear({"finance": Members(people=("ana",)), "default": Members(people=("bo",))})
    people.hear({"finance": Members(unknown="silent"), "default": Members()})
    assert (people.groups_of("ana"), people.groups_of("bo")) == (("finance",), ())


async def test_a_page_by_an_answer_of_just_now_says_nothing_of_it(tmp_path: Path) -> None:
    """There is no doubt."""
    fresh = await found(FakeSource(ANA), tmp_path, "on-call")
    assert [recipient.doubt for recipient in fresh.recipients] == [""]
