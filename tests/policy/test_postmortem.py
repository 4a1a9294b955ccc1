"""The postmortem's draft, on the template of runbook §8."""

import re

import pytest

from incident.model.effects import WriteRecord
from incident.model.messages import Approve, Assign, FileActionItem, Note
from incident.model.role import Role
from incident.policy.postmortem import markdown
from tests.policy.story import NOON, Story, hurting, mitigated, resolved, shop_alert


def draft(story: Story) -> str:
    return markdown(story.incident, story.now)


def section(story: Story, title: str) -> list[str]:
    """The lines below a heading, without blanks."""
    body = draft(story).split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    return [line for line in body.splitlines() if line]


def header(story: Story) -> list[str]:
    return draft(story).split("\n## ", 1)[0].strip().splitlines()


def test_the_draft_has_the_template_s_sections_in_its_order():
    """Copy this into docs/postmortems (runbook §8)."""
    assert re.findall(r"^## (.*)$", draft(resolved()), re.MULTILINE) == [
        "Summary",
        "Timeline (UTC)",
        "Root cause",
        "Detection",
        "Resolution & recovery",
        "What went well / what went poorly",
        "Action items (owner · due · tracking)",
        "Lessons / preventions",
    ]


def test_the_header_is_filled_from_the_incident():
    """Severity, duration, impact, detection, roles (runbook §8)."""
    story = resolved().says(Assign(role=Role.IC, to="bo")).says(Assign(role=Role.SCRIBE, to="cy"))

    assert header(story) == [
        "# Postmortem — the shop is down (2026-06-16)",
        "",
        "- **Severity:** SEV-1 · **Duration:** 1 h (Tue 2026-06-16 12:00 UTC → Tue 2026-06-16 13:00 UTC)",
        "- **Customer impact:** Customers cannot buy.",
        (
            "- **Detected by:** ShopDown (alertmanager) · **Detection lag:** 0 s from the alert's start to the "
            "incident; _to be written:_ impact start → alert"
        ),
        "- **Incident Commander:** bo · **Scribe:** cy",
    ]


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        pytest.param(Story, "nobody declared", id="nobody"),
        pytest.param(lambda: Story().acks("ana"), "ana", id="whoever acknowledged leads until somebody is named"),
        pytest.param(lambda: Story().acks("ana").says(Assign(role=Role.IC, to="bo")), "bo", id="the declared one"),
    ],
)
def test_the_incident_commander_is_named(life, expected):
    """Incident Commander: <name> (runbook §8)."""
    assert f"- **Incident Commander:** {expected} · **Scribe:** nobody declared" in header(life())


def test_before_the_resolution_the_duration_is_so_far():
    """A draft taken early does not pretend to an end (runbook §8)."""
    assert "**Duration:** 20 min so far" in header(hurting().acks().after(minutes=20))[2]


def test_the_detection_lag_is_measured_from_the_alert_s_start():
    """Detection lag: impact start → first alert (runbook §8)."""
    story = Story(alert=shop_alert(starts_at=NOON.replace(hour=11)))

    assert "**Detection lag:** 1 h from the alert's start" in header(story)[4]


def test_an_unknown_start_is_asked_for():
    """What the incident cannot know is asked of people (runbook §8)."""
    story = Story(alert=shop_alert(starts_at=None))

    assert header(story)[4].endswith("**Detection lag:** _to be written:_ impact start → first alert")


def test_the_timeline_is_a_row_for_each_line_of_the_story():
    """| Time | Event | (runbook §8)."""
    story = resolved()
    table = section(story, "Timeline (UTC)")

    assert (table[0], table[1], len(table)) == ("| Time | Event |", "|---|---|", len(story.lines) + 2)


def test_a_row_tells_when_what_who_and_why():
    """The postmortem needs the timeline (runbook §2.2)."""
    rows = section(resolved(), "Timeline (UTC)")

    assert "| 06-16 12:00:00 | mitigate → resolve (ana, claimed) — restarted by hand; ana says so |" in rows


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a|b", "a\\|b", id="a bar would start another cell"),
        pytest.param("a\nb", "a b", id="a line break would start another row"),
    ],
)
def test_what_people_wrote_does_not_break_the_table(text, expected):
    """Markdown people can publish as it is (runbook §8)."""
    row = section(Story().says(Note(text=text, by="ana")), "Timeline (UTC)")[-1]

    assert row == f"| 06-16 12:00:00 | {expected} (ana, claimed) |"


def test_the_detection_says_how_often_it_paged_and_who_came():
    """Did the right alert fire? How fast? (runbook §8)."""
    story = Story(dead={"ntfy"}).after(minutes=6).acks()

    assert section(story, "Detection")[0] == (
        "ShopDown opened the incident at 12:00:00 UTC. Pages sent: 2, delivered: 2. "
        "Acknowledged by ana (claimed) at 12:06:00 UTC."
    )


def test_an_incident_nobody_acknowledged_says_so():
    """Went poorly: no phone pager (runbook §8)."""
    assert section(Story(), "Detection")[0].endswith("Never acknowledged.")


def test_the_resolution_says_what_stopped_the_bleeding_and_what_was_reconciled():
    """What stopped the bleeding. Was data reconciled? (runbook §8)."""
    assert section(resolved(), "Resolution & recovery") == [
        "Stopped the bleeding: restarted by hand.",
        "- no lever was pulled",
        "- alert_clear: met — clear since 12:00:00 UTC",
        "- impact_gone: met — journey: journey ok",
        "- data_reconciled: met — books: books ok",
        "- durable: met — confirmed by ana: saw durable",
    ]


def test_every_lever_is_accounted_for():
    """Document every action (runbook §2.2)."""
    story = hurting().acks().plans().says(Approve(by="ana")).applies().after(minutes=10).plans()

    assert section(story, "Resolution & recovery")[1:3] == [
        "- restart-1: failed — restart the shop",
        "- scale-2: open — scale the shop",
    ]


def test_follow_ups_are_the_action_items():
    """Action, owner, due, link (runbook §8)."""
    story = mitigated().says(
        FileActionItem(what="rotate safely", owner="bo", due="2026-07-01", url="https://t.example/1")
    )

    assert section(story, "Action items (owner · due · tracking)") == [
        "| Action | Owner | Due | Link |",
        "|---|---|---|---|",
        "| rotate safely | bo | 2026-07-01 | https://t.example/1 |",
    ]


def test_without_follow_ups_the_table_waits_for_them():
    """The template's empty row (runbook §8)."""
    assert section(Story(), "Action items (owner · due · tracking)")[-1] == "| | | | |"


@pytest.mark.parametrize("title", ["Root cause", "What went well / what went poorly", "Lessons / preventions"])
def test_what_only_people_know_is_asked_for(title):
    """The chain of causation, what went well, what prevents the class (runbook §8)."""
    assert "_to be written:_" in "\n".join(section(resolved(), title))


def test_the_draft_that_is_recorded_is_complete():
    """The record holds what a person would have copied (runbook §2.4)."""
    story = resolved()
    record = story.all(WriteRecord)[0]

    assert record.markdown == markdown(record.incident, record.incident.resolved_at)
    assert "resolve → postmortem" in record.markdown
