"""The end of an incident: resolved, postmortem owed or not, closed, archived (runbook §2.3, §2.4)."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from incident.model.effects import RecordKind, WriteRecord
from incident.model.events import AlertTold, Continuing
from incident.model.incident import Due, Phase
from incident.model.messages import Postmortem
from incident.model.outcomes import Recorded, RecordFailed
from incident.model.response_policy import Overnight
from incident.model.severity import Severity
from runbook.response import RESPONSE, at_speed
from tests.policy.story import NOON, Story, mitigated, resolved, shop_alert

SEV1, SEV2, SEV3 = Severity.SEV1, Severity.SEV2, Severity.SEV3
PM = Postmortem(url="https://wiki.example/pm", by="ana")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("severity", [SEV1, SEV2])
def test_a_sev1_or_sev2_owes_a_postmortem(severity):
    """Every SEV-1 and SEV-2 gets a blameless postmortem (runbook §2.4)."""
    assert resolved(severity=severity).phase is Phase.POSTMORTEM


@pytest.mark.parametrize(
    ("begins", "zone", "due"),
    [
        pytest.param("2026-06-16 12:00", "UTC", "2026-06-23 13:00", id="Tuesday → next Tuesday"),
        pytest.param("2026-06-19 12:00", "UTC", "2026-06-26 13:00", id="Friday → next Friday"),
        pytest.param("2026-06-20 12:00", "UTC", "2026-06-26 13:00", id="Saturday → Friday: weekends do not count"),
        pytest.param("2026-06-21 23:30", "UTC", "2026-06-29 00:30", id="resolved after midnight: Monday → Monday"),
        pytest.param("2026-03-26 12:00", "Europe/Berlin", "2026-04-02 12:00", id="DST: 14:00 in Berlin stays 14:00"),
        pytest.param("2026-10-21 12:00", "Europe/Berlin", "2026-10-28 14:00", id="DST: 15:00 in Berlin stays 15:00"),
    ],
)
def test_the_postmortem_is_due_within_5_business_days(begins, zone, due):
    """Counted from the resolution, an hour after the beginning here (runbook §2.4)."""
    policy = replace(RESPONSE, overnight=Overnight(zone=zone, starts=time(22), ends=time(8)))

    assert resolved(at=utc(begins), policy=policy).incident.postmortem_due == utc(due)


def test_in_a_drill_the_days_are_shorter_too():
    """At speed 60 an hour is a minute: 7 calendar days are 2.8 hours (design §5, INCIDENTS_SPEED)."""
    story = resolved(policy=at_speed(RESPONSE, 60))

    assert story.incident.postmortem_due - story.incident.resolved_at == timedelta(days=7) / 60


def test_the_draft_is_written_at_the_resolution():
    """A postmortem whose timeline is already written (runbook §2.4, §8)."""
    records = resolved().all(WriteRecord)

    assert [record.reason for record in records] == [RecordKind.DRAFT]
    assert "# Postmortem — the shop is down (2026-06-16)" in records[0].markdown


def test_the_resolution_is_said_with_what_is_owed():
    """Update on resolve; the postmortem's date (runbook §2.4, §7)."""
    post = resolved().last_post("resolved")

    assert post.lines == (
        "*Took:* 1 h · *What helped:* restarted by hand",
        "*Postmortem due:* Tue 2026-06-23 13:00 UTC. Its draft is in the record, timeline included.",
    )


def test_nothing_but_the_postmortem_is_due_after_the_resolution():
    """No page, no update, no look: only the postmortem (runbook §2)."""
    assert list(resolved().incident.due) == [Due.POSTMORTEM]


def test_an_overdue_postmortem_is_said_and_needs_somebody():
    """Within 5 business days, or people hear of it (runbook §2.4)."""
    story = resolved().after(days=8)

    assert story.post_minutes("the postmortem is overdue") == [7 * 24 * 60 + 60]
    assert story.incident.needs_human


def test_a_postmortem_in_time_needs_nobody_meanwhile():
    """There are five days for it (runbook §2.4)."""
    assert not resolved().after(days=3).incident.needs_human


def test_a_published_postmortem_closes_the_incident():
    """postmortem → closed (runbook §2)."""
    story = resolved().says(PM)

    assert (story.phase, story.incident.postmortem_url) == (Phase.CLOSED, "https://wiki.example/pm")


def test_a_postmortem_may_be_published_late():
    """Overdue is not too late (runbook §2.4)."""
    assert resolved().after(days=30).says(PM).phase is Phase.CLOSED


# ── a SEV-3 ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sev3_closes_without_a_postmortem():
    """SEV-3s get a one-line note in the incident thread (runbook §2.4)."""
    story = resolved(severity=SEV3)

    assert (story.phase, story.incident.postmortem_due) == (Phase.CLOSED, None)


def test_a_sev3_closes_with_one_line():
    """A one-line note in the incident thread (runbook §2.4)."""
    assert resolved(severity=SEV3).last_post("resolved and closed").lines == (
        "*Took:* 1 h · *What helped:* restarted by hand",
    )


def test_a_sev3_needs_all_four_criteria_as_well():
    """An incident is resolved only when all of these hold, whatever its severity (runbook §2.3)."""
    assert mitigated(severity=SEV3).clears().after(hours=2).phase is Phase.RESOLVE


# ── closed ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "life",
    [
        pytest.param(lambda: resolved().says(PM), id="published"),
        pytest.param(lambda: resolved().sets(SEV3), id="lowered to SEV-3"),
        pytest.param(lambda: resolved(severity=SEV3), id="a SEV-3"),
    ],
)
def test_a_closed_incident_is_archived_and_waits_for_nothing(life):
    """Its record is the last thing it asks for (runbook §2)."""
    story = life()

    assert (story.all(WriteRecord)[-1].reason, story.incident.due, story.incident.closed_recorded) == (
        RecordKind.CLOSED,
        {},
        True,
    )


def test_a_closed_incident_needs_nobody():
    """It is over (runbook §2)."""
    assert not resolved().says(PM).incident.needs_human


def test_the_record_of_the_close_holds_the_close():
    """The archive is the whole story (runbook §2.2)."""
    record = resolved().says(PM).all(WriteRecord)[-1]

    assert (record.incident.phase, record.incident.timeline[-1].what) == (Phase.CLOSED, "postmortem → closed")


def test_a_re_fire_before_the_record_is_written_keeps_the_run_alive():
    """The late answer about the record does not end an incident that is open again (design §5)."""
    story = resolved().says(PM).after(minutes=1).fires()
    story.takes(Recorded(reason=RecordKind.CLOSED, path="records/shop.md"))

    assert (story.phase, story.incident.closed_recorded) == (Phase.TRIAGE, False)


def test_a_clearing_after_the_resolution_starts_no_clock():
    """It told what was known (runbook §2.3)."""
    story = resolved()
    due = story.incident.due

    assert story.takes(AlertTold(alert=shop_alert("z", cleared=True))).incident.due == due


# ── records ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_long_story_is_archived_before_it_goes_on_in_a_new_run():
    """The archive does not depend on the engine's retention (design §3)."""
    record = mitigated().takes(Continuing()).all(WriteRecord)[-1]

    assert (record.reason, record.incident.phase) == (RecordKind.CONTINUED, Phase.RESOLVE)


def test_every_record_has_its_own_key():
    """Written once, however often its activity is tried (design §6)."""
    story = resolved().takes(Continuing()).takes(Continuing()).says(PM)
    keys = [record.key for record in story.all(WriteRecord)]

    assert (len(keys), len(set(keys))) == (4, 4)


def test_a_record_that_cannot_be_written_is_on_the_timeline():
    """A full disk is one more thing that happened (design §3)."""
    story = resolved().takes(RecordFailed(reason=RecordKind.DRAFT, why="disk full"))
    entry = story.incident.timeline[-1]

    assert (entry.what, entry.because) == ("the record could not be written", "disk full")


def test_keys_of_two_incidents_of_the_same_alert_differ():
    """The workflow id comes back when the same alert fires next week (design §6)."""
    assert Story(at=NOON).incident.key != Story(at=NOON + timedelta(days=7)).incident.key
