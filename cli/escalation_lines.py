"""Whom an unacknowledged incident of a domain is carried to, and how each of them would be reached."""

from collections.abc import Iterator
from datetime import datetime

from incident.model.escalation import EVERYONE, Ladder
from incident.model.severity import Severity
from incident.policy.texts import words
from oncall.audience import Audience, Question, Way, audience
from oncall.schedule import Schedule
from runbook.response import RESPONSE

PAGED = (Severity.SEV1, Severity.SEV2)
"""A SEV-3 pages nobody (runbook §1)."""


def escalation_lines(schedule: Schedule, domain: str, at: datetime, team: tuple[str, ...]) -> Iterator[str]:
    """Rung by rung, with the people who stand on each at `at`; their addresses are masked."""
    for severity in PAGED:
        ladder = RESPONSE.ladder(domain, severity)
        yield f"{severity}"
        for number, targets in enumerate([rung.targets for rung in ladder.rungs] + _end(ladder), 1):
            asked = Question(targets=targets, domain=domain, severity=severity, at=at, team=team)
            yield f"  {number}. {' and '.join(targets)}, {_wait(ladder, number)}: {_told(audience(schedule, asked))}"


def _end(ladder: Ladder) -> list[tuple[str, ...]]:
    return [] if ladder.repeat is None else [(EVERYONE,)]


def _wait(ladder: Ladder, number: int) -> str:
    """How long this rung has, and how often it is asked again."""
    rungs = ladder.rungs
    own = rungs[number - 1].wait if number <= len(rungs) else None
    wait = own or (RESPONSE.ack_within if number == 1 else RESPONSE.repage_every)
    if number == len(rungs) and ladder.repeat is not None:
        return f"{words(wait)} each, {ladder.repeat + 1} times"
    return words(wait) if number < len(rungs) else f"{words(wait)} each, until somebody acknowledges"


def _told(found: Audience) -> str:
    reached = [f"{r.person} by {', '.join(masked(way) for way in r.ways)}" for r in found.recipients]
    missing = [f"nobody ({why})" for why in found.missing.values()]
    return "; ".join((*reached, *missing)) or "nobody"


def masked(way: Way) -> str:
    """`mail a…rg`: enough to know which, for whoever owns it; never the address."""
    to = way.to.get_secret_value()
    return way.channel if not to else f"{way.channel} {to[:1]}…{to[-2:] if len(to) > 5 else ''}"
