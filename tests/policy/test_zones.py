"""Clocks and calendars: nights that span midnight, zones that change their clocks, weekends (runbook §1, §2.4)."""

from datetime import UTC, date, datetime, time

import pytest

from incident.model.zones import at_local, is_within, local, next_at, plus_business_days

BERLIN = "Europe/Berlin"
"""UTC+1; UTC+2 from 2026-03-29 01:00 UTC to 2026-10-25 01:00 UTC."""
NEW_YORK = "America/New_York"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-01-15 21:00", "22:00"),  # winter: one hour ahead
        ("2026-07-15 21:00", "23:00"),  # summer: two
        ("2026-03-29 00:59", "01:59"),  # the last minute before the clock jumps
        ("2026-03-29 01:00", "03:00"),  # DST: 02:00 does not exist
        ("2026-10-25 00:59", "02:59"),  # the last minute before it falls back
        ("2026-10-25 01:00", "02:00"),  # DST: 02:00 for the second time
    ],
)
def test_the_wall_clock_follows_the_zone(instant, expected):
    """People read their own clock, which DST moves (styles §5)."""
    assert f"{local(utc(instant), BERLIN):%H:%M}" == expected


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        (date(2026, 1, 15), time(22), "2026-01-15 21:00"),  # winter
        (date(2026, 7, 15), time(22), "2026-07-15 20:00"),  # summer
        (date(2026, 3, 29), time(2, 30), "2026-03-29 01:30"),  # DST skips 02:30: it moves forward, to 03:30
        (date(2026, 10, 25), time(2, 30), "2026-10-25 00:30"),  # DST shows 02:30 twice: the first one
    ],
)
def test_a_wall_clock_time_becomes_an_instant(day, clock, expected):
    """A time that DST skips moves forward; one shown twice is the first (styles §5)."""
    assert utc(expected) == at_local(day, clock, BERLIN)


@pytest.mark.parametrize(
    ("instant", "zone", "expected"),
    [
        ("2026-06-16 21:59:59", "UTC", False),  # the last second of the day
        ("2026-06-16 22:00", "UTC", True),  # the night's first instant belongs to it
        ("2026-06-17 00:00", "UTC", True),  # midnight is in the middle of it
        ("2026-06-17 07:59:59", "UTC", True),  # its last second
        ("2026-06-17 08:00", "UTC", False),  # the morning does not belong to it
        ("2026-06-16 20:00", BERLIN, True),  # 22:00 in Berlin's summer
        ("2026-01-16 20:00", BERLIN, False),  # 21:00 in Berlin's winter
        ("2026-03-29 05:59", BERLIN, True),  # DST: 07:59 on the day the night was an hour short
        ("2026-03-29 06:00", BERLIN, False),  # DST: 08:00 that day
        ("2026-10-25 06:59", BERLIN, True),  # DST: 07:59 on the day the night was an hour long
    ],
)
def test_a_night_spans_midnight(instant, zone, expected):
    """22:00 to 08:00: nobody watches chat then (runbook §1, "yes if overnight")."""
    assert is_within(utc(instant), zone, time(22), time(8)) is expected


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("00:59", False),
        ("01:00", True),
        ("05:59", True),
        ("06:00", False),
    ],
)
def test_a_window_may_lie_within_one_day(clock, expected):
    """Where it starts before it ends, midnight has no part in it (runbook §1)."""
    assert is_within(utc(f"2026-06-16 {clock}"), "UTC", time(1), time(6)) is expected


@pytest.mark.parametrize(
    ("instant", "zone", "expected"),
    [
        ("2026-06-16 12:00", "UTC", "2026-06-16 22:00"),  # tonight
        ("2026-06-16 22:00", "UTC", "2026-06-17 22:00"),  # this very instant is not after itself
        ("2026-06-16 23:00", "UTC", "2026-06-17 22:00"),  # tomorrow
        ("2026-06-16 12:00", NEW_YORK, "2026-06-17 02:00"),  # another zone's tonight is UTC's tomorrow
        ("2026-03-28 22:00", BERLIN, "2026-03-29 20:00"),  # DST: 22 hours later, because one was skipped
        ("2026-10-24 21:00", BERLIN, "2026-10-25 21:00"),  # DST: winter time from then on
    ],
)
def test_the_next_night_begins_at_the_zone_s_clock(instant, zone, expected):
    """What waited by day becomes a page when the night begins (runbook §1)."""
    assert utc(expected) == next_at(utc(instant), zone, time(22))


@pytest.mark.parametrize(
    ("instant", "days", "zone", "expected"),
    [
        ("2026-06-15 12:00", 5, "UTC", "2026-06-22 12:00"),  # Monday → next Monday
        ("2026-06-16 12:00", 5, "UTC", "2026-06-23 12:00"),  # Tuesday → next Tuesday, over one weekend
        ("2026-06-19 12:00", 1, "UTC", "2026-06-22 12:00"),  # Friday → Monday
        ("2026-06-20 12:00", 5, "UTC", "2026-06-26 12:00"),  # Saturday → Friday: the weekend is no day
        ("2026-06-21 12:00", 5, "UTC", "2026-06-26 12:00"),  # Sunday → Friday
        ("2026-06-19 12:00", 6, "UTC", "2026-06-29 12:00"),  # Friday → Monday over two weekends
        ("2026-03-26 12:00", 5, BERLIN, "2026-04-02 11:00"),  # DST: 13:00 in Berlin stays 13:00 there
        ("2026-10-21 12:00", 5, BERLIN, "2026-10-28 13:00"),  # DST: 14:00 in Berlin stays 14:00 there
        ("2026-06-21 22:30", 1, BERLIN, "2026-06-22 22:30"),  # Sunday in UTC is Monday in Berlin, so → Tuesday there
        ("2026-06-16 12:00", 0, "UTC", "2026-06-16 12:00"),  # no days at all
    ],
)
def test_business_days_leave_out_weekends(instant, days, zone, expected):
    """A postmortem is due within 5 business days (runbook §2.4)."""
    assert utc(expected) == plus_business_days(utc(instant), days, zone)
