"""Finance is asked, reminded and waited for, once a paid customer has waited past the SLA (runbook §3.1)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incident.model.customers import Affected
from incident.model.finding import Finding, Status
from incident.model.incident import Criterion, Due, Phase
from incident.model.messages import AnswerRefund, Approve, Confirm, Mitigated, Reject
from incident.model.outcomes import Looked
from incident.model.refund import RefundAnswer
from incident.policy import people
from incident.policy.resolution import missing, standings
from tests.policy.story import NOON, PLAYBOOK, Story

WAITING = replace(
    PLAYBOOK, sla=timedelta(hours=1), levers=(), automation_check=None, prices={"L": "49 EUR"}, journey_check=None
)
ACME = Affected(key="acme", plan="L", paid="500", where="job 7f3 at create_database")


def waiting(*customers: Affected) -> Story:
    story = Story(playbook=WAITING).acks()
    story.sees(probe="bad")
    return sees(story, *customers)


def sees(story: Story, *customers: Affected, since=NOON) -> Story:
    seen = Finding(
        check="probe", status=Status.BAD, summary="1 stuck", at=story.now, hurt_since=since, customers=customers
    )
    look = story.look
    return story.takes(Looked(number=look.number, purpose=look.purpose, findings=(seen,)))


def asked() -> Story:
    return waiting(ACME).after(hours=1)


def agreed() -> Story:
    return asked().says(Approve(proposal="refund_path-1", by="fin", of="finance"))


def mitigated(story: Story) -> Story:
    story.says(Mitigated(by="ana", how="provisioned")).clears()
    story.sees(probe="ok", books="ok")
    return story.confirms(Criterion.DURABLE).after(hours=1)


def test_finance_reads_customer_plan_price_and_where_it_is_stuck() -> None:
    """What it needs to decide, in one line each."""
    post = asked().last_post("a paid customer waits since Tue 2026-06-16 12:00 UTC")

    assert "• acme: plan L (49 EUR), paid for 500, job 7f3 at create_database" in post.lines


def test_the_request_is_for_finance() -> None:
    """Money is finance's to give."""
    proposal = next(p for p in asked().incident.proposals if p.aim == "refund")

    assert proposal.needs == ("finance",)


def test_an_incident_without_a_late_customer_has_four_criteria() -> None:
    """The fifth is only there where finance was asked."""
    story = waiting(ACME)

    assert len(standings(story.incident, story.now)) == 4


def test_it_does_not_resolve_before_finance_has_answered() -> None:
    """Though all of the runbook's four hold."""
    story = mitigated(agreed())

    assert story.phase is Phase.RESOLVE
    assert [s.name for s in missing(story.incident, story.now)] == [Criterion.REFUND]


@pytest.mark.parametrize("answer", RefundAnswer)
def test_any_answer_of_finance_resolves_it(answer: RefundAnswer) -> None:
    """Money back, credit, or no: the customer has an answer."""
    story = mitigated(agreed()).says(AnswerRefund(answer=answer, reference="INV-12", by="fin"))

    assert story.phase is Phase.POSTMORTEM


def test_a_no_is_an_answer() -> None:
    """Rejecting the request answers it."""
    story = mitigated(asked().says(Reject(proposal="refund_path-1", by="fin", of="finance", why="provisioned by hand")))

    assert story.phase is Phase.POSTMORTEM


def test_the_request_outlives_the_impact() -> None:
    """The customer has waited too long, whatever works now."""
    story = asked().says(Mitigated(by="ana", how="provisioned"))

    assert "refund_path-1" in [p.id for p in story.incident.open_proposals]


def test_finance_is_reminded_every_four_hours() -> None:
    """It said yes, and nobody knows what came of it."""
    told = agreed().after(hours=8).lines

    assert told.count("finance has not told what came of refund_path-1") == 2


def test_a_request_that_lapsed_is_made_anew_and_counts_once() -> None:
    """Who waits may be somebody else by then; the old one is not waited for as well."""
    story = asked().after(hours=2)

    assert [one.proposal for one in story.incident.refunds] == [story.proposal.id] != ["refund_path-1"]


def test_an_answer_ends_the_reminders() -> None:
    """Tracked to its answer."""
    story = agreed().says(AnswerRefund(answer=RefundAnswer.CREDITED, by="fin"))

    assert story.due_in(Due.REFUND) is None


@pytest.mark.parametrize(
    ("story", "why"),
    [
        (waiting, "finance was not asked, or has answered already"),
        (asked, "finance has to approve or reject refund_path-1 first"),
    ],
)
def test_an_answer_nobody_waits_for_is_refused(story, why: str) -> None:
    """With what would have to come first."""
    assert why in people.refusal(story().incident, AnswerRefund(answer=RefundAnswer.REFUNDED, by="fin"))


def test_nobody_can_attest_finance_s_answer() -> None:
    """It is finance's word that counts."""
    said = Confirm(criterion=Criterion.REFUND, evidence="I think so", by="ana")

    assert people.refusal(agreed().incident, said) == "finance answers that with `refund`"
