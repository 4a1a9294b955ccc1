"""Who proposed a thing, and that where two people are wanted they are not both of them (issue 5 §3).

A person proposes where their own words are what is decided on: the text of a mail, or that one goes out again. What
merely follows from what they said (a severity, a customer's key, a plan turned down) is the orchestrator's proposal.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from incident.model.effects import MailCustomers
from incident.model.events import Said
from incident.model.identity import Voice
from incident.model.messages import Approve, Escalate, Message, Reject, SetSeverity, TellCustomers
from incident.model.playbook import Approval
from incident.model.response_policy import ResponsePolicy
from incident.model.severity import Severity
from incident.policy import people
from runbook.response import RESPONSE
from tests.policy.story import Story, hurting, with_levers
from tests.policy.test_customers import hurt, mailed

TWO = replace(RESPONSE, customers=replace(RESPONSE.customers, approval=Approval.TWO_PEOPLE))
PROVEN = replace(TWO, must_be_verified=("two_people",))
OURS = "Sign-in is slow for you. We are working on it."


def rewritten(by: str = "ana", policy: ResponsePolicy = TWO) -> Story:
    """`mail-2`, in a person's words."""
    return hurt("acme", policy=policy).says(TellCustomers(text=OURS, by=by))


def told(story: Story, message: Message, *, verified: bool = False) -> str:
    """Why it is refused; empty: it was taken."""
    voice = Voice(by=message.by, via="slack", verified=True, groups=("ic",)) if verified else Voice(by=message.by)
    why = people.refusal(story.incident, message, voice)
    story.takes(Said(message=message, voice=voice))
    return why


def says_yes(story: Story, by: str, *, verified: bool = False) -> str:
    proposal = story.incident.open_proposals[-1].id
    return told(story, Approve(by=by, proposal=proposal, of="ic"), verified=verified)


def mails(story: Story) -> int:
    return len(story.all(MailCustomers))


def _rejected_and_rewritten() -> Story:
    story = hurt("acme").says(Reject(by="ana", proposal="mail-1", why="too vague"))
    return story.says(TellCustomers(text=OURS, by="bo"))


def _raised() -> Story:
    story = hurt("acme", severity=Severity.SEV2)
    return story.says(SetSeverity(severity=Severity.SEV1, why="worse", by="ana"))


def _turned_down() -> Story:
    story = hurting(playbook=with_levers("restart", "scale", approval=Approval.TWO_PEOPLE)).plans()
    return story.says(Reject(by="ana", proposal="restart-1", why="no")).plans()


PROPOSED: list[tuple[str, Callable[[], Story], str]] = [
    ("the orchestrator's own draft", lambda: hurt("acme"), ""),
    ("a person's words for the draft there is", rewritten, "ana"),
    ("a person's words for the next draft", _rejected_and_rewritten, "bo"),
    ("a person wants it again", lambda: mailed().says(TellCustomers(again=("acme",), by="kim")), "kim"),
    ("a person names who is hurt", lambda: hurt().says(TellCustomers(affected=("acme",), by="ana")), ""),
    ("a person raises the severity", _raised, ""),
    ("a person asks for help", lambda: hurt("acme").says(Escalate(why="x", by="ana")), ""),
    ("a person turned the other lever down", _turned_down, ""),
]


@pytest.mark.parametrize(("story", "by"), [pytest.param(make, by, id=name) for name, make, by in PROPOSED])
def test_a_proposal_names_the_person_whose_words_it_is(story: Callable[[], Story], by: str) -> None:
    """Nobody is held to have read what only followed from their word."""
    assert story().incident.open_proposals[-1].proposed_by == by


def test_whoever_wrote_the_mail_does_not_let_it_go() -> None:
    """Where two people are wanted, with the reason."""
    story = rewritten()

    assert (says_yes(story, "Ana"), mails(story)) == ("mail-2 needs a second person; Ana proposed it", 0)


def test_somebody_else_s_yes_is_the_second_of_two() -> None:
    """The writer was the first."""
    story = rewritten()

    assert (says_yes(story, "bo"), mails(story)) == ("", 1)


def test_our_own_words_need_two_people() -> None:
    """Nobody has said yes to them by writing them."""
    story = hurt("acme", policy=TWO)
    says_yes(story, "ana")
    assert (says_yes(story, "ANA"), mails(story)) == ("mail-1 needs a second person; ANA said yes already", 0)
    assert (says_yes(story, "bo"), mails(story)) == ("", 1)


def test_the_first_of_two_is_told_that_another_is_wanted() -> None:
    """In the thread."""
    story = hurt("acme", policy=TWO)
    says_yes(story, "ana")

    assert story.last_post("mail-1 needs one more yes").lines == ("ana said yes; a second person has to.",)


def test_a_first_yes_to_a_mail_does_not_wait_for_ever() -> None:
    """After half an hour the second person's is the first."""
    story = hurt("acme", policy=TWO)
    says_yes(story, "ana")
    story.after(minutes=30)
    says_yes(story, "bo")

    assert (mails(story), story.incident.open_proposals[-1].approved_by) == (0, ("bo",))


def test_where_one_is_enough_the_writer_may_say_yes() -> None:
    """One person at 3 a.m.; the runbook asks for two only where it says so."""
    story = rewritten(policy=RESPONSE)

    assert (says_yes(story, "ana"), mails(story)) == ("", 1)


def test_the_thread_says_whose_yes_is_wanted() -> None:
    """Before anybody types it in vain."""
    assert rewritten().last_post("mail-2 to customers needs a yes of somebody else than ana").lines


def test_who_only_claims_to_have_written_it_is_not_one_of_two_where_proof_is_wanted() -> None:
    """Otherwise one person could be both by typing another's name."""
    story = rewritten(by="kim", policy=PROVEN)
    assert (says_yes(story, "ana", verified=True), mails(story)) == ("", 0)
    assert (says_yes(story, "bo", verified=True), mails(story)) == ("", 1)


def test_whoever_is_known_to_have_written_it_is_one_of_two() -> None:
    """With proof on both sides one yes is enough."""
    story = hurt("acme", policy=PROVEN)
    told(story, TellCustomers(text=OURS, by="kim"), verified=True)

    assert (says_yes(story, "ana", verified=True), mails(story)) == ("", 1)


def test_each_yes_to_a_mail_is_kept_with_how_we_know() -> None:
    """For the record, as a lever's is."""
    story = hurt("acme")
    says_yes(story, "bo", verified=True)
    sent = next(p for p in story.incident.proposals if p.id == "mail-1")

    assert [(yes.by, yes.how, story.now - yes.at) for yes in sent.yeses] == [
        ("bo", "verified by slack", timedelta(0)),
    ]
