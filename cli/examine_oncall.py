"""What `incidents doctor` says about who is on call: what is wrong with the plan, and where it has nobody."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cli.doctor import Line, Verdict
from cli.oncall import ALL, DOMAINS
from oncall.changes import Stretch, gaps
from oncall.problems import problems
from oncall.schedule import Schedule
from oncall.wording import instant, zone_of

AHEAD = timedelta(days=14)
"""Long enough to ask somebody else."""
UNSET = "no rotation is set: pages go to the channels of the whole team"


def examine_oncall(schedule: Schedule, now: datetime) -> Line:
    """One line. Bad: a problem, or a domain with nobody within the next 14 days."""
    if not schedule.is_set:
        return Line(what="on-call", verdict=Verdict.OK, seen=UNSET)
    wrong = problems(schedule, ALL)
    seen = [problem.what for problem in wrong] + list(_empty(schedule, now))
    mute = [key for key, person in schedule.people.items() if not person.contacts]
    if not seen and mute:
        unreached = f"every domain has somebody for the next 14 days; without a contact of their own: {', '.join(mute)}"
        how = "give them `contacts` in [oncall.people]: until then the whole team's channels ring for them"
        return Line(what="on-call", verdict=Verdict.UNKNOWN, seen=unreached, do=how)
    if not seen:
        return Line(what="on-call", verdict=Verdict.OK, seen="every domain has somebody for the next 14 days")
    do = [problem.do for problem in wrong] or ["add a member, a layer or an override (`incidents oncall` says why)"]
    return Line(what="on-call", verdict=Verdict.BAD, seen="; ".join(seen), do="; ".join(dict.fromkeys(do)))


def _empty(schedule: Schedule, now: datetime) -> Iterator[str]:
    for domain in DOMAINS:
        found = gaps(schedule, domain, now, now + AHEAD)
        if found:
            yield _told(schedule, domain, found)


def _told(schedule: Schedule, domain: str, found: list[Stretch]) -> str:
    """The first one, and how many more there are."""
    zone, first = zone_of(schedule, domain, found[0].on_call), found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    if first.ends_at - first.starts_at == AHEAD:
        return f"{domain}: nobody for the next 14 days"
    return f"{domain}: nobody from {instant(first.starts_at, zone)} to {instant(first.ends_at, zone)}{more}"
