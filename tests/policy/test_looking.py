"""When we look at the world, and what a look changes (runbook §2.1, §2.3)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incident.model.effects import Purpose
from incident.model.events import CameDue
from incident.model.incident import Due, Phase
from incident.model.outcomes import Briefed, Looked, LookFailed
from tests.policy.story import BLIND, NOON, PLAYBOOK, Story, finding, hurting, mitigated, resolved, shop_alert


@pytest.mark.parametrize(
    ("life", "purpose", "checks"),
    [
        pytest.param(Story, Purpose.TRIAGE, ("probe", "healer"), id="triage: the playbook's checks"),
        pytest.param(hurting, Purpose.HOLD, ("probe", "healer"), id="mitigate: impact and automation"),
        pytest.param(mitigated, Purpose.CRITERIA, ("journey", "books", "probe"), id="resolve: the criteria"),
    ],
)
def test_each_phase_looks_at_what_it_needs(life, purpose, checks):
    """Triage reads the dashboards, resolve re-runs the journey (runbook §2.1, §2.3)."""
    look = life().look

    assert (look.purpose, look.checks) == (purpose, checks)


def test_the_first_look_sees_the_impact_even_where_the_playbook_forgot_to_list_it():
    """An impact check nobody runs would leave the incident blind (runbook §2.1)."""
    assert Story(playbook=replace(PLAYBOOK, checks=("disk",))).look.checks == ("disk", "probe", "healer")


def test_without_checks_nothing_is_looked_at():
    """Only the alert and people can tell (design §9: an activity that tells nobody anything)."""
    assert Story(playbook=BLIND).incident.looking == 0


def test_a_look_waits_for_what_differs_from_what_is_known():
    """It comes back when there is news, not every 15 seconds (design §9)."""
    look = hurting().look

    assert (look.known, look.patience) == ({"probe": "bad", "healer": "ok"}, timedelta(minutes=30))


def test_the_first_look_answers_at_once():
    """Triage is within the first 10 minutes (runbook §2.1)."""
    assert Story().look.patience == timedelta(0)


def test_work_of_automations_before_the_alert_began_is_old_news():
    """The alert fired later than its trouble began: its start counts (runbook §3.2)."""
    story = Story(at=NOON, alert=shop_alert(starts_at=NOON - timedelta(minutes=2)))

    assert story.look.since == NOON - timedelta(minutes=2)


def test_an_answer_of_an_older_look_is_not_heard():
    """One look at a time: a younger one has been asked meanwhile (design §3)."""
    story = hurting()
    before = story.incident
    story.takes(Looked(number=1, purpose=Purpose.TRIAGE, findings=(finding("probe", "ok", story.now),)))

    assert story.incident == before


def test_an_answer_that_comes_twice_is_heard_once():
    """Activities are at-least-once (design §6)."""
    story = Story()
    answer = Briefed(number=1, not_posted="", findings=(finding("probe", "unknown", story.now),))
    story.takes(answer)

    assert story.takes(answer).post_minutes("we cannot see whether customers are hurt") == [0]


def test_a_look_that_fails_is_looked_again_soon():
    """A lost look is never the last one (response policy: every 15 s)."""
    story = hurting().takes(LookFailed(number=2, purpose=Purpose.HOLD, why="worker lost"))

    assert story.due_in(Due.LOOK) == timedelta(seconds=15)


@pytest.mark.parametrize(
    ("life", "purpose"),
    [
        pytest.param(Story, Purpose.TRIAGE, id="triage, nothing seen yet"),
        pytest.param(lambda: Story().sees(probe="unknown"), Purpose.HOLD, id="triage"),
        pytest.param(hurting, Purpose.HOLD, id="mitigate"),
        pytest.param(mitigated, Purpose.CRITERIA, id="resolve"),
    ],
)
def test_the_look_after_a_failed_one_serves_the_phase(life, purpose):
    """It asks at once what is true now (runbook §2)."""
    story = life()
    story.takes(LookFailed(number=story.incident.looking, purpose=purpose, why="lost")).after(seconds=15)

    assert (story.look.purpose, story.look.patience) == (purpose, timedelta(0))


def test_a_failed_look_that_was_overtaken_changes_nothing():
    """A younger one is under way (design §3)."""
    story = hurting()
    before = story.incident

    assert story.takes(LookFailed(number=1, purpose=Purpose.TRIAGE, why="lost")).incident == before


def test_a_changed_answer_is_on_the_timeline_once():
    """A change of words alone is not news (design §9)."""
    story = hurting().after(minutes=30).sees(probe="bad", healer="ok").sees(probe="unknown", healer="ok")

    assert [line for line in story.lines if line.startswith("probe is ")] == [
        "probe is bad: probe bad",
        "probe is unknown: probe unknown",
    ]


def test_resolve_keeps_watching():
    """The impact may come back before it is resolved (runbook §2.3)."""
    story = mitigated().sees(probe="ok", journey="ok", books="ok")

    assert (story.look.purpose, story.look.known["journey"]) == (Purpose.CRITERIA, "ok")


@pytest.mark.parametrize("number", [0, 4])
def test_after_resolution_nobody_looks_any_more(number):
    """An answer on its way is not heard, a lost look is not renewed (runbook §2)."""
    story = resolved()
    story.takes(LookFailed(number=number, purpose=Purpose.CRITERIA, why="lost"))

    assert (story.incident.looking, story.due_in(Due.LOOK)) == (0, None)


def test_a_look_that_came_due_is_a_fresh_one():
    """Whatever look was under way is overtaken (design §3)."""
    story = hurting()
    number = story.incident.looking

    assert story.takes(CameDue(what=Due.LOOK)).incident.looking == number + 1


def test_nothing_seen_of_the_impact_leaves_it_to_people():
    """A look whose impact check did not answer says nothing of the impact (runbook §2.3)."""
    assert Story().sees(healer="ok").phase is Phase.TRIAGE
