"""The weekly test of paging (issue 5 §6): when it is, on the clock of its own zone."""

from datetime import UTC, datetime, time, timedelta

from pydantic import Field

from incident.model.weekly_test import Week
from incident.model.zones import at_local, local
from oncall.written import Clock, Weekday, Written
from oncall.zones import exists

BEGINS_WITHIN = timedelta(hours=3)
"""No worker was there at its time: it may still begin so much later. After that it is next week's."""
LASTS = timedelta(hours=12)
"""A contact that is quiet at its time may be tried so much later: long enough for any night to end."""
WEEK = timedelta(days=7)


class WeeklyTest(Written):
    """Once a week each member of each rotation gets a test page through each of their contacts."""

    weekday: Weekday
    """Day of the week: `mon` to `sun`."""
    at: Clock = Field(default=time(10))
    """Wall clock of `zone`: an hour at which nobody sleeps."""
    zone: str = "UTC"
    """IANA name, such as `Europe/Berlin`."""


def newest(weekly: WeeklyTest, now: datetime) -> Week | None:
    """This week's, or the last one that was to begin by `now`. None: its zone does not exist."""
    if not exists(weekly.zone):
        return None
    monday = local(now, weekly.zone).date() - timedelta(days=local(now, weekly.zone).weekday())
    for first in (monday, monday - WEEK):
        day = first + timedelta(days=list(Weekday).index(weekly.weekday))
        at = at_local(day, weekly.at, weekly.zone)
        if at <= now.astimezone(UTC):
            year, week, _ = day.isocalendar()
            return Week(name=f"{year}-W{week:02}", at=at, until=at + LASTS)
    return None


def due(weekly: WeeklyTest, now: datetime) -> Week | None:
    """The one that may begin now; None: none may."""
    week = newest(weekly, now)
    return week if week and now - week.at < BEGINS_WITHIN else None
