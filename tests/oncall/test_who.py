"""Who is on call: overrides before layers, windows of the local clock, holidays, gaps (issue 5 §1)."""

from datetime import date, time

import pytest

from oncall.changes import gaps, next_change
from oncall.schedule import Schedule
from oncall.who import who
from oncall.written import Weekday
from tests.oncall.plans import NEW_YORK, PEOPLE, holiday, layer, override, plan, rotation, utc

WORKDAYS = (Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI)
SUN = Schedule(
    people=PEOPLE,
    rotations={"berlin": rotation("a"), "new_york": rotation("b", zone=NEW_YORK), "rest": rotation("c")},
    layers={
        "database": [
            layer("berlin", 8, 20, weekdays=WORKDAYS),
            layer("new_york", 9, 18, weekdays=WORKDAYS),
            layer("rest", 22, 6),
        ]
    },
)
"""Follow-the-sun: Berlin by day, then New York, and somebody at night from 22 to 6 in Berlin."""


def on(schedule: Schedule, at: str, domain: str = "database") -> str | None:
    return who(schedule, domain, utc(at)).person


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-06-16 05:59", None),  # Tuesday 07:59 in Berlin: the night ended at 6, the day begins at 8
        ("2026-06-16 06:00", "a"),  # 08:00 there
        ("2026-06-16 13:00", "a"),  # 09:00 in New York too: the first layer has precedence
        ("2026-06-16 17:59", "a"),  # 19:59, its last minute
        ("2026-06-16 18:00", "b"),  # 20:00: Berlin goes home, New York is there
        ("2026-06-16 20:30", "b"),  # 22:30 in Berlin: the night layer comes after New York's
        ("2026-06-16 22:00", "c"),  # 18:00 in New York: only the night is left
        ("2026-06-17 03:59", "c"),  # the window spans midnight: 05:59
        ("2026-06-17 04:00", None),  # 06:00
        ("2026-06-20 10:00", None),  # Saturday noon: the day's window is for weekdays
        ("2026-06-19 22:00", "c"),  # Friday night
        ("2026-01-15 07:00", "a"),  # winter: 08:00 in Berlin is 07:00 UTC
        ("2026-03-12 13:00", "a"),  # New York's summer began on 8 March, Berlin's not yet: 14:00 there
        ("2026-03-12 19:00", "b"),  # 20:00 in Berlin, 15:00 in New York
        ("2026-03-29 04:00", None),  # DST: 06:00 in Berlin on the night that was an hour short
        ("2026-03-29 03:59", "c"),  # and the minute before
        ("2026-10-25 04:59", "c"),  # DST: 05:59 on the night that was an hour long
        ("2026-10-25 05:00", None),
    ],
)
def test_the_first_active_layer_counts(at, expected):
    """Each layer only in its window, on the clock of its zone."""
    assert on(SUN, at) == expected


@pytest.mark.parametrize(
    ("opens", "closes", "at", "expected"),
    [
        (time(2, 30), time(4), "2026-03-29 01:29", None),  # 02:30 is skipped: the window opens at 03:30 there
        (time(2, 30), time(4), "2026-03-29 01:30", "a"),
        (time(1), time(2, 30), "2026-10-25 00:29", "a"),  # 02:29, before the clock falls back
        (time(1), time(2, 30), "2026-10-25 00:30", None),  # closed at the first 02:30
        (time(1), time(2, 30), "2026-10-25 01:15", None),  # 02:15 once more: it does not open again
        (time(2, 30), time(3, 10), "2026-03-29 01:30", None),  # DST leaves nothing of it that day
        (time(2, 30), time(3, 10), "2026-03-30 00:30", "a"),  # the next day is a day like others
        (time(0), time(0), "2026-06-16 12:00", None),  # zero length: never
    ],
)
def test_a_window_opens_and_closes_once(opens, closes, at, expected):
    """A time that DST skips moves forward, one shown twice is the first (styles §5)."""
    window = layer("r").model_copy(update={"opens": opens, "closes": closes})
    assert on(plan(rotations={"r": rotation("a")}, layers={"database": [window]}), at) == expected


def test_a_window_stays_open_while_the_clock_falls_back_over_midnight():
    """Newfoundland put its clocks back at 00:01, to 23:01 of the day before, until 2011."""
    schedule = plan(
        rotations={"r": rotation("a", starts=date(2010, 1, 1), zone="America/St_Johns")},
        layers={"database": [layer("r", 0, 6, weekdays=[Weekday.SUN])]},
    )
    seen = [on(schedule, f"2010-11-07 {clock}") for clock in ("02:29", "02:30", "03:00", "09:29", "09:30")]
    assert seen == [None, "a", "a", "a", None]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-06-14 22:00", "a"),  # Monday begins at Berlin's midnight
        ("2026-06-14 21:59", None),  # Sunday
        ("2026-06-19 21:59", "a"),  # Friday's last minute
        ("2026-06-19 22:00", None),  # Saturday
    ],
)
def test_weekdays_without_hours_are_whole_local_days(at, expected):
    """From midnight to midnight."""
    schedule = plan(rotations={"r": rotation("a")}, layers={"database": [layer("r", weekdays=WORKDAYS)]})
    assert on(schedule, at) == expected


OVER = plan(overrides=[override("a", "2026-06-16 05:00", "2026-06-16 12:00", "database")])
"""Over Tuesday's hand-over at 07:00 UTC, from b to c."""
LONG = plan(overrides=[override("c", "2026-06-16 05:00", "2026-06-16 12:00", "database")])
"""The same, of the one whose shift it is afterwards."""


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-06-16 04:59", "b"),  # Monday's shift
        ("2026-06-16 05:00", "a"),  # the override begins
        ("2026-06-16 07:00", "a"),  # the hand-over happens under it
        ("2026-06-16 11:59", "a"),  # its last minute
        ("2026-06-16 12:00", "c"),  # Tuesday's shift
        ("2026-06-17 07:00", "a"),  # Wednesday's shift
    ],
)
def test_an_override_stands_over_a_hand_over(at, expected):
    """From its first instant up to its end; then the plan goes on as if nothing had been."""
    assert on(OVER, at) == expected


@pytest.mark.parametrize(
    ("schedule", "domain", "expected"),
    [
        (plan(overrides=[override("b", "2026-06-16 00:00", "2026-06-17 00:00")]), "database", "b"),  # every domain
        (plan(overrides=[override("b", "2026-06-16 00:00", "2026-06-17 00:00")]), "edge", "b"),  # one without a plan
        (plan(overrides=[override("b", "2026-06-16 00:00", "2026-06-17 00:00", "edge")]), "database", "c"),  # another's
        (plan(rotations={"default": rotation("a")}), "edge", "a"),  # nobody else's is `default`'s
        (plan(rotations={"default": rotation("a"), "edge": rotation("b")}), "edge", "b"),  # its own comes first
        (plan(layers={"default": [layer("database")]}), "edge", "c"),  # `default` may have layers too
        (plan(rotation("a"), layers={"edge": [layer("gone"), layer("database")]}), "edge", "a"),  # a hole is passed
        (plan(rotation("xa")), "database", "a"),  # somebody nobody knows cannot be called
        (plan(rotation("")), "database", None),  # no members
        (plan(rotation(zone="Europe/Berln")), "database", None),  # no such zone
        (plan(rotation("a"), layers={"database": [layer("database", 8, 9, zone="X")]}), "database", None),
        (plan(), "edge", None),  # nothing is set for it
        (Schedule(), "edge", None),  # nothing at all
        (
            plan(overrides=[override(p, "2026-06-16 00:00", "2026-06-17 00:00") for p in "ba"]),
            "database",
            "b",  # of two overrides the first in the list
        ),
        (plan(overrides=[override("x", "2026-06-16 00:00", "2026-06-17 00:00")]), "database", "c"),  # of nobody: no
    ],
)
def test_precedence(schedule, domain, expected):
    """Noon on 2026-06-16: the plan alone would say c."""
    assert on(schedule, "2026-06-16 10:00", domain) == expected


AWAY = [holiday("c", "2026-06-16 08:00", "2026-06-16 20:00")]


@pytest.mark.parametrize(
    ("schedule", "at", "expected"),
    [
        (plan(holidays=AWAY), "2026-06-16 07:59", "c"),  # not away yet
        (plan(holidays=AWAY), "2026-06-16 08:00", "a"),  # the next member takes it
        (plan(holidays=AWAY), "2026-06-16 20:00", "c"),  # back in the same shift
        (plan(holidays=[*AWAY, holiday("a", "2026-06-01 00:00", "2026-07-01 00:00")]), "2026-06-16 12:00", "b"),
        (
            plan(holidays=AWAY, overrides=[override("c", "2026-06-16 00:00", "2026-06-17 00:00")]),
            "2026-06-16 12:00",
            "a",
        ),
    ],
)
def test_who_is_away_is_never_on_call(schedule, at, expected):
    """The next member takes the shift, for as long as it lasts; not even an override counts then."""
    assert on(schedule, at) == expected


def test_a_holiday_of_everybody_is_a_gap():
    """Exactly as long as the last one's."""
    away = [holiday(p, "2026-12-24 12:00", f"2026-12-2{n} 12:00") for p, n in zip("abc", (6, 7, 8), strict=True)]
    (gap,) = gaps(plan(holidays=away), "database", utc("2026-12-20 00:00"), utc("2027-01-05 00:00"))
    assert (gap.starts_at, gap.ends_at) == (utc("2026-12-24 12:00"), utc("2026-12-26 12:00"))
    assert gap.on_call.why.passed == ("b is away", "c is away", "a is away")


def test_gaps_of_a_week_of_follow_the_sun():
    """06:00 to 08:00 in Berlin on weekdays, 06:00 to 22:00 at the weekend; the last is cut where the question ends."""
    found = gaps(SUN, "database", utc("2026-06-15 00:00"), utc("2026-06-23 05:00"))
    workdays = [(f"2026-06-{day} 04:00", f"2026-06-{day} 06:00") for day in range(15, 20)]
    weekend = [("2026-06-20 04:00", "2026-06-20 20:00"), ("2026-06-21 04:00", "2026-06-21 20:00")]
    after = [("2026-06-22 04:00", "2026-06-22 06:00"), ("2026-06-23 04:00", "2026-06-23 05:00")]
    assert [(gap.starts_at, gap.ends_at) for gap in found] == [(utc(a), utc(b)) for a, b in workdays + weekend + after]


def test_a_window_that_opens_on_the_last_day_ends_the_gap():
    """Monday's opens at 08:00 in Berlin; the question ends at 14:00 there."""
    (gap,) = gaps(SUN, "database", utc("2026-06-15 04:00"), utc("2026-06-15 12:00"))
    assert gap.ends_at == utc("2026-06-15 06:00")


@pytest.mark.parametrize(
    ("schedule", "at", "expected"),
    [
        (plan(), "2026-06-16 12:00", "2026-06-17 07:00"),  # the next hand-over
        (plan(), "2026-06-17 07:00", "2026-06-18 07:00"),  # this very instant is not after itself
        (plan(), "2026-12-31 12:00", "2027-01-01 08:00"),  # next year's
        (plan(), "2026-03-28 12:00", "2026-03-29 07:00"),  # DST
        (OVER, "2026-06-16 04:00", "2026-06-16 05:00"),  # the override begins
        (OVER, "2026-06-16 05:00", "2026-06-16 12:00"),  # it ends; the hand-over under it is no change
        (LONG, "2026-06-16 05:00", "2026-06-17 07:00"),  # it ends in a shift of the same person: no change
        (plan(rotation("a")), "2026-06-16 12:00", None),  # always the same one
        (plan(rotation("ab", every=366)), "2026-01-02 00:00", "2027-01-02 08:00"),  # as late as it may come
        (plan(rotation("ab", every=28)), "2026-05-21 07:00", "2026-06-18 07:00"),  # where two portions of it meet
        (plan(rotation("a")), "2025-12-01 00:00", "2026-01-01 08:00"),  # from nobody to somebody
        (SUN, "2026-06-19 18:00", "2026-06-19 22:00"),  # one layer to the next
        (Schedule(), "2026-06-16 12:00", None),
    ],
)
def test_the_next_change_is_to_somebody_else(schedule, at, expected):
    """Not merely the next shift."""
    assert next_change(schedule, "database", utc(at)) == (utc(expected) if expected else None)


def test_why_names_override_layer_and_shift():
    """What a person needs to look it up in the file."""
    by_override, by_shift = (
        who(OVER, "database", utc("2026-06-16 06:00")).why,
        who(SUN, "database", utc("2026-06-16 18:00")).why,
    )
    assert by_override.override == OVER.overrides[0]
    assert by_shift.shift
    assert (by_shift.layer, by_shift.shift.rotation, by_shift.shift.zone) == (2, "new_york", NEW_YORK)
    assert by_shift.passed == ("layer 1 (berlin) is not active then",)
