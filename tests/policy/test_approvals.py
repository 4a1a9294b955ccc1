"""Who may say yes, whose yes still counts, and what lapses (design §7)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from incident.model.effects import ApplyLever, Page, PlanLever
from incident.model.events import Said
from incident.model.identity import Voice
from incident.model.incident import Due, Proposal, ProposalState, Role
from incident.model.lever import LeverOutcome
from incident.model.messages import Approve, Assign, Message, Reject
from incident.model.playbook import Approval, LeverUse, Playbook
from incident.policy import people
from runbook.response import RESPONSE
from tests.policy.story import PLAYBOOK, Story, hurting, with_levers

TWO = with_levers("restart", approval=Approval.TWO_PEOPLE)
MONEY = replace(PLAYBOOK, levers=(LeverUse(lever="refund", needs=("finance",)),))
COMMANDER = replace(PLAYBOOK, levers=(LeverUse(lever="mail", needs=("ic", "comms")),))
PROVEN = replace(RESPONSE, must_be_verified=("two_people", "finance"))


def proposing(playbook: Playbook = PLAYBOOK, **more: Any) -> Story:
    return hurting(playbook=playbook, **more).plans()


def says(story: Story, message: Message, *, verified: bool = False, groups: tuple[str, ...] = ()) -> str:
    """What the sender is told; a refusal begins with `no`."""
    voice = Voice(by=message.by, via="slack" if verified else "", verified=verified, groups=groups)
    refused = people.refusal(story.incident, message, voice)
    before = story.incident
    story.takes(Said(message=message, voice=voice))
    return f"no: {refused}" if refused else people.answer(before, story.incident, message)


def proposed_by(story: Story, by: str) -> Story:
    """As if a person had asked for this plan."""
    proposals: tuple[Proposal, ...] = tuple(replace(p, proposed_by=by) for p in story.incident.proposals)
    story.incident = replace(story.incident, proposals=proposals)
    return story


# ── two people ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("again", ["ana", "Ana", " ANA "])
def test_nobody_is_two_people(again: str) -> None:
    """However they write their name."""
    story = proposing(TWO)
    says(story, Approve(by="ana"))
    assert says(story, Approve(by=again.strip())).startswith("no: restart-1 needs a second person")
    assert story.all(ApplyLever) == []


def test_whoever_proposed_it_does_not_approve_it() -> None:
    """Proposer and approver are two people."""
    story = proposed_by(proposing(TWO), "ana")
    assert says(story, Approve(by="ana")) == "no: restart-1 needs a second person; ana proposed it"


def test_the_proposer_is_the_first_of_two() -> None:
    """One yes of somebody else is then enough."""
    story = proposed_by(proposing(TWO), "ana")
    says(story, Approve(by="bo"))
    assert len(story.all(ApplyLever)) == 1


def test_where_one_is_enough_the_proposer_may_say_it() -> None:
    """The runbook asks for two people only where it says so."""
    story = proposed_by(proposing(), "ana")
    assert says(story, Approve(by="ana")).startswith("yes")


def test_a_yes_is_used_up() -> None:
    """What is approved is not open any more."""
    story = proposing()
    says(story, Approve(by="ana"))
    assert says(story, Approve(by="bo", proposal="restart-1")) == "no: restart-1 is not open, nor is any other"
    assert len(story.all(ApplyLever)) == 1


# ── money wants finance ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("message", [Approve, Reject])
@pytest.mark.parametrize(
    ("more", "verified", "groups", "answer"),
    [
        pytest.param({}, False, (), "no: refund-1 is for finance to decide; whoever speaks", id="a claim of nobody's"),
        pytest.param({"of": "sales"}, False, (), "no: refund-1 is for finance to decide; whoever", id="of another"),
        pytest.param({"of": "finance"}, False, (), "yes", id="a claim of finance's"),
        pytest.param({}, True, ("finance",), "yes", id="somebody we know to be of finance"),
        pytest.param({}, True, ("sales",), "no: refund-1 is for finance to decide, and ana", id="known, not of it"),
        pytest.param({"of": "finance"}, True, (), "no: refund-1 is for finance to decide, and ana", id="known to lie"),
    ],
)
def test_money_is_for_finance_to_decide(
    message: type[Approve], more: dict[str, str], verified: bool, groups: tuple[str, ...], answer: str
) -> None:
    """Runbook §3.1, §6. Whom the bridge knows cannot claim more than it knows of them."""
    story = proposing(MONEY)
    assert says(story, message(by="ana", **more), verified=verified, groups=groups).startswith(answer)


def test_a_role_in_the_incident_is_held_by_whoever_has_it_now() -> None:
    """Comms may send mail; the person who had the role before may not."""
    story = proposing(COMMANDER).says(Assign(role=Role.COMMS, to="ana")).says(Assign(role=Role.COMMS, to="bo"))
    assert says(story, Approve(by="ana"), verified=True).startswith("no: mail-1 is for ic or comms to decide")
    assert says(story, Approve(by="bo"), verified=True).startswith("yes")


def test_a_page_carries_the_plans_that_whoever_is_paged_may_decide_on() -> None:
    """Not those of finance, nor what is done by hand."""
    plans = [
        proposing(playbook).after(hours=0.2).all(Page)[-1].plans
        for playbook in (with_levers("restart"), MONEY, with_levers("restart", approval=Approval.MANUAL))
    ]
    assert plans == [("restart-1",), (), ()]


# ── proof ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("playbook", [TWO, MONEY])
def test_the_runbook_may_ask_for_proof(playbook: Playbook) -> None:
    """Then a typed yes is refused, with the way that works."""
    story = proposing(playbook, policy=PROVEN)
    assert "needs a word we can verify" in says(story, Approve(by="ana", of="finance"))
    assert says(story, Approve(by="ana"), verified=True, groups=("finance",)).startswith("yes")


def test_what_needs_no_proof_is_approved_without() -> None:
    """One person at a terminal at 3 a.m."""
    assert says(proposing(policy=PROVEN), Approve(by="ana")).startswith("yes")


def test_each_yes_is_kept_with_how_we_know() -> None:
    """For the record."""
    story = proposing(TWO)
    says(story, Approve(by="ana"), verified=True)
    says(story, Approve(by="bo"))
    assert [(yes.by, yes.how) for yes in story.proposal.yeses] == [("ana", "verified by slack"), ("bo", "claimed")]


# ── what lapses ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_plan_nobody_decided_on_is_made_anew() -> None:
    """The world may be another one by then."""
    story = proposing(with_levers("restart"))
    story.after(hours=1)
    assert (story.proposal.state, len(story.all(PlanLever))) == (ProposalState.LAPSED, 2)
    assert "restart-1 lapsed" in story.lines


def test_a_lapsed_plan_cannot_be_approved() -> None:
    """Its link in an old page does nothing."""
    story = proposing(with_levers("restart")).after(hours=1)
    assert says(story, Approve(by="ana", proposal="restart-1")) == "no: restart-1 is not open, nor is any other"


def test_a_first_yes_does_not_wait_for_ever() -> None:
    """After half an hour the second person's yes is the first."""
    story = proposing(TWO)
    says(story, Approve(by="ana"))
    story.after(minutes=30)
    says(story, Approve(by="bo"))
    assert story.all(ApplyLever) == []
    assert story.proposal.approved_by == ("bo",)


def test_that_a_yes_is_too_old_is_said() -> None:
    """In the thread, with what to type."""
    story = proposing(TWO)
    says(story, Approve(by="ana"))
    story.after(minutes=30)
    assert story.last_post("needs a yes anew").commands


def test_whoever_s_yes_lapsed_may_say_it_again() -> None:
    """It is asked for."""
    story = proposing(TWO)
    says(story, Approve(by="ana"))
    story.after(minutes=31)
    assert says(story, Approve(by="ana")).startswith("yes")


def test_what_is_done_by_hand_does_not_lapse() -> None:
    """It waits for hands, not for a yes."""
    story = proposing(with_levers("restart", approval=Approval.MANUAL)).after(hours=3)
    assert story.proposal.state is ProposalState.OPEN


def test_nothing_waits_once_nothing_is_open() -> None:
    """No deadline is left behind."""
    story = proposing()
    says(story, Approve(by="ana"))
    assert story.due_in(Due.APPROVAL) is None


def test_a_yes_nobody_carried_out_in_time_no_longer_counts() -> None:
    """The effect says until when, and what comes back too late is planned anew."""
    story = proposing(with_levers("restart"))
    says(story, Approve(by="ana"))
    assert story.all(ApplyLever)[-1].within == timedelta(minutes=30)
    story.applies(LeverOutcome.HELD, "no answer in time")
    assert story.proposal.state is ProposalState.WITHDRAWN
