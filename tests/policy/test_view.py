"""An incident as people and scripts read it: the queries and the Web UI (design §5)."""

import json
from dataclasses import replace

import pytest

from incident.model.incident import Due
from incident.model.messages import Approve, FileActionItem, Note
from incident.policy import view
from tests.policy.story import Story, hurting, mitigated, resolved


def status(story: Story) -> dict:
    return view.status(story.incident, story.now)


@pytest.mark.parametrize("life", [Story, hurting, mitigated, resolved])
@pytest.mark.parametrize("query", ["status", "criteria"])
def test_an_answer_is_json_a_script_can_read(life, query):
    """Queries answer JSON (design §5)."""
    story = life()
    answer = getattr(view, query)(story.incident, story.now)

    assert json.loads(json.dumps(answer)) == answer


def test_status_has_the_promised_fields():
    """At least id, phase, severity, acked_by, needs_human, pages, open_since (design §5)."""
    promised = {"id", "phase", "severity", "acked_by", "needs_human", "pages", "open_since"}

    assert {name: value for name, value in status(hurting().acks()).items() if name in promised} == {
        "id": "incident-ShopDown-a",
        "phase": "mitigate",
        "severity": "SEV-1",
        "acked_by": "ana",
        "needs_human": False,
        "pages": 1,
        "open_since": "2026-06-16T12:00:00+00:00",
    }


def test_status_tells_what_is_next():
    """SEV, impact, hypothesis, next update time (runbook §7)."""
    story = hurting().acks().says(Note(text="secret rotated", hypothesis=True)).plans()
    answer = status(story)

    assert (answer["hypothesis"], answer["next_update_at"]) == ("secret rotated", "2026-06-16T12:30:00+00:00")
    assert answer["waiting_for"] == ["a yes or no to restart-1", "probe to turn green"]


def test_status_shows_each_proposal():
    """Whoever approves sees what would happen (design §7)."""
    assert status(hurting().plans().says(Approve(by="ana")))["proposals"] == [
        {
            "id": "restart-1",
            "aim": "lever",
            "would": "restart the shop",
            "state": "approved",
            "approval": "approval",
            "approved_by": ["ana"],
            "yeses": ["ana, claimed"],
            "needs": [],
            "proposed_by": "",
        }
    ]


def test_status_shows_the_follow_ups():
    """Action items tracked to completion (runbook §2)."""
    items = status(mitigated().says(FileActionItem(what="rotate safely", owner="bo", by="ana")))["action_items"]

    assert items == [{"what": "rotate safely", "owner": "bo", "due": "", "url": "", "by": "ana"}]


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        pytest.param(Story, True, id="nobody owns it"),
        pytest.param(lambda: Story().acks(), False, id="somebody does"),
        pytest.param(lambda: hurting().acks().plans(), True, id="a plan waits for a yes"),
        pytest.param(lambda: hurting().acks().plans().says(Approve()), False, id="it got it"),
        pytest.param(resolved, False, id="the postmortem has time"),
        pytest.param(lambda: resolved().after(days=8), True, id="the postmortem is overdue"),
    ],
)
def test_it_says_whether_it_needs_a_human(life, expected):
    """The one flag a list is filtered by (design §5)."""
    assert status(life())["needs_human"] is expected


def test_each_line_of_the_timeline_has_the_promised_fields():
    """at, kind, what, because, by (design §5)."""
    assert view.timeline(Story().incident)[0] == {
        "at": "2026-06-16T12:00:00+00:00",
        "kind": "alert",
        "what": "ShopDown fires",
        "because": "the shop is down",
        "by": "alertmanager",
        "who": "alertmanager",
    }


def test_the_timeline_is_oldest_first():
    """A story is read from its beginning (runbook §8)."""
    instants = [entry["at"] for entry in view.timeline(resolved().incident)]

    assert instants == sorted(instants)


def test_each_criterion_has_the_promised_fields():
    """name, met, evidence; `state` tells unknown from not met (design §5)."""
    story = mitigated().sees(probe="ok", journey="ok", books="unknown")

    assert view.criteria(story.incident, story.now) == [
        {"name": "alert_clear", "met": False, "state": "not met", "evidence": "the alert still fires"},
        {"name": "impact_gone", "met": True, "state": "met", "evidence": "journey: journey ok"},
        {"name": "data_reconciled", "met": False, "state": "unknown", "evidence": "books: books unknown"},
        {
            "name": "durable",
            "met": False,
            "state": "not met",
            "evidence": "needs `confirm` by a person, or an `action_item`",
        },
    ]


def test_details_say_what_it_waits_for_and_how_to_answer():
    """People read the story in Temporal's Web UI (design §1)."""
    story = hurting().plans()
    text = view.details(story.incident, story.now)

    assert "- a yes or no to restart-1" in text
    assert "--name approve" in text
    assert "- ✗ probe: probe bad" in text


def test_details_of_a_story_gone_wild_stay_short():
    """The Web UI carries them in an address (temporal-guide §2)."""
    story = hurting()
    wordy = replace(story.incident.findings["probe"], summary="x" * 9000)
    incident = replace(story.incident, findings={"probe": wordy})

    assert len(view.details(incident, story.now)) == view.MOST_DETAILS


def test_a_list_shows_one_line():
    """Which incident, and what the alert says (design §5)."""
    assert view.summary(Story().incident) == "SEV-1 ShopDown a: the shop is down"


def test_every_alarm_says_what_it_waits_for():
    """A timer in the Web UI has words (design §1)."""
    assert set(view.ALARMS) == set(Due)
