"""Finance is asked, reminded and waited for, once a paid customer has waited past the SLA (runbook §3.1)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from incident.model.customers import Affected
from incident.model.events import Said
from incident.model.finding import Finding, Status
from incident.model.identity import Voice
from incident.model.incident import Criterion, Due, Phase
from incident.model.messages import AnswerRefund, Approve, Confirm, Message, Mitigated, Reject
from incident.model.outcomes import Looked
from incident.model.refund import RefundAnswer
from incident.policy import people, postmortem, view
from incident.policy.resolution import missing, standings
from runbook.response import RESPONSE
from tests.policy.story import NOON, PLAYBOOK, Story

WAITING = replace(
    PLAYBOOK, sla=timedelta(hours=1), levers=(), automation_check=None, prices={"L": "49 EUR"}, journey_check=None
)
FIN = Voice(by="fin", via="slack", verified=True, groups=("finance",))
PROVEN = replace(RESPONSE, must_be_verified=("finance",))
ACME = Affected(key="acme", plan="L", paid="500", where="job 7f3 at create_database")


def waiting(*customers: Affected, **more: Any) -> Story:
    story = Story(playbook=WAITING, **more).acks()
    story.sees(probe="bad")
    return sees(story, *customers)


def sees(story: Story, *customers: Affected, since=NOON) -> Story:
    seen = Finding(
        check="probe", status=Status.BAD, summary="1 stuck", at=story.now, hurt_since=since, customers=customers
    )
    look = story.look
    return story.takes(Looked(number=look.number, purpose=look.purpose, findings=(seen,)))


def asked(**more: Any) -> Story:
    return waiting(ACME, **more).after(hours=1)


def agreed(**more: Any) -> Story:
    story = asked(**more)
    return heard(story, Approve(proposal="refund_path-1", by="fin"), FIN)


def heard(story: Story, message: Message, voice: Voice) -> Story:
    """Through a door that knows them."""
    return story.takes(Said(message=message, voice=voice))


def refused(story: Story, message: Message, voice: Voice) -> str:
    """Why it is refused, and that it then changes nothing."""
    why = people.refusal(story.incident, message, voice)
    before = story.incident.refunds
    heard(story, message, voice)
    assert not why or story.incident.refunds == before
    return why


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
    story = mitigated(agreed()).says(AnswerRefund(answer=answer, reference="INV-12", by="fin", of="finance"))

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
    story = agreed().says(AnswerRefund(answer=RefundAnswer.CREDITED, by="fin", of="finance"))

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


# ── whose answer it is ───────────────────────────────────────────────────────────────────────────────────────────────

WHO_ANSWERS = [
    pytest.param("", Voice(by="ana"), "refund_path-1 is for finance to decide; whoever", id="a claim of nobody's"),
    pytest.param("sales", Voice(by="ana"), "refund_path-1 is for finance to decide; whoever", id="of another group"),
    pytest.param("finance", Voice(by="fin"), "", id="a claim of finance's"),
    pytest.param("", FIN, "", id="somebody we know to be of finance"),
    pytest.param("", replace(FIN, groups=()), "refund_path-1 is for finance to decide, and fin", id="known, not of it"),
    pytest.param("finance", replace(FIN, groups=()), "refund_path-1 is for finance to decide, and", id="known to lie"),
]


@pytest.mark.parametrize("answer", RefundAnswer)
@pytest.mark.parametrize(("of", "voice", "why"), WHO_ANSWERS)
def test_what_came_of_it_is_finance_s_to_say(of: str, voice: Voice, why: str, answer: RefundAnswer) -> None:
    """As its yes was (runbook §3.1, §6): otherwise anybody could end the incident by a word."""
    told = refused(agreed(), AnswerRefund(answer=answer, by=voice.by, of=of), voice)

    assert told.startswith(why) if why else told == ""


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(AnswerRefund(answer=RefundAnswer.REFUNDED, by="fin", of="finance"), id="an answer"),
        pytest.param(Reject(proposal="refund_path-1", by="fin", of="finance"), id="a no, which is one"),
    ],
)
def test_the_runbook_may_ask_finance_for_proof(message: Message) -> None:
    """A typed name is then not enough; the same word through Slack is."""
    story = agreed(policy=PROVEN) if isinstance(message, AnswerRefund) else asked(policy=PROVEN)
    assert "needs a word we can verify" in refused(story, message, Voice(by="fin"))
    assert refused(story, message, FIN) == ""
    assert story.incident.refunds[0].answer is not None


def test_a_refused_answer_keeps_the_incident_open() -> None:
    """It is a line of the timeline, and finance is still waited for."""
    story = mitigated(agreed()).says(AnswerRefund(answer=RefundAnswer.REFUNDED, by="ana"))

    assert (story.phase, "AnswerRefund was refused" in story.lines) == (Phase.RESOLVE, True)


def test_the_answer_is_kept_with_who_when_how_we_know_and_where_it_is_booked() -> None:
    """For the record, and for whoever asks a year later."""
    story = agreed()
    heard(story, AnswerRefund(answer=RefundAnswer.CREDITED, reference="CN-7", by="fin"), FIN)
    kept = view.status(story.incident, story.now)["refunds"][0]

    assert kept == {
        "proposal": "refund_path-1",
        "customers": ["acme"],
        "asked_at": "2026-06-16T13:00:00+00:00",
        "answer": "credited",
        "answered_at": "2026-06-16T13:00:00+00:00",
        "reference": "CN-7",
        "by": "fin",
        "how": "verified by slack",
    }


def test_the_postmortem_says_what_finance_answered() -> None:
    """Who, how we know, when, and the reference."""
    story = agreed()
    heard(story, AnswerRefund(answer=RefundAnswer.CREDITED, reference="CN-7", by="fin"), FIN)

    told = "refund_path-1 credited by fin (verified by slack) at Tue 2026-06-16 13:00 UTC, CN-7"
    assert told in postmortem.markdown(story.incident, story.now)


def test_the_thread_hears_the_answer() -> None:
    """Whoever waits for it reads the thread."""
    story = agreed()
    heard(story, AnswerRefund(answer=RefundAnswer.DECLINED, reference="paid back by card", by="fin"), FIN)

    assert "*Reference:* paid back by card" in story.last_post("refund_path-1: declined").lines
