"""What `incidents doctor` says about who is on call: what is wrong with the plan, and where it has nobody."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cli.doctor import Line, Verdict
from cli.oncall import ALL, DOMAINS
from integrations.on_duty import OnDuty
from oncall.changes import Stretch, gaps
from oncall.problems import problems
from oncall.schedule import Schedule
from oncall.wording import instant, zone_of

AHEAD = timedelta(days=14)
"""Long enough to ask somebody else."""
KNOWN = "give people there a shift, and people here the `email`, `pagerduty` id or name they have there"
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


async def examine_plan(on_duty: OnDuty, schedule: Schedule, now: datetime) -> list[Line]:
    """The line about the plan, and one for each rotation that has a source, which is asked."""
    answered = await on_duty.answered(schedule, now)
    return [examine_oncall(answered, now), *(_source(answered, name) for name in schedule.sourced)]


def _source(schedule: Schedule, rotation: str) -> Line:
    answer, what = schedule.answer(rotation), f"on-call: {rotation}"
    if answer.person and not answer.is_old:
        return Line(what=what, verdict=Verdict.OK, seen=f"{answer.source} names {schedule.called(answer.person)}")
    whom = f"; {schedule.called(answer.person)} would be paged" if answer.person else "; nobody would be paged"
    do = "see that it can be reached from here" if answer.is_old else KNOWN
    return Line(what=what, verdict=Verdict.BAD, seen=answer.note + whom, do=do)


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
