"""A call that reached nobody is tried again in its own time, and nothing else is (runbook §1, §6)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incident.model.effects import Page
from incident.model.escalation import Ladder, Rung
from incident.model.messages import Escalate, Mitigated
from incident.model.response_policy import ResponsePolicy
from incident.model.severity import Severity
from runbook.response import RESPONSE
from tests.policy.story import Story, delivered, hurting, undelivered

EVERY_WAY = {"ntfy", "chat"}


def widens_after(minutes: float) -> ResponsePolicy:
    """Its ladder asks for the owner too after so long; a SEV-1 calls the owner after 30 minutes in any case."""
    first = Rung(targets=("on-call",), wait=timedelta(minutes=minutes))
    ladder = Ladder(rungs=(first, Rung(targets=("on-call", "owner"))))
    return replace(RESPONSE, ladders=RESPONSE.ladders | {"shop": {Severity.SEV1: ladder}})


def unheard_owner(**begin: object) -> Story:
    """Nobody has acknowledged, and the call for the owner, after half an hour, finds every channel down."""
    story = hurting(**begin).after(minutes=29)
    story.dead = set(EVERY_WAY)
    return story.after(minutes=2)


def rungs(story: Story) -> list[tuple[float, int]]:
    """When each page was asked for, and on which rung; 0: outside of the ladder."""
    return list(zip(story.page_minutes, [page.rung for page in story.all(Page)], strict=True))


def asks(to: str, *, by: str = "ana") -> Escalate:
    return Escalate(why="we need them", to=to, by=by)


def asked_for_both() -> Story:
    """Bo, then kim, while every page is still on its way: pages 2 and 3."""
    return Story(slow_pager=True).acks().says(asks("bo")).says(asks("kim"))


def targets(story: Story) -> list[tuple[str, ...]]:
    return [page.targets for page in story.all(Page)]


# ── the owner ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_owner_who_could_not_be_reached_is_called_again_and_the_ladder_keeps_its_hour():
    """The hourly re-page counts from the ladder's own page (runbook §1); the owner is tried every two minutes (§6)."""
    story = unheard_owner().after(minutes=2)
    story.dead.clear()

    assert rungs(story.after(minutes=32)) == [(0, 1), (5, 2), (30, 0), (32, 0), (34, 0), (65, 2)]


def test_an_owner_who_is_reached_at_last_reads_why_they_were_called():
    """That earlier pages were lost is nothing to them (runbook §6)."""
    story = unheard_owner().after(minutes=1)

    assert [page.because for page in story.all(Page)][-2:] == ["not mitigated within 30 min"] * 2


def test_a_call_the_ladder_s_page_spoke_for_is_made_again_for_its_own_reason():
    """Somebody has acknowledged meanwhile, so the ladder's is no longer true."""
    story = hurting()
    story.dead = set(EVERY_WAY)
    story.asleep(hours=1).acks().after(minutes=2)

    assert [page.because for page in story.all(Page)][1:] == [
        "nobody acknowledged within 5 min",
        "not mitigated within 30 min",
    ]


def test_an_ack_does_not_end_the_search_for_the_owner():
    """They asked for somebody else than whoever has it now (runbook §6)."""
    story = unheard_owner().acks()
    story.dead.clear()

    assert rungs(story.after(minutes=10))[2:] == [(30, 0), (32, 0)]


def test_an_impact_that_has_stopped_ends_the_search_for_the_owner():
    """The ladder alone goes on: nobody has acknowledged yet (runbook §2)."""
    assert rungs(unheard_owner().says(Mitigated()).after(minutes=35))[2:] == [(30, 0), (65, 2)]


def test_a_page_of_the_ladder_that_a_call_spoke_for_is_tried_again_though_the_impact_has_stopped():
    """That call reached nobody, and now nobody is called but whoever is to acknowledge (runbook §1)."""
    story = unheard_owner(policy=widens_after(30.5)).says(Mitigated()).after(minutes=2)

    assert rungs(story) == [(0, 1), (30, 0), (32, 2)]


def test_an_escalation_is_not_put_off_by_a_page_of_the_ladder_that_was_lost():
    """Half a minute before, that page had called for both, and reached nobody: this is news (runbook §6)."""
    story = hurting(policy=widens_after(29.5)).after(minutes=29)
    story.dead = set(EVERY_WAY)
    story.after(minutes=0.7).dead.clear()

    assert rungs(story.after(minutes=1)) == [(0, 1), (29.5, 2), (30, 0)]


def test_an_owner_whose_turn_falls_to_a_lost_page_of_the_ladder_is_called_again_though_an_ack_has_ended_the_ladder():
    """Half a minute before, that page had called for both; nobody will page it again (runbook §2.1, §6)."""
    story = unheard_owner(policy=widens_after(31.5)).after(minutes=0.7).acks()
    story.dead.clear()

    assert rungs(story.after(minutes=10)) == [(0, 1), (30, 0), (31.5, 2), (34, 0)]


def test_a_page_of_the_ladder_that_calls_the_owner_too_is_tried_again_as_one():
    """After hours of outage both are overdue, and one page tells it all (design §6)."""
    story = hurting()
    story.dead = set(EVERY_WAY)

    assert rungs(story.asleep(hours=1).after(minutes=5)) == [(0, 1), (60, 2), (62, 2), (64, 2)]


# ── whom a person asked for ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("unheard", "heard", "who"), [(2, 3, "person:bo"), (3, 2, "person:kim")])
def test_of_two_whom_a_person_asked_for_the_one_who_was_not_reached_is_tried_again(unheard, heard, who):
    """Whoever was reached is left alone."""
    story = asked_for_both().takes(undelivered(unheard)).takes(delivered(heard)).after(minutes=3)

    assert targets(story)[3:] == [(who,)]


def test_two_who_could_not_be_reached_are_tried_again_one_after_the_other():
    """No burst (design §6)."""
    story = asked_for_both().takes(undelivered(2)).takes(undelivered(3)).after(minutes=4)

    assert list(zip(story.page_minutes, targets(story), strict=True))[3:] == [(2, ("person:bo",)), (3, ("person:kim",))]


def test_who_is_called_for_two_reasons_is_tried_again_once():
    """By ana, and half a minute later because it is not mitigated: neither reached anybody (design §6)."""
    story = hurting().acks().after(minutes=29.5)
    story.dead = set(EVERY_WAY)
    story.says(asks("owner")).after(minutes=1).dead.clear()

    assert story.after(minutes=30).page_minutes == [0, 29.5, 30, 31.5]


def test_a_page_that_speaks_for_one_whom_a_person_asked_for_leaves_the_others_standing():
    """Bo was not reached either, and has his turn a minute later."""
    story = hurting().acks().after(minutes=29.5)
    story.dead = set(EVERY_WAY)
    story.says(asks("owner")).says(asks("bo")).after(minutes=1).dead.clear()

    assert targets(story.after(minutes=30))[-2:] == [("on-call", "owner"), ("person:bo",)]


def test_who_is_asked_for_twice_is_tried_again_once():
    """The second page is the first one's retry."""
    story = Story(slow_pager=True).acks().says(asks("bo")).takes(undelivered(2))
    story.after(minutes=1).says(asks("bo")).takes(delivered(3))

    assert story.after(minutes=5).page_minutes == [0, 0, 1]


def test_nobody_is_tried_again_once_they_were_reached():
    """The quick retries end (runbook §1)."""
    story = Story(slow_pager=True).acks().says(asks("bo")).takes(undelivered(2)).after(minutes=2)

    assert story.takes(delivered(3)).after(minutes=20).page_minutes == [0, 0, 2]
