"""What is true of any life whatever: any events in any order, answered by any world, at any hour.

Hypothesis makes up the lives, once for all properties; each property is a sentence about all their moments (see
`lives.py`). That `decide` never raises is what lets them be lived at all. The last test shows that they reach the deep
states these sentences are about. Who wants the shortest life that breaks a rule asks `lives.shortest`.
"""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import TypeAdapter

from incident.model.effects import Page, Post, SetStatusPage, Settle, ShowCard, StoredEffect, WriteRecord
from incident.model.escalation import Call
from incident.model.events import CameDue, Said
from incident.model.finding import Status
from incident.model.incident import Aim, Criterion, Due, Incident, Phase, ProposalState
from incident.model.messages import SetSeverity
from incident.model.outcomes import CardFailed, CardShown, Paged, RecordFailed, StatusPageNotSet, StatusPageSet
from incident.model.role import Role
from incident.model.severity import Severity
from incident.policy import view
from incident.policy.decide import decide
from incident.policy.draft import Draft
from incident.policy.lifecycle import NEXT
from incident.policy.paging import silenced, standing
from tests.policy.lives import LIVES, Life, Moment, is_chain, turns

FAR = datetime.max.replace(tzinfo=UTC)
LIVE = (ProposalState.OPEN, ProposalState.APPROVED, ProposalState.APPLIED)
INCIDENT: TypeAdapter[Incident] = TypeAdapter(Incident)
EFFECT: TypeAdapter[StoredEffect] = TypeAdapter(StoredEffect)


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    """The same lives in each run: what fails here fails there."""
    lived: list[Life] = []

    @settings(max_examples=200, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(LIVES)
    def live_on(life: Life) -> None:
        lived.append(life)

    live_on()
    return lived


@pytest.fixture(scope="module")
def moments(lives) -> list[Moment]:
    """All moments of all lives."""
    return [moment for life in lives for moment in life.moments]


def is_over(incident: Incident) -> bool:
    return incident.phase in (Phase.POSTMORTEM, Phase.CLOSED)


# ── clocks and phases ────────────────────────────────────────────────────────────────────────────────────────────


def test_no_deadline_is_left_behind(lives):
    """After what was due has been taken, the next alarm is in the future: else the shell would spin (design §8)."""
    assert [life.left_due for life in lives if life.left_due] == []


def test_phases_change_only_as_the_runbook_s_table_says(moments):
    """No turn but the rows of the table (runbook §2)."""
    legal = {(before, after) for before, row in NEXT.items() for after in row.values()}

    assert {turn for m in moments for turn in turns(m)} - legal == set()


def test_every_change_of_phase_is_on_the_timeline(moments):
    """The turns that are told lead from the phase before to the phase after, without a gap (runbook §2.2)."""
    assert [m.event for m in moments if not is_chain(m)] == []


def test_what_is_over_waits_for_nothing_but_paper(moments):
    """No page, update or look is due any more; a mail under way still has to arrive (runbook §2.4)."""
    paper = {Due.POSTMORTEM, Due.MISUNDERSTOOD, Due.RECORD, Due.CARD, Due.MAIL_AGAIN, Due.RETURNED}
    paper |= {Due.STATUS_PAGE}

    assert [m.after.due for m in moments if is_over(m.after) and m.after.due.keys() - paper] == []


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_owned_incident_pages_only_to_call_somebody_else(moments):
    """An ack silences the ladder; the owner, or whom a person asked for, is somebody else (runbook §2.1, §6)."""
    owned = [(m, page) for m in moments if m.after.acked_by for page in m.asked(Page)]

    assert [page.because for m, page in owned if not _calls_of(m, page) & {Call.OWNER, Call.PERSON}] == []


def _calls_of(moment: Moment, page: Page) -> set[Call]:
    """Why this page is out."""
    return {call for call, calling in moment.after.calls.items() if calling.number == page.number}


def test_a_person_is_not_paged_twice_on_one_rung_for_one_reason(lives):
    """Each rung's page is asked for once, until the next one or an hour later (runbook §1)."""
    for life in lives:
        asked = [(m.now, page.rung, page.targets, page.because) for m in life.moments for page in m.asked(Page)]
        fresh = [one for one in asked if not one[3].startswith(("delayed: ", "said anew: "))]
        by_person = [one for one in fresh if " asks for " in one[3] or " gives it to " in one[3]]

        assert Counter(fresh) - Counter(by_person) == Counter(set(fresh)) - Counter(set(by_person))


def test_a_sev3_never_pages(moments):
    """SEV-3: page no (runbook §1)."""
    assert [m.event for m in moments if m.after.severity is Severity.SEV3 and m.asked(Page)] == []


def test_a_sev2_pages_only_overnight(moments):
    """SEV-2: yes if overnight, 22:00 to 08:00 (runbook §1); at any hour only where a person asks for somebody."""
    by_day = [m for m in moments if m.after.severity is Severity.SEV2 and 8 <= m.now.hour < 22]

    assert [m.event for m in by_day if any(_calls_of(m, page) != {Call.PERSON} for page in m.asked(Page))] == []


def test_nobody_is_paged_twice_at_one_moment(moments):
    """No burst (design §6)."""
    assert [m.event for m in moments if len(m.asked(Page)) > 1] == []


def test_an_unowned_sev1_always_has_its_next_page_coming(moments):
    """Re-page until somebody acks: the clock is never lost (runbook §1, §2)."""
    waiting = [m for m in moments if _waits_for_an_ack(m.after)]

    assert [m.event for m in waiting if not m.after.due.keys() & {Due.ACK, Due.REPAGE}] == []


def _waits_for_an_ack(incident: Incident) -> bool:
    known = incident.policy is not None
    return known and incident.severity is Severity.SEV1 and not incident.acked_by and not is_over(incident)


def test_a_call_that_reached_nobody_always_has_its_next_try_coming(moments):
    """Who asks for somebody else is not left alone with a page that nobody got (runbook §6)."""
    unheard = [m for m in moments if not is_over(m.after) and _calls_unheard(m)]

    assert unheard
    assert [m.event for m in unheard if Due.RETRY not in m.after.due] == []


def _calls_unheard(moment: Moment) -> list[Call]:
    """Calls for somebody else that are still wanted, and whose page reached nobody."""
    numbers, now = moment.after.unheard, Draft(moment.after, moment.now)
    calls = [call for call, calling in standing(moment.after) if calling.number in numbers]
    return [call for call in calls if call is not Call.LADDER and not silenced(now, call)]


def test_page_numbers_count_up(lives):
    """1, 2, 3: each number is one page, on one channel after the other (design §6)."""
    numbers = [[page.number for m in life.moments for page in m.asked(Page)] for life in lives]

    assert [
        found for found in numbers if found != sorted(found) or set(found) != set(range(1, len(set(found)) + 1))
    ] == []


# ── roles and cadence ────────────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_role_always_has_its_reminder_coming(moments):
    """A role nobody has is never forgotten (runbook §2)."""
    empty = [m for m in moments if m.after.empty_roles and not is_over(m.after)]

    assert [m.event for m in empty if Due.ROLES not in m.after.due] == []


def test_every_change_of_lead_is_on_the_timeline(moments):
    """One IC at a time, and the story says who: never two people who both believe that they lead (runbook §2)."""
    changed = [m for m in moments if m.after.roles.get(Role.IC, "") not in ("", m.before.roles.get(Role.IC, ""))]

    assert [m.event for m in changed if not _says_who(m, m.after.roles[Role.IC])] == []


def _says_who(moment: Moment, who: str) -> bool:
    fresh = moment.after.timeline[len(moment.before.timeline) :]
    return any(f"{who} is IC" in entry.what or f"IC {who}" in entry.what for entry in fresh)


def test_what_is_declared_is_what_the_severity_asks_for(moments):
    """Raising declares then, lowering frees (runbook §2)."""
    living = [m.after for m in moments if m.after.policy and not is_over(m.after)]

    assert [i.severity for i in living if i.declared != i.policy.rule(i.severity).roles] == []


def test_the_next_update_is_never_later_than_its_cadence(moments):
    """Every 30 min, every 2 h: the next one is always due, and never later than that (runbook §1)."""
    living = [m for m in moments if m.after.policy and not is_over(m.after)]
    paced = [(m, m.after.policy.rule(m.after.severity).cadence) for m in living]
    late = [m for m, every in paced if every and not m.after.due.get(Due.CADENCE, FAR) <= m.now + every]

    assert [m.event for m in late] == []


def test_an_update_that_is_due_is_made_within_the_minute(moments):
    """Cadence never late by more than 60 s of policy time: it goes out by itself (runbook §7)."""
    due = [m for m in moments if m.event == CameDue(what=Due.CADENCE) and not is_over(m.after)]

    assert due
    assert [m.now for m in due if not any(p.title.endswith(": update") for p in m.asked(Post))] == []


def test_one_card_at_a_time_is_on_its_way(moments):
    """Two edits could end in the wrong order; two openings would be two threads (runbook §7)."""
    asked = [m for m in moments if m.asked(ShowCard) and m.before.showing]

    assert [m.event for m in asked if not isinstance(m.event, CardShown | CardFailed)] == []


def test_no_thread_ever_carries_a_root_cause(moments):
    """Never promise a root cause before you have one (runbook §7): that word is the postmortem's."""
    posts = [post for m in moments for post in m.asked(Post)]
    said = [text for post in posts for text in (post.title, *post.lines)]

    assert [text for text in said if "root cause" in text.lower()] == []


# ── effects ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_effect_has_the_key_of_another(lives):
    """A key is what makes an effect happen once; only a page that was never sent is asked for again (design §6)."""
    for life in lives:
        effects = [effect for m in life.moments for effect in m.decision.effects]
        keys = [effect.key for effect in effects if effect.key not in life.late_keys]

        assert len(keys) == len(set(keys))


def test_a_closed_incident_asks_for_nothing_but_its_record(moments):
    """It is over; only a disk that refuses is told (runbook §2)."""
    closed = [m for m in moments if m.before.phase is m.after.phase is Phase.CLOSED]

    assert [m.event for m in closed if not all(isinstance(e, _allowed(m)) for e in m.decision.effects)] == []


def _allowed(moment: Moment) -> tuple[type, ...]:
    """A page that rings for nothing is stopped, however late it comes; a last card may have to wait for one."""
    if isinstance(moment.event, Paged):
        return (WriteRecord, ShowCard, Settle)
    if isinstance(moment.event, StatusPageSet | StatusPageNotSet):
        return (WriteRecord, ShowCard, SetStatusPage)  # it must not end on an outage that is over
    return (WriteRecord, ShowCard, Post) if isinstance(moment.event, RecordFailed) else (WriteRecord, ShowCard)


# ── what is remembered ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_timeline_only_grows(moments):
    """Nothing that happened is ever unsaid (runbook §2.2)."""
    assert [m.event for m in moments if m.after.timeline[: len(m.before.timeline)] != m.before.timeline] == []


def test_an_incident_survives_being_written_down(lives):
    """It travels through continue-as-new as JSON: what comes back is the same incident (design §3)."""
    assert [i for i in lives if INCIDENT.validate_json(INCIDENT.dump_json(i.incident)) != i.incident] == []


def test_an_effect_that_waits_survives_being_written_down(lives):
    """The outbox travels too (design §3)."""
    waiting = [effect for life in lives for effect in life.pending if not isinstance(effect, WriteRecord)]

    assert [e.key for e in waiting if EFFECT.validate_json(EFFECT.dump_json(e)) != e] == []


def test_the_same_event_is_decided_the_same_way(moments):
    """A workflow is replayed: the same incident, event and instant give the same decision (design §3)."""
    assert [m.event for m in moments[::5] if decide(m.before, m.event, m.now) != m.decision] == []


def test_every_view_is_json_at_every_moment(moments):
    """Queries answer whenever they are asked (design §5)."""
    for m in moments[::5]:
        answer = view.status(m.after, m.now) | {"criteria": view.criteria(m.after, m.now)}

        assert json.loads(json.dumps(answer)) == answer


# ── resolution and mitigation ────────────────────────────────────────────────────────────────────────────────────


def test_a_resolved_incident_really_had_all_four_criteria(moments):
    """Resolved only when all of these hold, seen with other eyes than the decider's (runbook §2.3)."""
    resolutions = [m for m in moments if m.after.resolved_at == m.now != m.before.resolved_at]

    assert [_what_lacked(m) for m in resolutions if _what_lacked(m)] == []


def _what_lacked(moment: Moment) -> set[Criterion]:
    incident, holds = moment.after, set(moment.after.attested)
    quiet = incident.cleared_at and incident.cleared_at + timedelta(hours=1) <= moment.now
    if quiet:
        holds.add(Criterion.ALERT_CLEAR)
    if _ok(incident, incident.playbook.journey_check or incident.playbook.impact_check):
        holds.add(Criterion.IMPACT_GONE)
    if _ok(incident, incident.playbook.data_check):
        holds.add(Criterion.DATA_RECONCILED)
    if incident.action_items[incident.items_before :]:
        holds.add(Criterion.DURABLE)
    if all(refund.answer for refund in incident.refunds):
        holds.add(Criterion.REFUND)
    fires = {Criterion.ALERT_CLEAR} if incident.firing else set()
    return set(Criterion) - holds | fires


def _ok(incident: Incident, check: str | None) -> bool:
    seen = incident.findings.get(check or "")
    return seen is not None and seen.status is Status.OK


def test_there_are_never_more_levers_at_a_time_than_the_runbook_allows(moments):
    """One; where a lever helps each of several subjects, so many as it says."""
    assert [m.event for m in moments if _levers(m.after) > _at_once(m.after)] == []


def test_there_is_at_most_one_lever_for_each_subject(moments):
    """Never while another lever works on the same target (design §7)."""
    assert [m.event for m in moments if any(count > 1 for count in _subjects(m.after).values())] == []


def _levers(incident: Incident) -> int:
    """Planned, on the table, on their way, or waited for; what people carry out is in nobody's way."""
    return sum(p.state in LIVE and p.aim is Aim.LEVER for p in incident.proposals) + bool(incident.planning)


def _at_once(incident: Incident) -> int:
    return max((use.at_once for use in incident.playbook.levers), default=1) if incident.playbook else 1


def _subjects(incident: Incident) -> Counter[str]:
    return Counter(p.plan.subject for p in incident.proposals if p.state in LIVE and p.aim is Aim.LEVER)


def test_levers_are_planned_and_pulled_only_while_customers_are_hurt(moments):
    """Outside of mitigate no plan is made and none is on the table (runbook §2)."""
    assert [m.event for m in moments if m.after.phase is not Phase.MITIGATE and _levers(m.after)] == []


def test_an_incident_with_an_impact_check_is_never_left_unwatched(moments):
    """A look is under way or its clock runs, from the briefing to the resolution (runbook §2.1, §2.3)."""
    assert [m.event for m in moments if not _is_watched(m.after)] == []


def _is_watched(incident: Incident) -> bool:
    if not incident.briefed or is_over(incident) or not incident.playbook.impact_check:
        return True
    return bool(incident.looking) or Due.LOOK in incident.due


def test_severity_is_raised_by_us_and_lowered_only_by_people(moments):
    """It can be lowered as you learn more; a machine only learns that it is worse (runbook §1, §2)."""
    lowered = [m.event for m in moments if m.before.policy and m.after.severity > m.before.severity]

    assert [e for e in lowered if not (isinstance(e, Said) and isinstance(e.message, SetSeverity))] == []


# ── the lives are worth living through ───────────────────────────────────────────────────────────────────────────

OUTSIDE = {Due.CUSTOMERS, Due.PROMISE, Due.MAIL_AGAIN, Due.RETURNED, Due.STATUS_PAGE, Due.REFUND}
"""Reached by the lives of `test_customers_properties.py`, which are made for them."""
DEEP = {
    *(f"{before} → {after}" for before, row in NEXT.items() for after in row.values()),
    *(f"{phase} again" for phase in Phase),
    *(f"a lever {state}" for state in ProposalState),
    *(f"{due} came due" for due in set(Due) - OUTSIDE),
}


def test_generated_lives_reach_the_deep_states(moments):
    """A property of states nobody reaches says nothing."""
    reached = {
        *(f"{before} → {after}" for m in moments for before, after in turns(m)),
        *(f"{m.after.phase} again" for m in moments if m.after.episode > 1),
        *(f"a lever {p.state}" for m in moments for p in m.after.proposals),
        *(f"{m.event.what} came due" for m in moments if isinstance(m.event, CameDue)),
    }

    assert DEEP - reached == set()
