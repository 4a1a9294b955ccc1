"""The live card: what the first message of a thread shows, and how often it is edited (runbook §7)."""

from datetime import timedelta

import pytest

from incident.model.card import Thread
from incident.model.effects import Brief, Page, Post, ShowCard
from incident.model.events import CameDue, Said
from incident.model.incident import Due, Phase
from incident.model.messages import Ack, Note, Postmortem, Take
from incident.model.outcomes import Briefed, CardFailed, CardShown
from incident.model.role import Role
from incident.policy.decide import decide
from tests.policy.story import Story, hurting, mitigated, resolved

THREAD = "C1/1718539200.000100"


def threaded(**begin) -> Story:
    """The chat has threads, and this incident's is open."""
    story = Story(**begin)
    return story.takes(Briefed(number=1, not_posted="", findings=(), thread=THREAD)).after(seconds=6)


def cards(story: Story) -> list[ShowCard]:
    return story.all(ShowCard)


def actions(effect: ShowCard) -> list[str]:
    return [":".join(filter(None, (p.action, p.about))) for p in effect.card.presses]


def test_the_thread_begins_with_the_card():
    """At declaration (runbook §7): severity, phase, who, impact, next update."""
    card = Story().all(Brief)[0].card

    assert (card.title, card.lines) == (
        "SEV-1 ShopDown a: triage",
        (
            "*the shop is down*",
            "*Phase:* triage · *Owned by:* nobody yet",
            "*Roles:* IC nobody yet · scribe nobody yet · comms nobody yet",
            "*Impact:* Customers cannot buy.",
            "*Hypothesis:* none yet",
            "*Being done:* nothing yet: nobody has it",
            "*Waiting for:* someone to ack",
            "*Waiting for:* the first answer of probe",
            "*Next update:* 12:30:00 UTC",
        ),
    )


def test_everything_after_the_card_is_said_in_its_thread():
    """One thread per incident (runbook §7)."""
    story = threaded().after(minutes=30)

    assert story.last_post("update").thread == Thread(key=story.incident.key, since=story.began, at=THREAD)


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        pytest.param(lambda: threaded().acks(), ["take:scribe", "take:comms"], id="what is still empty"),
        pytest.param(
            lambda: threaded().says(Take(role=Role.SCRIBE, by="bo")), ["ack", "take:ic", "take:comms"], id="an ack"
        ),
    ],
)
def test_the_card_has_the_buttons_that_help_now(life, expected):
    """With one thumb, at 3 a.m. (issue 5 §3)."""
    assert actions(cards(life())[-1]) == expected


def test_a_plan_is_answered_by_button():
    """Approve or reject (design §7)."""
    story = hurting().acks().plans()
    shown = decide(story.incident, CameDue(what=Due.CARD), story.now).effects[0]

    assert actions(shown) == ["approve:restart-1", "reject:restart-1", "take:scribe", "take:comms"]


def test_a_card_changes_with_its_incident():
    """Edited, not posted again (issue 5 §4)."""
    story = threaded().acks("ana")

    assert "*Phase:* triage · *Owned by:* ana" in cards(story)[-1].card.lines


def test_nothing_new_is_no_edit():
    """Each one costs (design §9)."""
    story = threaded()
    before = len(cards(story))

    assert len(cards(story.says(Note(text="still looking")))) == before


def test_a_storm_of_changes_is_one_edit():
    """At most one every few seconds (issue 5 §4)."""
    story = threaded().acks("ana").says(Take(role=Role.SCRIBE, by="bo")).says(Note(hypothesis="pool exhausted"))
    before = len(cards(story))
    story.after(seconds=5)

    assert len(cards(story)) == before + 1
    assert "*Hypothesis:* pool exhausted" in cards(story)[-1].card.lines


def test_only_one_edit_is_under_way():
    """Two at once could end in the wrong order (issue 5 §4)."""
    story = threaded()
    showing = decide(story.incident, CameDue(what=Due.CARD), story.now).incident
    later = decide(showing, CameDue(what=Due.CARD), story.now + timedelta(minutes=1))

    assert [effect for effect in later.effects if isinstance(effect, ShowCard)] == []


def test_a_change_while_an_edit_is_under_way_is_shown_when_that_is_back():
    """In the order things happened, and nothing is forgotten (issue 5 §4)."""
    story = threaded()
    later = story.now + timedelta(minutes=1)
    showing = decide(story.incident, CameDue(what=Due.CARD), story.now).incident
    changed = decide(showing, Said(message=Ack(by="ana")), later)
    back = decide(changed.incident, CardShown(number=showing.showing, thread=THREAD), later)

    assert [effect for effect in changed.effects if isinstance(effect, ShowCard)] == []
    assert ["*Owned by:* ana" in str(e.card.lines) for e in back.effects if isinstance(e, ShowCard)] == [True]


def test_a_chat_without_threads_has_no_card():
    """A webhook cannot edit (design §9: nothing that tells nobody anything)."""
    story = Story().sees(probe="bad", healer="ok").acks().after(hours=2)

    assert (cards(story), Due.CARD in story.incident.due) == ([], False)


def test_a_thread_that_could_not_be_opened_is_tried_again():
    """Every 5 minutes: people find one place, later than never (issue 5 §4)."""
    story = Story().takes(Briefed(number=1, not_posted="Slack is down", findings=())).after(minutes=5)

    assert [effect.thread.at for effect in cards(story)] == [""]


def test_a_card_that_failed_is_shown_again_and_told_once():
    """The chat comes back (runbook §2.2)."""
    story = threaded()
    number = story.incident.cards + 1
    showing = decide(story.incident, CameDue(what=Due.CARD), story.now)
    story.incident = showing.incident
    story.takes(CardFailed(number=number, why="Slack is down"))

    assert (story.due_in(Due.CARD), story.lines[-1]) == (timedelta(minutes=5), "could not post in the thread")


def test_an_outcome_nobody_waits_for_changes_nothing():
    """An older card came back late (design §6)."""
    story = threaded()
    before = story.incident

    assert story.takes(CardShown(number=99, thread="C9/9.9")).incident == before


def test_while_it_resolves_the_card_shows_the_criteria():
    """All four of runbook §2.3, at a glance."""
    story = mitigated()
    shown = decide(story.incident, CameDue(what=Due.CARD), story.now).effects[0]

    assert "*Criteria:* ✗ alert_clear · ✗ impact_gone · ? data_reconciled · ✗ durable" in shown.card.lines
    assert "resolve" in actions(shown)


def test_the_last_card_says_that_it_is_over():
    """Whoever scrolls up sees it at once; there is nothing left to press."""
    story = resolved()
    story.takes(Briefed(number=0, not_posted="", findings=(), thread=THREAD)).after(seconds=6)
    story.says(Postmortem(url="https://wiki.example/pm"))
    last = cards(story)[-1].card

    assert (story.phase, last.title, last.presses) == (Phase.CLOSED, "SEV-1 ShopDown a: closed", ())
    assert last.lines[-1].startswith("*Resolved:* 13:00:00 UTC")


def test_the_page_never_waits_for_the_card():
    """Page first (design §9)."""
    kinds = [type(effect) for _, effect in Story().asked]

    assert kinds.index(Page) < kinds.index(Brief)
    assert ShowCard not in kinds
    assert Post not in kinds
