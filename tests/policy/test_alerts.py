"""What the vendor tells: it fires, it cleared, it fires again (runbook §2.3, design §5)."""

from datetime import timedelta

import pytest

from incident.model.alert import Alert, AlertStatus
from incident.model.effects import Page
from incident.model.events import AlertTold
from incident.model.incident import Criterion, Due, Phase
from incident.model.messages import FileActionItem, Mitigated, Postmortem, Resolve
from incident.model.severity import Severity
from incident.policy.alerts import REMEMBERED
from incident.policy.resolution import missing
from tests.policy.story import BLIND, NOON, Story, hurting, mitigated, resolved, shop_alert


def told(story: Story, alert: Alert) -> Story:
    return story.takes(AlertTold(alert=alert))


def typed(status: AlertStatus) -> Alert:
    """`temporal workflow signal --name alert --input '"resolved"'`: no vendor, no start, no fingerprint."""
    return Alert(name="ShopDown", status=status)


# ── repeats ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("life", "repeat"),
    [
        pytest.param(Story, shop_alert(), id="it fires, as it did"),
        pytest.param(Story, shop_alert(summary="still down"), id="told in other words"),
        pytest.param(lambda: Story().clears(), shop_alert(cleared=True), id="it cleared, as it had"),
        pytest.param(lambda: Story().clears(), shop_alert(), id="an old firing, overtaken by its clearing"),
        pytest.param(Story, shop_alert("z", cleared=True), id="a clearing of what never fired here"),
        pytest.param(Story, typed(AlertStatus.FIRING), id="a person says it fires, which is known"),
        pytest.param(lambda: Story().clears(), typed(AlertStatus.RESOLVED), id="a person says it cleared, too"),
        pytest.param(Story, shop_alert(starts_at=None), id="it fires, without saying since when"),
        pytest.param(
            lambda: Story().after(minutes=3).fires(),
            shop_alert(cleared=True),
            id="a clearing of an earlier firing, overtaken by the younger one",
        ),
    ],
)
def test_a_repeated_notification_changes_nothing(life, repeat):
    """Alertmanager repeats a whole group each time: no line, no effect, no change (design §5)."""
    story = life()
    before, asked = story.incident, len(story.asked)
    told(story, repeat)

    assert (story.incident, len(story.asked)) == (before, asked)


def test_a_firing_overtaken_by_its_own_clearing_is_old_news():
    """Two notifications may change places on their way; the younger word counts (design §5)."""
    since = NOON + timedelta(minutes=1)
    story = Story(at=NOON + timedelta(minutes=2), alert=shop_alert("a"))
    told(story, shop_alert("a", starts_at=since, cleared=True))

    assert told(story, shop_alert("a", starts_at=since)).incident.firing == {}


def test_only_so_many_notifications_are_remembered():
    """An incident that flaps for days stays small enough for the engine (temporal-guide §4)."""
    story = Story()
    for _ in range(REMEMBERED):
        story.clears().after(minutes=1).fires()

    assert len(story.incident.seen) == REMEMBERED


# ── clearing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_cleared_alert_counts_after_one_repeat_interval():
    """It must stay clear through one repeat_interval, which is an hour (runbook §2.3)."""
    assert Story().clears().due_in(Due.QUIET) == timedelta(hours=1)


def test_clearing_one_of_several_subjects_clears_nothing():
    """The firing alert has cleared only when none of its subjects fires (runbook §2.3)."""
    story = Story().fires("b").clears("a")

    assert (list(story.incident.firing), story.incident.cleared_at) == (["b"], None)


def test_clearing_the_last_of_several_subjects_starts_the_quiet_clock():
    """All of them clear: from now on it counts (runbook §2.3)."""
    story = Story().fires("b").clears("a").after(minutes=4).clears("b")

    assert (story.incident.firing, story.incident.cleared_at) == ({}, story.now)


def test_a_subject_that_joins_during_quiet_stops_the_clock():
    """It has to stay clear (runbook §2.3)."""
    assert Story().clears("a").fires("b").due_in(Due.QUIET) is None


def test_a_re_fire_restarts_the_quiet_clock():
    """Stays clear through one whole repeat_interval, counted from the last clearing (runbook §2.3)."""
    story = Story().clears().after(minutes=50).fires().after(minutes=1).clears()

    assert story.due_in(Due.QUIET) == timedelta(hours=1)


def test_firing_again_in_triage_keeps_the_triage():
    """Nothing was resolved, so nothing reopens: one line more (runbook §2)."""
    story = Story().clears().after(minutes=2).fires()

    assert (story.phase, story.incident.episode, story.lines[-1]) == (Phase.TRIAGE, 1, "ShopDown fires again")


def test_firing_again_while_mitigating_keeps_the_proposals():
    """Customers were hurt all along; the plan on the table still stands (runbook §2)."""
    story = hurting().plans().clears().after(minutes=2).fires()

    assert [p.id for p in story.incident.open_proposals] == ["restart-1"]


def test_a_person_may_say_that_all_of_it_cleared():
    """A hand-typed `resolved` names no subject: it means all of them (design §5)."""
    assert told(Story().fires("b"), typed(AlertStatus.RESOLVED)).incident.firing == {}


def test_without_an_impact_check_the_clearing_is_the_end_of_the_impact():
    """Nobody else can tell (runbook §2: customer impact stopped?)."""
    assert Story(playbook=BLIND).clears().phase is Phase.RESOLVE


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        pytest.param("ok", Phase.RESOLVE, id="the check agrees"),
        pytest.param("bad", Phase.MITIGATE, id="the check still sees harm"),
        pytest.param("unknown", Phase.TRIAGE, id="unknown is never ok"),
    ],
)
def test_with_an_impact_check_the_clearing_needs_its_word(probe, expected):
    """Customer-facing impact, not the alert, moves an incident on (runbook §2)."""
    assert Story().sees(probe=probe, healer="ok").clears().phase is expected


def test_a_clearing_before_the_first_look_waits_for_it():
    """What was not seen is not ok (runbook §2.3)."""
    assert Story().clears().phase is Phase.TRIAGE


# ── an incident that a person began ──────────────────────────────────────────────────────────────────────────────


def started_by_hand() -> Story:
    return Story(alert=Alert(name="ShopDown"))


def test_a_vendor_s_firing_takes_the_place_of_the_hand_typed_one():
    """A person only named the alert; the vendor knows its subject, and will tell when it clears (design §5)."""
    assert list(started_by_hand().fires("a").incident.firing) == ["a"]


def test_an_incident_begun_by_hand_can_clear_by_its_vendor():
    """The firing alert has cleared, whoever told of it first (runbook §2.3)."""
    story = started_by_hand().fires("a").clears("a")

    assert story.incident.cleared_at == story.now


def test_an_incident_begun_by_hand_can_clear_by_hand():
    """Where no vendor tells, a person does (design §5)."""
    story = told(started_by_hand(), typed(AlertStatus.RESOLVED))

    assert story.due_in(Due.QUIET) == timedelta(hours=1)


# ── reopening ────────────────────────────────────────────────────────────────────────────────────────────────────


def closed() -> Story:
    return resolved().says(Postmortem(url="https://wiki.example/pm"))


@pytest.mark.parametrize("life", [mitigated, resolved, closed])
def test_a_re_fire_reopens_an_incident_that_had_moved_on(life):
    """The fix was not durable: triage again, in the same incident (design §5)."""
    story = life()
    story.clears().after(minutes=5).fires() if life is mitigated else story.after(minutes=5).fires()

    assert (story.phase, story.incident.episode) == (Phase.TRIAGE, 2)


def test_a_reopened_incident_keeps_its_whole_timeline():
    """One story, two episodes: the postmortem needs both (runbook §2.2)."""
    story = resolved()
    before = story.incident.timeline
    story.after(minutes=5).fires()

    assert story.incident.timeline[: len(before)] == before
    assert "postmortem → triage" in story.lines[len(before) :]


def test_a_reopening_from_resolve_leaves_its_owner_alone():
    """Whoever has it is still there (runbook §2.1)."""
    story = mitigated().clears().after(minutes=5).fires()

    assert (story.incident.acked_by, story.page_minutes) == ("ana", [0])


@pytest.mark.parametrize("life", [resolved, closed])
def test_a_reopening_after_resolution_pages_anew(life):
    """Whoever had it has gone back to sleep: an ack of last time is none (runbook §2.1)."""
    story = life().after(minutes=5).fires()

    assert (story.incident.acked_by, story.page_minutes[1:]) == ("", [65])


def test_a_reopened_sev3_pages_nobody():
    """SEV-3: page no, not the second time either (runbook §1)."""
    assert resolved(severity=Severity.SEV3).after(minutes=5).fires().all(Page) == []


def test_a_reopening_says_so_in_the_thread_and_wakes_the_channel():
    """Slack @channel for a critical one nobody owns (runbook §1)."""
    story = resolved().after(minutes=5).fires()

    assert story.last_post("fired again: the fix was not durable").broadcast


def test_what_held_in_the_last_episode_is_no_evidence_for_this_one():
    """All four criteria have to hold again: findings, attestations and the wish to resolve are gone (runbook §2.3)."""
    incident = resolved().after(minutes=5).fires().incident

    assert {} == incident.findings == incident.attested
    assert () == incident.criteria_met == incident.levers_tried
    assert (incident.mitigated_at, incident.resolved_at, incident.resolve_asked_by) == (None, None, "")


def test_a_follow_up_of_the_last_episode_does_not_make_this_one_durable():
    """That follow-up did not prevent it (runbook §2.3)."""
    story = mitigated().says(FileActionItem(what="rotate safely")).clears().after(minutes=5).fires()

    assert "durable" in [s.name for s in missing(story.incident, story.now)]


def test_the_postmortem_owed_before_is_owed_again_only_after_the_next_resolution():
    """Within 5 business days of the resolution that lasted (runbook §2.4)."""
    story = resolved().after(minutes=5).fires()

    assert (story.incident.postmortem_due, story.due_in(Due.POSTMORTEM)) == (None, None)


def test_a_reopened_incident_gets_its_clocks_again():
    """Acknowledge within 5 min, next update in 30, escalate at 30 (runbook §1, §2, §6)."""
    story = resolved().after(minutes=5).fires()
    minutes = {what: at - story.now for what, at in story.incident.due.items()}

    assert minutes == {
        Due.ACK: timedelta(minutes=5),
        Due.ROLES: timedelta(minutes=10),
        Due.UPDATE_NEAR: timedelta(minutes=25),
        Due.CADENCE: timedelta(minutes=30),
        Due.UNMITIGATED: timedelta(minutes=30),
    }


def test_a_reopened_incident_can_resolve_again():
    """The whole flow once more: mitigate, criteria, postmortem (runbook §2)."""
    story = resolved().after(minutes=5).fires().acks().says(Resolve(by="ana")).says(Mitigated(by="ana")).clears()
    story.sees(probe="ok", journey="ok", books="ok").confirms(Criterion.DURABLE).after(hours=1)

    assert (story.phase, story.incident.episode) == (Phase.POSTMORTEM, 2)


def test_an_automation_s_work_of_the_last_episode_is_old_news():
    """What self-heal did before it fired again did not last: we neither wait for it nor thank it (runbook §3.2)."""
    story = resolved().after(minutes=5).fires()

    assert story.look.since == story.now
