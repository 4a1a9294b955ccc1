"""When the weekly test of paging is, and whom it pages through what (issue 5 §6)."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from incident.model.weekly_test import Week
from oncall.schedule import Contact, Person, Quiet, Schedule
from oncall.tested import plan
from oncall.weekly_test import BEGINS_WITHIN, LASTS, WeeklyTest, due, newest
from oncall.written import Weekday
from tests.oncall.plans import BERLIN, holiday, utc

TUESDAYS = WeeklyTest(weekday=Weekday.TUE, at=time(10), zone=BERLIN)
AT = utc("2026-06-16T08:00")
WEEK = Week(name="2026-W25", at=AT, until=AT + LASTS)
TEAM = ("ntfy", "chat")


@pytest.mark.parametrize(
    ("now", "name", "at"),
    [
        ("2026-06-16T07:59:59", "2026-W24", "2026-06-09T08:00"),
        ("2026-06-16T08:00", "2026-W25", "2026-06-16T08:00"),
        ("2026-06-22T23:00", "2026-W25", "2026-06-16T08:00"),
        ("2026-10-20T08:00", "2026-W43", "2026-10-20T08:00"),  # summer time
        ("2026-10-27T09:00", "2026-W44", "2026-10-27T09:00"),  # winter time: still 10:00 in Berlin
        ("2026-12-29T12:00", "2026-W53", "2026-12-29T09:00"),
        ("2027-01-02T12:00", "2026-W53", "2026-12-29T09:00"),  # the year has changed, the week has not
        ("2027-01-05T12:00", "2027-W01", "2027-01-05T09:00"),
    ],
)
def test_a_week_is_named_as_iso_does_and_begins_on_its_own_clock(now: str, name: str, at: str) -> None:
    """10:00 in Berlin, summer and winter."""
    week = newest(TUESDAYS, utc(now))
    assert week
    assert (week.name, week.at) == (name, utc(at))


@pytest.mark.parametrize(
    ("late", "begins"),
    [(timedelta(seconds=-1), False), (timedelta(0), True), (BEGINS_WITHIN, False)],
)
def test_a_test_that_is_hours_late_is_next_week_s(late: timedelta, begins: bool) -> None:
    """Whoever starts a worker at three at night wakes nobody for it."""
    assert bool(due(TUESDAYS, AT + late)) is begins


def test_a_zone_that_does_not_exist_tests_nobody() -> None:
    """`incidents doctor` says so."""
    assert due(WeeklyTest(weekday=Weekday.TUE, zone="Nowhere/Atall"), AT) is None


def person(*contacts: str, **more: Any) -> Person:
    return Person(contacts=tuple(Contact(channel=channel, **more) for channel in contacts))


def turns(people: dict[str, Person], *members: str, **more: Any) -> list[tuple[str, str, datetime]]:
    found = plan(Schedule(people=people, **more), members, TEAM, WEEK)
    return [(turn.person, turn.way, turn.at) for turn in found.turns]


def test_every_contact_of_a_member_is_tried_whatever_its_severities() -> None:
    """One that is for the night of a SEV-1 only is the one to test."""
    people = {"ana": person("ntfy", "mail", "mail", severities=("SEV-1",)), "bo": person("ntfy")}
    assert turns(people, "ana", "ana") == [("ana", "ntfy", AT), ("ana", "mail", AT), ("ana", "mail-2", AT)]


def test_whoever_has_no_contact_is_tested_by_the_team_s_channels_once() -> None:
    """As a page would reach them; they ring once, however many people they stand for."""
    people = {"ana": person(), "bo": person()}
    assert turns(people, "ana", "bo") == [("on-call", "ntfy", AT), ("on-call", "chat", AT)]


NIGHT = Quiet(opens=time(22), closes=time(7), zone="America/New_York")


def test_a_contact_that_is_quiet_is_tried_when_its_night_is_over() -> None:
    """04:00 in New York at 10:00 in Berlin: nobody is woken for a test."""
    assert turns({"kim": person("ntfy", quiet=NIGHT)}, "kim") == [("kim", "ntfy", utc("2026-06-16T11:00"))]


def test_a_contact_that_is_quiet_all_day_is_left_out_and_said() -> None:
    """Unknown is never ok."""
    always = Quiet(opens=time(9), closes=time(8), zone=BERLIN)
    found = plan(Schedule(people={"kim": person("ntfy", quiet=always)}), ["kim"], TEAM, WEEK)
    assert (found.turns, found.left_out) == ((), ("kim by ntfy: it is quiet for longer than the test lasts",))


def test_who_is_away_is_left_in_peace_and_said() -> None:
    """A holiday is one."""
    schedule = Schedule(
        people={"ana": person("ntfy"), "bo": person("ntfy")},
        holidays=[holiday("bo", "2026-06-15T00:00", "2026-06-20T00:00")],
    )
    found = plan(schedule, ["bo", "ana", "zoe"], TEAM, WEEK)
    assert [turn.person for turn in found.turns] == ["ana"]
    assert found.left_out == ("bo is away", "zoe is nobody we know")
