"""How an incident begins: a page before anything else, then the thread and the first look (runbook §2, design §9)."""

from dataclasses import replace

import pytest

from incident.model.alert import Alert
from incident.model.effects import Brief, ConsultRunbook, Look, Page
from incident.model.events import AlertTold, CameDue, Declared, NotUnderstood, Said
from incident.model.incident import Due, Incident, Phase
from incident.model.messages import Ack, Confirm
from incident.model.outcomes import Briefed, Consulted
from incident.model.severity import Severity
from incident.policy.decide import decide
from runbook.alerts.AppDBDown import PLAYBOOK as APP_DB_DOWN
from runbook.response import RESPONSE
from tests.policy.story import BLIND, NOON, PLAYBOOK, Story, delivered, shop_alert


def fresh() -> Incident:
    """Nothing has happened yet."""
    return Incident(id="incident-ShopDown", opened_at=NOON, alert=shop_alert(), severity=Severity.SEV2)


# ── the runbook first ────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_playbook_the_runbook_is_consulted_first():
    """A hand-typed start works too: the first effect looks the alert up (design §3)."""
    effects = decide(fresh(), Declared(), NOON).effects

    assert [type(effect) for effect in effects] == [ConsultRunbook]


def test_with_a_playbook_the_page_goes_out_at_once():
    """The bridge sends it along to save the round trip (design §9)."""
    effects = decide(fresh(), Declared(playbook=PLAYBOOK, policy=RESPONSE), NOON).effects

    assert [type(effect) for effect in effects] == [Page]


def test_what_the_runbook_says_begins_the_incident():
    """The same page, one look-up later (design §9)."""
    declared = decide(fresh(), Declared(), NOON).incident
    consulted = decide(declared, Consulted(playbook=PLAYBOOK, policy=RESPONSE), NOON)

    assert (consulted.incident.severity, [type(e) for e in consulted.effects]) == (Severity.SEV1, [Page])


def test_a_runbook_that_answers_twice_pages_once():
    """Activities are at-least-once; editing the runbook never disturbs a running incident (design §3, §6)."""
    story = Story()
    before = story.incident

    assert story.takes(Consulted(playbook=BLIND, policy=RESPONSE)).incident == before


@pytest.mark.parametrize(
    "event",
    [
        AlertTold(alert=shop_alert("b")),
        Said(message=Ack(by="ana")),
        CameDue(what=Due.CADENCE),
        delivered(),
    ],
)
def test_before_the_runbook_is_known_nothing_is_decided(event):
    """There is no policy to decide by; the shell keeps it waiting (design §3)."""
    declared = decide(fresh(), Declared(), NOON).incident

    assert decide(declared, event, NOON).incident == declared


def test_a_message_that_makes_no_sense_is_on_the_timeline_even_then():
    """The timeline always, the chat once there is one (design §5)."""
    declared = decide(fresh(), Declared(), NOON).incident
    decision = decide(declared, NotUnderstood(signal="ack", why="a list", expected="a name"), NOON)

    assert (decision.incident.timeline[-1].what, decision.effects) == ("ack was refused", ())


def test_the_first_line_of_the_story_is_the_alert():
    """The timeline begins with the first alert (runbook §8)."""
    entry = Story().incident.timeline[0]

    assert (entry.at, entry.what, entry.because, entry.by) == (
        NOON,
        "ShopDown fires",
        "the shop is down",
        "alertmanager",
    )


# ── the briefing ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_thread_opens_once_the_page_had_its_turn():
    """Everything else happens after the page (design §9)."""
    assert Story(slow_pager=True).all(Brief) == []


def test_the_thread_opens_at_once_where_nobody_is_paged():
    """There is nothing to wait for (design §9)."""
    assert len(Story(severity=Severity.SEV3).all(Brief)) == 1


def test_the_thread_opens_once():
    """One incident channel, no parallel threads (runbook §7)."""
    assert len(Story().after(hours=2).all(Brief)) == 1


def test_the_briefing_says_what_is_known():
    """Read the alert, its first actions, who owns it, the next update (runbook §2.1, §7)."""
    story = Story(alert=shop_alert(description="no sale for 5 minutes"))

    assert story.all(Brief)[0].post.lines == (
        "no sale for 5 minutes",
        "*Means:* Customers cannot buy.",
        "*First actions:*\n1. Look at the till.",
        "*Owner:* shop owner · *Acknowledge* within 5 min",
        "*Roles:* IC nobody yet · scribe nobody yet · comms nobody yet",
        "*Next update:* 12:30:00 UTC",
    )


def test_a_sev3_s_briefing_promises_no_deadline():
    """No page, updates at resolution (runbook §1)."""
    lines = Story(severity=Severity.SEV3).all(Brief)[0].post.lines

    assert lines[-2:] == ("*Owner:* shop owner · *Acknowledge* when you take it", "*Next update:* at resolution")


@pytest.mark.parametrize(
    ("severity", "expected"),
    [(Severity.SEV1, True), (Severity.SEV2, False), (Severity.SEV3, False)],
)
def test_only_a_sev1_s_briefing_wakes_the_channel(severity, expected):
    """Critical: Slack @channel; the others land in the firehose (runbook §1)."""
    assert Story(severity=severity).all(Brief)[0].post.broadcast is expected


def test_the_alert_s_own_runbook_comes_before_ours():
    """Every critical money/DB alert carries a runbook_url: follow it (runbook §2.1)."""
    story = Story(
        alert=Alert(name="AppDBDown", runbook_url="https://alert.example/rb", link="https://prom.example"),
        playbook=APP_DB_DOWN,
    )

    assert [link.label for link in story.all(Brief)[0].post.links] == [
        "runbook",
        "cloud-overview",
        "aws-infra",
        "alert",
    ]


def test_without_one_the_runbook_s_link_is_shown():
    """Read the alert's runbook and the golden dashboards (runbook §2.1)."""
    links = Story(alert=Alert(name="AppDBDown"), playbook=APP_DB_DOWN).all(Brief)[0].post.links

    assert [link.label for link in links] == ["Runbook §3.2 AppDBDown", "cloud-overview", "aws-infra"]


def test_the_briefing_offers_the_ack():
    """Acknowledge, so that the team knows it is owned (runbook §2.1)."""
    assert Story().all(Brief)[0].post.commands == (
        'temporal workflow signal -w incident-ShopDown-a --name ack --input \'{"by": "you"}\'',
    )


def test_the_briefing_of_an_owned_incident_offers_no_ack():
    """Somebody was faster than the pager (runbook §2.1)."""
    story = Story(slow_pager=True).acks().takes(delivered())

    assert story.all(Brief)[0].post.commands == ()


def test_a_thread_that_could_not_be_opened_is_on_the_timeline():
    """No incident stops because chat is down (design §3)."""
    story = Story().takes(Briefed(number=1, not_posted="chat is down", findings=()))

    assert (story.lines[-1], story.incident.timeline[-1].because) == (
        "could not post in the thread",
        "chat is down",
    )


def all_confirmed(story: Story) -> Story:
    """Before the pager has answered, people have already seen that everything is well."""
    return story.clears().confirms("impact_gone", "alert_clear", "data_reconciled", "durable")


def test_an_incident_resolved_before_its_page_came_back_still_opens_its_thread():
    """The story is told where people look for it; there is nothing left to look at (runbook §7)."""
    story = all_confirmed(Story(slow_pager=True)).takes(delivered())

    assert (story.phase, story.all(Brief)[0].look, story.incident.looking) == (Phase.POSTMORTEM, None, 0)


def test_a_briefing_during_resolve_leaves_the_look_at_the_criteria_alone():
    """It is under way already (runbook §2.3)."""
    story = Story(slow_pager=True).says(Confirm(criterion="impact_gone", evidence="bought something"))
    under_way = story.all(Look)[-1].number
    story.takes(delivered())

    assert story.incident.looking == under_way


def test_a_closed_incident_is_not_briefed():
    """It asks nothing of the world but its record (runbook §2)."""
    story = all_confirmed(Story(slow_pager=True)).sets(Severity.SEV3)

    assert story.takes(delivered()).all(Brief) == []


def test_an_alert_without_runbook_gets_an_honest_briefing():
    """ "No runbook for X", and what to find out (design §5)."""
    playbook = replace(BLIND, known=False, means="No runbook for Odd: nobody has written down what it means.")
    story = Story(alert=Alert(name="Odd"), playbook=playbook)

    assert "*Means:* No runbook for Odd: nobody has written down what it means." in story.all(Brief)[0].post.lines
