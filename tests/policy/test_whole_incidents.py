"""Two thousand whole incidents by a virtual clock: what no bystander may ever see (issue 5 §7).

Each seed is a world: who sleeps, which channel is down when, when we are away, when the impact ends. A failing test
names the seeds; `Play(world(seed)).live()` plays one again, and its `moments` tell what happened.
"""

import gc
import os
from collections import Counter
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

SEEDS = range(int(os.environ.get("WHOLE_INCIDENTS", "2000")))
"""`WHOLE_INCIDENTS=5000 pytest …` plays more of them; about 20 ms each."""
SLACK = timedelta(seconds=60)
"""What the clocks of the policy may be late by."""
pytestmark = pytest.mark.timeout(60 + len(SEEDS))
OVER = (Phase.POSTMORTEM, Phase.CLOSED)
SHOWN = 5


Judge = Callable[[Play], object]
"""What is wrong with a play; nothing: empty."""
JUDGES: list[Judge] = []


def judge(wrong: Judge) -> Judge:
    """Each play is judged as soon as it is over, and forgotten: thousands of them would not fit in memory."""
    JUDGES.append(wrong)
    return wrong


@dataclass(frozen=True, repr=False)
class Lives:
    """What was found. Without a text of its own: what fails is told by seed."""

    wrong: dict[Judge, list[str]]
    reached: Counter[str]

    def breaking(self, wrong: Judge) -> str:
        """The first seeds whose play is wrong, and what is; empty: none."""
        return "\n".join(self.wrong[wrong][:SHOWN])


@pytest.fixture(scope="module")
def lives() -> Lives:
    found = Lives({wrong: [] for wrong in JUDGES}, Counter())
    gc.freeze()  # what was there before is not looked through again and again: a sixth of the time
    for seed in SEEDS:
        play = Play(world(seed)).live()
        for wrong in JUDGES:
            what = wrong(play)
            if what:
                found.wrong[wrong].append(f"seed {seed}: {what}")
        found.reached.update(_what_happened(play))
    gc.unfreeze()
    return found


# ── who is paged ─────────────────────────────────────────────────────────────────────────────────────────────────


@judge
def _outside_policy(play: Play) -> object:
    return [s.at for s in play.sent if not _by_policy(s)]


def test_nobody_is_paged_outside_policy(lives: Lives) -> None:
    """SEV-1 always, SEV-2 overnight, SEV-3 never (runbook §1), at the very moment a page reaches somebody.

    Whom a person asks for by name is called at any hour (issue 5 §1).
    """
    assert lives.breaking(_outside_policy) == ""


def _by_policy(sent: Sent) -> bool:
    return RESPONSE.pages_at(sent.incident.severity, sent.at) or _is_call(sent, Call.PERSON)


def _is_call(sent: Sent, *calls: Call) -> bool:
    callings = [sent.incident.calls.get(call) for call in calls]
    return sent.page is not None and sent.page.number in [calling.number for calling in callings if calling]


@judge
def _after_the_end(play: Play) -> object:
    return [s.at for s in play.sent if s.incident.phase in OVER]


def test_nobody_is_paged_once_it_is_over(lives: Lives) -> None:
    """Resolved is resolved (runbook §2.3)."""
    assert lives.breaking(_after_the_end) == ""


@judge
def _after_an_ack(play: Play) -> object:
    return [s.at for s in play.sent if s.incident.acked_by and not _calls_owner(s)]


def test_no_page_after_an_ack_but_to_call_somebody_else(lives: Lives) -> None:
    """An ack silences it; an escalation asks for the owner (runbook §2.1, §6)."""
    assert lives.breaking(_after_an_ack) == ""


def _calls_owner(sent: Sent) -> bool:
    """Somebody else: the owner, or whom a person asked for."""
    return _is_call(sent, Call.OWNER, Call.PERSON)


@judge
def _called_again(play: Play) -> object:
    return [s.at for s in play.sent if _called_though_they_have_it(play, s)]


def test_whoever_has_it_is_not_called_to_it_again(lives: Lives) -> None:
    """Nobody is paged for what did not need them (issue 5): others are asked for, while there are others."""
    assert lives.breaking(_called_again) == ""


def _called_though_they_have_it(play: Play, sent: Sent) -> bool:
    """As it stood when the page was asked for."""
    if sent.page is None:
        return False
    asked = next(after for _, _, _, after in play.moments if after.pages >= sent.page.number)
    return sent.person == asked.acked_by and set(behind(sent.page)) != {sent.person}


def test_a_person_gets_each_page_once(lives: Lives) -> None:
    """One page per person, however many ways they have and however often it is tried."""
    assert lives.breaking(_twice) == ""


@judge
def _twice(play: Play) -> list[tuple[str, int]]:
    got = [(sent.person, sent.page.number) for sent in play.sent if sent.page]
    return [one for one in set(got) if got.count(one) > 1]


@judge
def _the_same_too_soon(play: Play) -> object:
    return list(_too_soon(play))


def test_the_same_reason_reaches_a_person_once_an_hour_at_most(lives: Lives) -> None:
    """One page per person, rung and reason; the hourly one is new (runbook §1), and so is what people begin."""
    assert lives.breaking(_the_same_too_soon) == ""


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


@judge
def _woken_twice(play: Play) -> object:
    return list(_again_in_a_minute(play.sent))


def test_who_was_woken_by_the_second_path_is_left_alone_for_its_minute(lives: Lives) -> None:
    """It does not page again for the same minute (issue 5 §6); an escalation calls for somebody else."""
    assert lives.breaking(_woken_twice) == ""


def _again_in_a_minute(sent: list[Sent]) -> Iterator[datetime]:
    for second in (one for one in sent if one.by == "second path"):
        soon = [
            s for s in sent if s.person == second.person and second.at <= s.at < second.at + RESPONSE.same_page_within
        ]
        yield from (s.at for s in soon if s is not second and not _calls_owner(s))


# ── who is not forgotten ─────────────────────────────────────────────────────────────────────────────────────────


@judge
def _nobody_s(play: Play) -> object:
    return [since for since in _nobodys_sev1(play) if not _answered(play, since)]


def test_every_sev1_reaches_somebody_or_says_loudly_that_it_could_not(lives: Lives) -> None:
    """Within a minute of being nobody's SEV-1; what we could not do ourselves, within a minute of being back."""
    assert lives.breaking(_nobody_s) == ""


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


@judge
def _silent(play: Play) -> object:
    return list(_silent_hours(play))


def test_nobody_s_sev1_is_paged_hourly_until_somebody_has_it(lives: Lives) -> None:
    """However long it takes (runbook §1); failing that, it says that nobody could be reached."""
    assert lives.breaking(_silent) == ""


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


@judge
def _threads(play: Play) -> object:
    return len(play.roots) if len(play.roots) != 1 else 0


def test_there_is_one_thread(lives: Lives) -> None:
    """No parallel threads (runbook §7), whatever is begun anew."""
    assert lives.breaking(_threads) == ""


@judge
def _late(play: Play) -> object:
    return list(_late_updates(play))


def test_no_update_is_late_by_more_than_a_minute(lives: Lives) -> None:
    """Each severity's cadence (runbook §1): after an outage of ours, within a minute of being back."""
    assert lives.breaking(_late) == ""


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


@judge
def _unconsented(play: Play) -> object:
    return [at for at, mail, _ in play.mails if not _consented(play, at, mail)]


def test_no_mail_goes_out_that_nobody_said_yes_to(lives: Lives) -> None:
    """Somebody has read its every word (issue 5 §5)."""
    assert lives.breaking(_unconsented) == ""


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


@judge
def _written_twice(play: Play) -> object:
    return list(_mailed_twice(play))


def test_a_customer_gets_each_version_once(lives: Lives) -> None:
    """Only those whom it certainly did not reach are written to again (issue 5 §5)."""
    assert lives.breaking(_written_twice) == ""


def _mailed_twice(play: Play) -> Iterator[tuple[int, str]]:
    known: dict[tuple[int, str], Fate] = {}
    for _, event, _, _ in play.moments:
        if isinstance(event, CustomersMailed):
            for key, fate in event.fates.items():
                if known.get((event.version, key)) in (Fate.SENT, Fate.UNKNOWN):
                    yield event.version, key
                known[event.version, key] = fate


# ── the worlds are worth living in ───────────────────────────────────────────────────────────────────────────────


def _what_happened(play: Play) -> dict[str, int]:
    """What the properties are about."""
    incident = play.incident
    lines = [entry.what for entry in incident.timeline]
    by_us = [sent for sent in play.sent if sent.page]
    return {
        "closed": incident.phase is Phase.CLOSED,
        "reopened": incident.episode > 1,
        "paged again": incident.pages > 2,
        "nobody reached": sum("nobody could be paged" in line for line in lines),
        "second path": sum(sent.by == "second path" for sent in play.sent),
        "covered": bool(incident.covered),
        "acked after a page of the second path": bool(incident.already_paged and incident.acked_by),
        "customers mailed": bool(play.mails),
        "given back": sum("no longer has it" in line for line in lines),
        "asked for somebody": sum("escalates to" in line for line in lines),
        "whoever has it left out": sum(s.incident.acked_by in behind(s.page) for s in by_us if s.incident.acked_by),
        "owner called after an ack": sum(bool(s.incident.acked_by) for s in play.sent),
    }


def test_the_worlds_hold_what_the_properties_are_about(lives: Lives) -> None:
    """A property of worlds in which nothing happens says nothing."""
    assert {name: count for name, count in lives.reached.items() if count < 3} == {}
