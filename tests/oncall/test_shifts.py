"""Rotations: hand-overs are at the local clock, whatever it does (issue 5 §1; runbook §1)."""

from datetime import date, time, timedelta

import pytest

from oncall.schedule import Rotation
from oncall.shifts import hand_overs, shift_at
from tests.oncall.plans import BERLIN, NEW_YORK, rotation, utc


def begins(of: Rotation, at: str) -> str:
    """When the shift that this instant is in began."""
    shift = shift_at("r", of, utc(at))
    return f"{shift.starts_at:%Y-%m-%d %H:%M}" if shift else "never"


@pytest.mark.parametrize(
    ("zone", "hand_over", "at", "expected"),
    [
        (BERLIN, time(9), "2026-03-28 08:00", "2026-03-28 08:00"),  # winter: 09:00 is 08:00 UTC; its first instant
        (BERLIN, time(9), "2026-03-29 06:59", "2026-03-28 08:00"),  # a shift of 23 hours: its last minute
        (BERLIN, time(9), "2026-03-29 07:00", "2026-03-29 07:00"),  # summer: 09:00 is 07:00 UTC
        (BERLIN, time(9), "2026-10-25 07:59", "2026-10-24 07:00"),  # a shift of 25 hours: its last minute
        (BERLIN, time(9), "2026-10-25 08:00", "2026-10-25 08:00"),  # winter again
        (BERLIN, time(2, 30), "2026-03-29 01:29", "2026-03-28 01:30"),  # 02:30 is skipped: not yet at 03:29
        (BERLIN, time(2, 30), "2026-03-29 01:30", "2026-03-29 01:30"),  # it moves forward, to 03:30
        (BERLIN, time(2, 30), "2026-10-25 00:30", "2026-10-25 00:30"),  # 02:30 is shown twice: at the first
        (BERLIN, time(2, 30), "2026-10-25 01:30", "2026-10-25 00:30"),  # and not again at the second
        (NEW_YORK, time(9), "2026-03-08 12:59", "2026-03-07 14:00"),  # 23 hours there too
        (NEW_YORK, time(9), "2026-03-08 13:00", "2026-03-08 13:00"),  # summer
        (NEW_YORK, time(9), "2026-11-01 13:59", "2026-10-31 13:00"),  # 25 hours
        (NEW_YORK, time(9), "2026-11-01 14:00", "2026-11-01 14:00"),  # winter
        (NEW_YORK, time(2, 30), "2026-03-08 07:30", "2026-03-08 07:30"),  # skipped 02:30 is 03:30
        (NEW_YORK, time(1, 30), "2026-11-01 06:30", "2026-11-01 05:30"),  # doubled 01:30 happens once
        (BERLIN, time(0), "2026-06-15 21:59", "2026-06-14 22:00"),  # midnight: the minute before
        (BERLIN, time(0), "2026-06-15 22:00", "2026-06-15 22:00"),  # midnight belongs to the new day
        ("Asia/Beirut", time(0), "2026-03-28 22:00", "2026-03-28 22:00"),  # midnight itself is skipped: 01:00 there
        ("America/St_Johns", time(0), "2010-11-07 03:00", "2010-11-07 02:30"),  # 00:01 fell back: 23:30 the day before
        ("Pacific/Apia", time(9), "2026-06-15 20:00", "2026-06-15 20:00"),  # far east: already the 16th there
    ],
)
def test_a_hand_over_is_at_the_local_clock(zone, hand_over, at, expected):
    """On both sides of a change; a skipped time moves forward, a doubled one happens once (styles §5)."""
    assert begins(rotation(zone=zone, hand_over=hand_over, starts=date(2010, 1, 1)), at) == expected


@pytest.mark.parametrize(
    ("every", "starts", "at", "expected"),
    [
        ("weekly", date(2026, 6, 15), "2026-06-21 07:00", "2026-06-15 07:00"),  # Sunday is still Monday's shift
        ("weekly", date(2026, 6, 15), "2026-06-22 07:00", "2026-06-22 07:00"),  # Monday again
        ("weekly", date(2026, 3, 23), "2026-03-30 06:59", "2026-03-23 08:00"),  # a week with a DST change in it
        ("weekly", date(2026, 3, 23), "2026-03-30 07:00", "2026-03-30 07:00"),  # 09:00 on both sides
        (3, date(2026, 6, 1), "2026-06-04 06:59", "2026-06-01 07:00"),  # every three days
        (3, date(2026, 6, 1), "2026-06-04 07:00", "2026-06-04 07:00"),
        ("daily", date(2028, 2, 27), "2028-02-29 12:00", "2028-02-29 08:00"),  # a leap day has a shift of its own
        ("weekly", date(2028, 2, 24), "2028-03-02 07:59", "2028-02-24 08:00"),  # and counts in a week
        ("weekly", date(2028, 2, 24), "2028-03-02 08:00", "2028-03-02 08:00"),
        ("daily", date(2026, 1, 1), "2027-01-01 07:59", "2026-12-31 08:00"),  # a shift goes on over New Year
        ("weekly", date(2026, 12, 28), "2027-01-04 08:00", "2027-01-04 08:00"),  # a week over New Year
        ("daily", date(2026, 6, 15), "2026-06-15 06:59", "never"),  # the minute before the first shift
        ("daily", date(2026, 6, 15), "2026-06-15 07:00", "2026-06-15 07:00"),  # its first instant
        (366, date(2026, 1, 1), "2026-12-31 12:00", "2026-01-01 08:00"),  # the longest shift there may be
    ],
)
def test_shifts_follow_the_calendar(every, starts, at, expected):
    """Days are calendar days: leap days, weeks and years are no special cases."""
    assert begins(rotation(every=every, starts=starts), at) == expected


@pytest.mark.parametrize(
    ("at", "number", "member"),
    [
        ("2026-01-01 08:00", 1, "a"),  # the first shift is the first member's
        ("2026-01-02 08:00", 2, "b"),
        ("2026-01-03 08:00", 3, "c"),
        ("2026-01-04 08:00", 4, "a"),  # and round again
    ],
)
def test_members_take_turns_in_their_order(at, number, member):
    """Everybody once before anybody twice."""
    shift = shift_at("r", rotation(), utc(at))
    assert shift
    assert (shift.number, shift.member) == (number, member)


def test_a_shift_ends_where_the_next_begins():
    """Nobody is off before somebody is on."""
    of = rotation(every=3)
    starts = list(hand_overs(of, utc("2025-12-01 00:00"), utc("2026-12-31 00:00")))
    shifts = [shift_at("r", of, at) for at in starts]
    assert [s.ends_at for s in shifts if s][:-1] == starts[1:]


def test_a_day_that_a_zone_left_out_has_no_shift():
    """Samoa had no 2011-12-30: its hand-over falls together with the next day's, and the later shift counts."""
    of = rotation(starts=date(2011, 12, 29), zone="Pacific/Apia")
    shift = shift_at("r", of, utc("2011-12-30 19:00"))
    assert shift
    assert (shift.number, shift.ends_at - shift.starts_at) == (3, timedelta(days=1))
