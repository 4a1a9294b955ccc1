"""Escalation as data: from rung to rung until somebody acknowledges, and at the end everyone (runbook §1, §2, §6)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incident.model.effects import Page
from incident.model.escalation import Ladder, Rung
from incident.model.incident import Due, Role
from incident.model.messages import Assign, Escalate, Mitigated, Unack
from incident.model.severity import Severity
from incident.policy import people
from runbook.response import RESPONSE
from tests.policy.story import NIGHT, NOON, Story, resolved

SEV1, SEV2, SEV3 = Severity.SEV1, Severity.SEV2, Severity.SEV3
DAY_AND_NIGHT = {"on-call": ("ana",), "owner": ("bo",), "everyone": ("ana", "bo", "kim")}


def with_ladder(*rungs: Rung, repeat: int | None = None, domain: str = "shop"):
    ladder = Ladder(rungs=rungs, repeat=repeat)
    return replace(RESPONSE, ladders=RESPONSE.ladders | {domain: {SEV1: ladder}})


def targets(story: Story) -> list[tuple[str, ...]]:
    return [page.targets for page in story.all(Page)]


def paged(story: Story) -> list[str]:
    """Who was paged, page by page."""
    return ["+".join(story.behind(page)) for page in story.all(Page)]


# ── climbing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_runbook_s_own_ladder_ends_with_everyone():
    """On-call, then the owner too, hourly; three re-pages unheard are enough (runbook §1, §2, §6)."""
    story = Story(people=DAY_AND_NIGHT).says(Mitigated()).after(hours=5, minutes=10)

    assert paged(story) == ["ana", "ana+bo", "ana+bo", "ana+bo", "ana+bo", "ana+bo+kim", "ana+bo+kim"]


def test_a_sev2_never_wakes_everyone():
    """Hourly through the night, and no further (runbook §1)."""
    story = Story(people=DAY_AND_NIGHT, severity=SEV2, at=NIGHT).after(hours=8)

    assert set(paged(story)) == {"ana", "ana+bo"}


def test_that_everyone_is_paged_is_said_aloud():
    """Nobody wonders at breakfast why all telephones rang (runbook §2.2)."""
    post = Story(people=DAY_AND_NIGHT).says(Mitigated()).after(hours=4, minutes=10).last_post("still unacknowledged")

    assert ("everyone" in post.lines[0].lower(), post.broadcast) == (True, True)


def test_each_rung_waits_as_long_as_it_says():
    """Escalation is data per domain and severity."""
    policy = with_ladder(
        Rung(targets=("on-call",), wait=timedelta(minutes=2)),
        Rung(targets=("rotation:shop",), wait=timedelta(minutes=3)),
        Rung(targets=("person:kim",), wait=timedelta(minutes=10)),
        repeat=1,
    )
    story = Story(policy=policy).says(Mitigated()).after(minutes=26)

    assert list(zip(story.page_minutes, targets(story), strict=True)) == [
        (0, ("on-call",)),
        (2, ("rotation:shop",)),
        (5, ("person:kim",)),
        (15, ("person:kim",)),
        (25, ("everyone",)),
    ]


def test_another_domain_has_the_default_ladder():
    """What the runbook does not name is climbed as everything else."""
    policy = with_ladder(Rung(targets=("person:kim",)), domain="edge")

    assert targets(Story(policy=policy)) == [("on-call",)]


def test_a_page_says_which_rung_it_is_of():
    """For whoever reads why it rang."""
    assert [page.rung for page in Story().after(minutes=6).all(Page)] == [1, 2]


def test_a_rung_with_nobody_on_it_falls_through_at_once():
    """Nobody waits five minutes for nobody; the timeline says so."""
    story = Story(people=DAY_AND_NIGHT | {"on-call": ()})

    assert (story.page_minutes, paged(story)) == ([0, 0], ["", "bo"])
    assert "page 1 has nobody to reach as on-call" in story.lines


def test_a_ladder_with_nobody_on_any_rung_ends_with_everyone_at_once():
    """Somebody must hear of it."""
    story = Story(people={"everyone": ("kim",)})

    assert paged(story) == ["", "", "kim"]


def test_a_sev2_with_nobody_on_its_ladder_pages_everyone_too():
    """An unlimited last rung must not be asked for ever, in one instant."""
    assert paged(Story(people={"everyone": ("kim",)}, severity=SEV2, at=NIGHT)) == ["", "", "kim"]


def test_where_there_is_nobody_at_all_it_is_said_and_tried_again():
    """The thread is told, once; the pager goes on."""
    story = Story(people={"everyone": ()}).after(minutes=5)

    assert story.lines.count("nobody could be paged; trying again at 12:02:00 UTC") == 1
    assert len(story.post_minutes("nobody could be paged")) == 1


def test_a_rung_nobody_can_be_reached_on_is_left_soon():
    """Their channels are down: the next rung in two minutes, not in five."""
    story = Story(people=DAY_AND_NIGHT, dead={"ntfy", "chat"}).after(minutes=5)

    assert paged(story) == ["ana", "ana+bo", "ana+bo"]
    assert story.page_minutes == [0, 2, 4]


def test_a_raised_severity_climbs_from_the_first_rung():
    """Another severity, another ladder (runbook §1)."""
    story = Story(severity=SEV2, at=NIGHT).after(minutes=6).sets(SEV1)

    assert targets(story)[-1] == ("on-call",)


# ── given back, handed on ────────────────────────────────────────────────────────────────────────────────────────


def test_giving_it_back_starts_the_ladder_again():
    """As if nobody had ever acknowledged: now, and in five minutes (runbook §2)."""
    story = Story().acks().after(minutes=10).says(Unack(by="ana", why="my train")).after(minutes=6)

    assert (story.page_minutes, story.incident.acked_by) == ([0, 10, 15], "")


def test_giving_it_back_by_day_wakes_nobody_for_a_sev2():
    """SEV-2 pages overnight only; the channel is told (runbook §1)."""
    story = Story(severity=SEV2).acks().says(Unack(by="ana", why="my train"))

    assert (story.page_minutes, story.last_post("nobody has it any more").broadcast) == ([], True)
    assert story.due_in(Due.NIGHT) == timedelta(hours=10)


def test_what_nobody_has_cannot_be_given_back():
    """A typo must not ring all telephones."""
    assert people.refusal(Story().incident, Unack(why="x")) == "nobody has acknowledged incident-ShopDown-a"


def test_the_lead_given_to_somebody_else_pages_them():
    """They have not said yes; behind them the ladder waits."""
    story = Story(people=DAY_AND_NIGHT | {"person:kim": ("kim",)}).acks().after(minutes=10)
    story.says(Assign(role=Role.IC, to="kim", by="ana")).after(minutes=11)

    assert list(zip(story.page_minutes, paged(story), strict=True)) == [
        (0, "ana"),
        (10, "kim"),
        (15, "ana"),
        (20, "ana+bo"),
    ]


def test_the_lead_taken_by_its_acker_pages_nobody():
    """They are awake."""
    assert Story().acks("ana").says(Assign(role=Role.IC, to="ana", by="bo")).page_minutes == [0]


def test_another_role_pages_nobody():
    """A scribe is asked in the thread."""
    assert Story().acks().says(Assign(role=Role.SCRIBE, to="bo", by="ana")).page_minutes == [0]


# ── a person asks ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("to", "expected"),
    [("owner", "owner"), ("everyone", "everyone"), ("rotation:edge", "rotation:edge"), ("bo", "person:bo")],
)
def test_a_person_may_ask_for_anybody(to, expected):
    """With a reason, whoever has it already (runbook §2, §6)."""
    story = Story().acks().says(Escalate(by="ana", why="it needs DNS", to=to))

    assert targets(story)[-1] == (expected,)


def test_a_person_may_ask_at_any_hour():
    """A SEV-2 by day pages nobody by itself, but a person may have reasons."""
    assert Story(severity=SEV2, at=NOON).says(Escalate(by="ana", why="x")).page_minutes == [0]


@pytest.mark.parametrize(
    ("story", "words"),
    [(Story(severity=SEV3), "raise the severity first"), (resolved(), "is resolved")],
)
def test_what_pages_nobody_is_not_escalated(story, words):
    """SEV-3: page no (runbook §1)."""
    assert words in people.refusal(story.incident, Escalate(by="ana", why="x"))


def test_the_reason_is_for_the_thread_and_not_for_a_lock_screen():
    """A person may write a customer's name."""
    story = Story().says(Escalate(by="ana", why="ACME lost money"))

    assert ("ACME" in story.all(Page)[-1].text, "ACME" in str(story.last_post("escalated to shop owner"))) == (
        False,
        True,
    )


def test_who_was_asked_for_by_name_and_is_nobody_becomes_everyone():
    """The person who asked needs help now."""
    story = Story(people=DAY_AND_NIGHT).acks().says(Escalate(by="ana", why="x", to="zoe"))

    assert paged(story)[1:] == ["", "bo+kim"]


def test_who_was_asked_for_and_could_not_be_reached_is_tried_again():
    """Though somebody has acknowledged."""
    story = Story().acks()
    story.dead = {"ntfy", "chat"}

    assert story.says(Escalate(by="ana", why="x", to="bo")).after(minutes=3).page_minutes == [0, 0, 2]


def test_a_younger_page_of_another_kind_does_not_withdraw_it():
    """Bo was asked for by name: the re-page of a minute later is another matter (design §6)."""
    story = Story(slow_pager=True).after(minutes=4.5).says(Escalate(by="ana", why="x", to="bo")).after(minutes=1)

    assert (len(story.all(Page)), story.still_wanted(2)) == (3, True)


def test_who_asks_for_a_second_person_still_wants_the_first():
    """Two people are asked for, two are woken."""
    story = Story(slow_pager=True)
    story.says(Escalate(by="ana", why="x", to="bo")).says(Escalate(by="ana", why="x", to="kim"))

    assert [story.still_wanted(number) for number in (2, 3)] == [True, True]


def test_an_ack_withdraws_the_ladder_s_page_only():
    """Who called the owner still wants the owner (runbook §2.1, §6)."""
    story = Story(slow_pager=True).after(minutes=30).acks()

    assert [story.still_wanted(page.number) for page in story.all(Page)] == [False, False, True]
