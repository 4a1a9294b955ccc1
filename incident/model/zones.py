"""Instant → local wall clock. The only user of `zoneinfo`, because the workflow sandbox cannot run it (styles §2)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def local(instant: datetime, zone: str) -> datetime:
    """The wall clock of `zone` at `instant`."""
    return instant.astimezone(ZoneInfo(zone))


def at_local(day: date, clock: time, zone: str) -> datetime:
    """The UTC instant at which the clock of `zone` shows `clock` on `day`; a time that DST skips moves forward."""
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def is_within(instant: datetime, zone: str, starts: time, ends: time) -> bool:
    """Is the wall clock in [starts, ends)? The window spans midnight where starts > ends."""
    clock = local(instant, zone).time()
    if starts <= ends:
        return starts <= clock < ends
    return clock >= starts or clock < ends


def next_at(instant: datetime, zone: str, clock: time) -> datetime:
    """The first UTC instant after `instant` at which the wall clock shows `clock`."""
    today = local(instant, zone).date()
    candidate = at_local(today, clock, zone)
    return candidate if candidate > instant else at_local(today + timedelta(days=1), clock, zone)


def plus_business_days(instant: datetime, days: int, zone: str) -> datetime:
    """The same wall-clock time `days` weekdays later; weekends do not count (runbook §2.4)."""
    start = local(instant, zone)
    day, left = start.date(), days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < SATURDAY
    return at_local(day, start.time(), zone)


SATURDAY = 5
