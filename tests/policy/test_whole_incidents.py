"""Hundreds of whole incidents by a virtual clock: what no bystander may ever see (issue 5 §7).

Each seed is a world: who sleeps, which channel is down when, when we are away, when the impact ends. A failing test
names the seeds; `Play(world(seed)).live()` plays one again, and its `moments` tell what happened.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from incident.model.customers import Fate
from incident.model.effects import MailCustomers
from incident.model.escalation import Call
from incident.model.events import Said
from incident.model.incident import Incident, Phase
from incident.model.messages import Approve
from incident.model.outcomes import CustomersMailed
from incident.model.severity import Severity
from incident.model.timeline import Kind
from runbook.response import RESPONSE
from tests.policy.whole import Play, Sent, Span, behind, world

SEEDS = range(int(os.environ.get("WHOLE_INCIDENTS", "200")))
"""`WHOLE_INCIDENTS=5000 pytest …` plays more of them; about 20 ms each."""
SLACK = timedelta(seconds=60)
"""What the clocks of the policy may be late by."""
pytestmark = pytest.mark.timeout(60 + len(SEEDS))
OVER = (Phase.POSTMORTEM, Phase.CLOSED)
SHOWN = 5


@dataclass(frozen=True, repr=False)
class Lives:
    """All plays, by seed. Without a text of its own: what fails is told by seed."""

    plays: dict[int, Play]

    def breaking(self, wrong: Callable[[Play], object]) -> str:
        """The first seeds whose play is wrong, and what is; empty: none."""
        found = ((seed, wrong(play)) for seed, play in self.plays.items())
        lines = [f"seed {seed}: {what}" for seed, what in found if what]
        return "\n".join(lines[:SHOWN])


@pytest.fixture(scope="module")
def lives() -> Lives:
    return Lives({seed: Play(world(seed)).live() for seed in SEEDS})


# ── who is paged ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_is_paged_outside_policy(lives: Lives) -> None:
    """SEV-1 always, SEV-2 overnight, SEV-3 never (runbook §1), at the very moment a page reaches somebody.

    Whom a person asks for by name is called at any hour (issue 5 §1).
    """
    assert lives.breaking(lambda play: [s.at for s in play.sent if not _by_policy(s)]) == ""


def _by_policy(sent: Sent) -> bool:
    return RESPONSE.pages_at(sent.incident.severity, sent.at) or _is_call(sent, Call.PERSON)


def _is_call(sent: Sent, *calls: Call) -> bool:
    callings = [sent.incident.calls.get(call) for call in calls]
    return sent.page is not None and sent.page.number in [calling.number for calling in callings if calling]


def test_nobody_is_paged_once_it_is_over(lives: Lives) -> None:
    """Resolved is resolved (runbook §2.3)."""
    assert lives.breaking(lambda play: [s.at for s in play.sent if s.incident.phase in OVER]) == ""


def test_no_page_after_an_ack_but_to_call_somebody_else(lives: Lives) -> None:
    """An ack silences it; an escalation asks for the owner (runbook §2.1, §6)."""
    assert lives.breaking(lambda play: [s.at for s in play.sent if s.incident.acked_by and not _calls_owner(s)]) == ""


def _calls_owner(sent: Sent) -> bool:
    """Somebody else: the owner, or whom a person asked for."""
    return _is_call(sent, Call.OWNER, Call.PERSON)


def test_whoever_has_it_is_not_called_to_it_again(lives: Lives) -> None:
    """Nobody is paged for what did not need them (issue 5): others are asked for, while there are others."""
    assert lives.breaking(lambda play: [s.at for s in play.sent if _called_though_they_have_it(play, s)]) == ""


def _called_though_they_have_it(play: Play, sent: Sent) -> bool:
    """As it stood when the page was asked for."""
    if sent.page is None:
        return False
    asked = next(after for _, _, _, after in play.moments if after.pages >= sent.page.number)
    return sent.person == asked.acked_by and set(behind(sent.page)) != {sent.person}


def test_a_person_gets_each_page_once(lives: Lives) -> None:
    """One page per person, however many ways they have and however often it is tried."""
    assert lives.breaking(_twice) == ""


def _twice(play: Play) -> list[tuple[str, int]]:
    got = [(sent.person, sent.page.number) for sent in play.sent if sent.page]
    return [one for one in set(got) if got.count(one) > 1]


def test_the_same_reason_reaches_a_person_once_an_hour_at_most(lives: Lives) -> None:
    """One page per person, rung and reason; the hourly one is new (runbook §1), and so is what people begin."""
    assert lives.breaking(lambda play: list(_too_soon(play))) == ""


def _too_soon(play: Play) -> Iterator[tuple[datetime, datetime]]:
    by_reason: dict[tuple[object, ...], list[datetime]] = {}
    for one in play.sent:
        if one.page:
            climb = _climb(play, one.page.number)
            by_reason.setdefault((one.person, one.page.rung, one.page.because, climb), []).append(one.at)
    for times in by_reason.values():
        yield from ((first, then) for first, then in pairwise(times) if then - first < RESPONSE.repage_every - SLACK)


def _climb(play: Play, number: int) -> tuple[int, int]:
    """What the clocks had run since, when this page was asked for."""
    asked = next(after for _, _, _, after in play.moments if after.pages >= number)
    return asked.episode, _begun_by_people(asked)


def _begun_by_people(incident: Incident) -> int:
    """How often somebody gave it back, asked for somebody, or set the severity: each time the clocks begin anew."""
    said = [e for e in incident.timeline if "no longer has it" in e.what or "escalates to" in e.what]
    return len(said) + sum(e.kind is Kind.SEVERITY for e in incident.timeline)


def test_who_was_woken_by_the_second_path_is_left_alone_for_its_minute(lives: Lives) -> None:
    """It does not page again for the same minute (issue 5 §6); an escalation calls for somebody else."""
    assert lives.breaking(lambda play: list(_again_in_a_minute(play.sent))) == ""


def _again_in_a_minute(sent: list[Sent]) -> Iterator[datetime]:
    for second in (one for one in sent if one.by == "second path"):
        soon = [
            s for s in sent if s.person == second.person and second.at <= s.at < second.at + RESPONSE.same_page_within
        ]
        yield from (s.at for s in soon if s is not second and not _calls_owner(s))


# ── who is not forgotten ─────────────────────────────────────────────────────────────────────────────────────────


def test_every_sev1_reaches_somebody_or_says_loudly_that_it_could_not(lives: Lives) -> None:
    """Within a minute of being nobody's SEV-1; what we could not do ourselves, within a minute of being back."""
    assert lives.breaking(lambda play: [since for since in _nobodys_sev1(play) if not _answered(play, since)]) == ""


def _nobodys_sev1(play: Play) -> Iterator[datetime]:
    """Since when it was a SEV-1 that nobody had, each time that lasted for more than a minute."""
    since: datetime | None = None
    for at, _, _, after in play.moments:
        if since is not None and not _is_nobodys_sev1(after):
            if at - since > SLACK:
                yield since
            since = None
        elif since is None and _is_nobodys_sev1(after):
            since = at


def _is_nobodys_sev1(incident: Incident) -> bool:
    return incident.severity is Severity.SEV1 and not incident.acked_by and incident.phase not in OVER


def _answered(play: Play, since: datetime) -> bool:
    """Paged, or said: from then on, or by the second path in the hour before."""
    until = _without(play.world.outages, since, since + SLACK)
    moment = since - RESPONSE.same_page_within  # whoever was called within the last minute is not called twice
    paged = any(moment <= s.at <= until or _still_counts(s, since) for s in play.sent)
    said = [e for e in play.incident.timeline if e.what.startswith("nobody could be paged")]
    return paged or any(since <= entry.at <= until for entry in said)


def _still_counts(sent: Sent, since: datetime) -> bool:
    return sent.by == "second path" and since - RESPONSE.repage_every <= sent.at <= since


def _without(outages: tuple[Span, ...], since: datetime, until: datetime) -> datetime:
    """`until`, later by what we were away for in between."""
    for start, end in outages:
        if start < until and end > since:
            until = max(until, end + SLACK)
    return until


def test_nobody_s_sev1_is_paged_hourly_until_somebody_has_it(lives: Lives) -> None:
    """However long it takes (runbook §1); failing that, it says that nobody could be reached."""
    assert lives.breaking(lambda play: list(_silent_hours(play))) == ""


def _silent_hours(play: Play) -> Iterator[tuple[datetime, datetime]]:
    said = [e.at for e in play.incident.timeline if e.what.startswith("nobody could be paged")]
    heard = sorted([*(s.at for s in play.sent), *said])
    for since, until in _stretches(play):
        edges = [since, *(at for at in heard if since < at < until), until]
        yield from (
            (a, b) for a, b in pairwise(edges) if b > _without(play.world.outages, a, a + RESPONSE.repage_every + SLACK)
        )


def _stretches(play: Play) -> Iterator[Span]:
    since: datetime | None = None
    for at, _, _, after in play.moments:
        if since is not None and not _is_nobodys_sev1(after):
            yield since, at
            since = None
        elif since is None and _is_nobodys_sev1(after):
            since = at


# ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_there_is_one_thread(lives: Lives) -> None:
    """No parallel threads (runbook §7), whatever is begun anew."""
    assert lives.breaking(lambda play: len(play.roots) if len(play.roots) != 1 else 0) == ""


def test_no_update_is_late_by_more_than_a_minute(lives: Lives) -> None:
    """Each severity's cadence (runbook §1): after an outage of ours, within a minute of being back."""
    assert lives.breaking(lambda play: list(_late_updates(play))) == ""


def _late_updates(play: Play) -> Iterator[Span]:
    """From one post that promises the next update to the one that keeps it."""
    promises = [(at, post) for at, post in play.posts if any("*Next update:*" in line for line in post.lines)]
    for (at, post), (then, _) in pairwise(promises):
        cadence = RESPONSE.rule(post.severity).cadence
        if (
            cadence
            and then > _without(play.world.outages, at, at + cadence + SLACK)
            and not _over_between(play, at, then)
        ):
            yield at, then


def _over_between(play: Play, at: datetime, then: datetime) -> bool:
    """Once it is resolved there is nothing to update; and a SEV-3 hears at resolution only."""
    return any(at <= when <= then and _is_quiet(after) for when, _, _, after in play.moments)


def _is_quiet(incident: Incident) -> bool:
    return incident.phase in OVER or RESPONSE.rule(incident.severity).cadence is None


# ── customers ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_mail_goes_out_that_nobody_said_yes_to(lives: Lives) -> None:
    """Somebody has read its every word (issue 5 §5)."""
    assert lives.breaking(lambda play: [at for at, mail, _ in play.mails if not _consented(play, at, mail)]) == ""


def _consented(play: Play, at: datetime, mail: MailCustomers) -> bool:
    """By a person, before it went out: seen in what people said, not in what the incident thinks of it."""
    letters = {letter.version: letter.proposal for _, _, _, after in play.moments for letter in after.customers.letters}
    proposal = letters[mail.version]
    return any(
        isinstance(event, Said) and isinstance(event.message, Approve) and proposal in _no_longer_open(before, after)
        for when, event, before, after in play.moments
        if when <= at
    )


def _no_longer_open(before: Incident, after: Incident) -> set[str]:
    return {p.id for p in before.open_proposals} - {p.id for p in after.open_proposals}


def test_a_customer_gets_each_version_once(lives: Lives) -> None:
    """Only those whom it certainly did not reach are written to again (issue 5 §5)."""
    assert lives.breaking(lambda play: list(_mailed_twice(play))) == ""


def _mailed_twice(play: Play) -> Iterator[tuple[int, str]]:
    known: dict[tuple[int, str], Fate] = {}
    for _, event, _, _ in play.moments:
        if isinstance(event, CustomersMailed):
            for key, fate in event.fates.items():
                if known.get((event.version, key)) in (Fate.SENT, Fate.UNKNOWN):
                    yield event.version, key
                known[event.version, key] = fate


# ── the worlds are worth living in ───────────────────────────────────────────────────────────────────────────────


def test_the_worlds_hold_what_the_properties_are_about(lives: Lives) -> None:
    """A property of worlds in which nothing happens says nothing."""
    plays = list(lives.plays.values())
    reached = {
        "closed": sum(play.incident.phase is Phase.CLOSED for play in plays),
        "reopened": sum(play.incident.episode > 1 for play in plays),
        "paged again": sum(play.incident.pages > 2 for play in plays),
        "nobody reached": sum("nobody could be paged" in e.what for play in plays for e in play.incident.timeline),
        "second path": sum(sent.by == "second path" for play in plays for sent in play.sent),
        "covered": sum(bool(play.incident.covered) for play in plays),
        "acked after a page of the second path": sum(
            bool(p.incident.already_paged and p.incident.acked_by) for p in plays
        ),
        "customers mailed": sum(bool(play.mails) for play in plays),
        "given back": sum("no longer has it" in e.what for play in plays for e in play.incident.timeline),
        "asked for somebody": sum("escalates to" in e.what for play in plays for e in play.incident.timeline),
        "whoever has it left out": sum(
            s.incident.acked_by in behind(s.page) for play in plays for s in play.sent if s.page and s.incident.acked_by
        ),
        "owner called after an ack": sum(bool(s.incident.acked_by) for play in plays for s in play.sent),
    }
    assert {name: count for name, count in reached.items() if count < 3} == {}
