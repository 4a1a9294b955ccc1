"""Whom a week's test pages, through what, and when: every contact of every member, whatever its severities."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from incident.model.weekly_test import Week, WeeklyPlan, WeeklyTurn
from incident.model.zones import is_within, next_at
from oncall.audience import ON_CALL, Way, numbered
from oncall.schedule import Contact, Quiet, Schedule
from oncall.who import absence
from oncall.zones import exists


def every_way(schedule: Schedule, person: str, team: tuple[str, ...]) -> dict[str, tuple[Way, Quiet | None]]:
    """Name → way, and when it is quiet, of all of a person's contacts; `on-call` is the whole team's channels."""
    if person == ON_CALL:
        return {channel: (Way(channel=channel, name=channel), None) for channel in team}
    contacts = schedule.people[person].contacts if person in schedule.people else ()
    ways = zip(numbered(contacts), contacts, strict=True)
    return {way.name: (way, contact.quiet) for way, contact in ways}


def plan(schedule: Schedule, members: Iterable[str], team: tuple[str, ...], week: Week) -> WeeklyPlan:
    """Each once, however many rotations they are in. Whoever has no contact is tested by the team's channels, once."""
    turns: list[WeeklyTurn] = []
    left_out: list[str] = []
    for person in dict.fromkeys(_tested(schedule, sorted(set(members)), week.at, left_out)):
        for way, (_, quiet) in every_way(schedule, person, team).items():
            at = _rings_at(quiet, week)
            if at is None:
                left_out.append(f"{person} by {way}: it is quiet for longer than the test lasts")
            else:
                turns.append(WeeklyTurn(person=person, way=way, at=at))
    return WeeklyPlan(turns=tuple(turns), left_out=tuple(left_out))


def _tested(schedule: Schedule, members: list[str], at: datetime, left_out: list[str]) -> Iterator[str]:
    for person in members:
        away = absence(schedule, person, at)
        if away:
            left_out.append(away)
        else:
            yield person if _contacts(schedule, person) else ON_CALL


def _contacts(schedule: Schedule, person: str) -> tuple[Contact, ...]:
    return schedule.people[person].contacts


def _rings_at(quiet: Quiet | None, week: Week) -> datetime | None:
    """At its time, or when its quiet hours have ended; None: that is too late."""
    if quiet is None or not exists(quiet.zone) or not is_within(week.at, quiet.zone, quiet.opens, quiet.closes):
        return week.at
    ends_at = next_at(week.at, quiet.zone, quiet.closes)
    return ends_at if ends_at < week.until else None
