"""The clock of a paid customer who has no tenant (runbook §3.1)."""

from dataclasses import replace
from datetime import datetime, timedelta

from incident.model.effects import ApplyLever
from incident.model.finding import Finding, Status
from incident.model.incident import Due, ProposalState
from incident.model.messages import Approve, Reject
from incident.model.outcomes import Looked
from tests.policy.story import NOON, PLAYBOOK, Story

WAITING = replace(PLAYBOOK, sla=timedelta(hours=1), levers=(), automation_check=None)


def sees(story: Story, since: datetime | None, status: Status = Status.BAD) -> Story:
    """The impact check answers: somebody waits since then, or nobody does."""
    seen = Finding(check="probe", status=status, summary="1 stuck: job 7f3", at=story.now, hurt_since=since)
    look = story.look
    return story.takes(Looked(number=look.number, purpose=look.purpose, findings=(seen,)))


def waiting(minutes_ago: float = 0) -> Story:
    story = Story(playbook=WAITING).acks()
    story.sees(probe="bad")
    return sees(story, NOON - timedelta(minutes=minutes_ago))


def test_the_clock_starts_when_the_customer_began_to_wait() -> None:
    """Not when we heard of it: 40 minutes are gone already."""
    assert waiting(minutes_ago=40).due_in(Due.SLA) == timedelta(minutes=20)


def test_people_are_warned_while_there_is_still_time() -> None:
    """At three quarters of the SLA."""
    story = waiting().after(minutes=45)

    assert "a paid customer waits since 12:00:00 UTC: the SLA ends at 13:00:00 UTC" in story.lines


def test_past_the_sla_finance_is_asked() -> None:
    """A proposal that waits for a yes, and the words for the customer."""
    story = waiting().after(hours=1)

    assert [p.id for p in story.incident.open_proposals] == ["refund_path-1"]
    assert story.incident.needs_human


def test_a_yes_of_finance_sets_nothing_of_ours_in_motion() -> None:
    """People carry it out: the orchestrator moves no money."""
    story = waiting().after(hours=1).says(Approve(by="fin", of="finance"))

    assert story.proposal.state is ProposalState.WITH_PEOPLE
    assert story.all(ApplyLever) == []


def test_a_no_of_finance_is_remembered() -> None:
    """And asked for again only when somebody else waits too long."""
    story = waiting().after(hours=1).says(Reject(by="fin", of="finance", why="provisioned by hand"))
    sees(story, NOON).after(hours=3)

    assert len(story.incident.proposals) == 1


def test_the_next_customer_has_a_clock_of_their_own() -> None:
    """The first one is served; the one who came 50 minutes later now waits longest."""
    story = waiting().after(hours=1).says(Approve(by="fin"))

    sees(story, NOON + timedelta(minutes=50))

    assert story.due_in(Due.SLA) == timedelta(minutes=50)


def test_nobody_waits_and_no_clock_runs() -> None:
    """The step was re-driven in time."""
    story = sees(waiting(), None, Status.OK)

    assert story.due_in(Due.SLA) is None


def test_a_late_alert_skips_the_warning() -> None:
    """The SLA was over before we knew: there is nothing left to warn of."""
    story = waiting(minutes_ago=90)

    assert (story.due_in(Due.SLA_NEAR), story.due_in(Due.SLA)) == (None, timedelta(minutes=-30))
