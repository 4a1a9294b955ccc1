"""The refund path: what finance is asked, its yes, its answer, and who reminds it (runbook §3.1).

The orchestrator moves no money. It asks, keeps asking, and does not call the incident resolved before finance has
answered.
"""

from dataclasses import replace
from typing import Any

from incident.model.customers import Affected
from incident.model.identity import Voice
from incident.model.incident import FINANCE, Aim, Due, Incident, Phase, Proposal, ProposalState
from incident.model.lever import LeverPlan
from incident.model.messages import AnswerRefund
from incident.model.playbook import Approval
from incident.model.refund import Refund, RefundAnswer
from incident.model.timeline import Kind
from incident.policy import approvals, cadence, levers
from incident.policy.draft import Draft
from incident.policy.letters import SHOWN_KEYS
from incident.policy.texts import agree, command

REFUND = "refund_path"


def ask(draft: Draft, what: str, who: str) -> Draft:
    """Past the SLA: a request with everything finance needs to know, which waits for its yes."""
    if any(p.aim is Aim.REFUND for p in draft.incident.open_proposals):
        return cadence.post(draft, what, who)
    draft = draft.set(plans=draft.incident.plans + 1)
    name, waiting = f"{REFUND}-{draft.incident.plans}", _waiting(draft)
    plan = LeverPlan(
        lever=REFUND,
        target=", ".join(one.key for one in waiting[:SHOWN_KEYS]) or "the customers who wait",
        would="Finance prepares a refund or credit for those who wait, and people tell them by mail.",
        touches=tuple(line(one, draft.playbook.prices) for one in waiting[:SHOWN_KEYS]),
        by_people=True,
    )
    proposal = Proposal(
        id=name, plan=plan, approval=Approval.APPROVAL, proposed_at=draft.now, aim=Aim.REFUND, needs=(FINANCE,)
    )
    request = Refund(proposal=name, asked_at=draft.now, customers=waiting)
    lapsed = {p.id for p in draft.incident.proposals if p.state is ProposalState.LAPSED}
    kept = tuple(one for one in draft.incident.refunds if one.proposal not in lapsed or one.answer)  # asked anew
    draft = draft.set(proposals=(*draft.incident.proposals, proposal), refunds=(*kept, request))
    draft = draft.tell(Kind.LEVER, f"{name} proposed: {plan.would}", because="finance has to say yes")
    return cadence.post(
        draft,
        what,
        who,
        *(f"• {fact}" for fact in plan.touches),
        "*Wanted:* a mail to the customer (what is affected, that we are on it, next update), and a yes of finance.",
        commands=(
            agree(draft.incident, proposal),
            command(draft.incident, "reject", proposal=name, by="you", of=FINANCE, why="…"),
        ),
        broadcast=True,
    )


def _waiting(draft: Draft) -> tuple[Affected, ...]:
    impact = draft.incident.findings.get(draft.playbook.impact_check or "")
    return impact.customers if impact else ()


def line(one: Affected, prices: dict[str, str]) -> str:
    """`acme: plan L (49 EUR), paid 500, job 7f3 at create_database`: what finance reads."""
    price = f" ({prices[one.plan]})" if one.plan in prices else ""
    facts = (f"plan {one.plan}{price}" if one.plan else "", f"paid for {one.paid}" if one.paid else "", one.where)
    return f"{one.key}: {', '.join(fact for fact in facts if fact) or 'nothing more is known'}"


def settle(draft: Draft) -> Draft:
    """After every event: finance is reminded for as long as an answer is missing."""
    over = draft.incident.phase in (Phase.POSTMORTEM, Phase.CLOSED)
    if over or not unanswered(draft.incident):
        return draft.not_due(Due.REFUND)
    if Due.REFUND in draft.incident.due:
        return draft
    return draft.due(Due.REFUND, draft.now + draft.policy.customers.refund_remind_every)


def unanswered(incident: Incident) -> tuple[Refund, ...]:
    return tuple(refund for refund in incident.refunds if refund.answer is None)


def remind(draft: Draft) -> Draft:
    """Finance has not answered yet."""
    for refund in unanswered(draft.incident):
        opened = any(p.id == refund.proposal for p in draft.incident.open_proposals)
        what = f"finance has not {'said yes or no to' if opened else 'told what came of'} {refund.proposal}"
        draft = draft.tell(Kind.CUSTOMERS, what)
        draft = cadence.post(draft, what, commands=_lines(draft.incident, refund, opened=opened))
    return draft


def _lines(incident: Incident, refund: Refund, *, opened: bool) -> tuple[str, ...]:
    if opened:
        return (command(incident, "approve", proposal=refund.proposal, by="you", of=FINANCE),)
    told = {"answer": "refunded", "reference": "…", "by": "you", "of": FINANCE}
    return (command(incident, "refund", proposal=refund.proposal, **told),)


def approved(draft: Draft, proposal: Proposal, *, by: str, why: str) -> Draft:
    """A yes of finance: finance carries it out, and tells what came of it."""
    draft = levers.approved(draft, proposal, by=by, why=why)
    refund = next((one for one in draft.incident.refunds if one.proposal == proposal.id), None)
    waits = any(p.id == proposal.id and p.state is ProposalState.WITH_PEOPLE for p in draft.incident.proposals)
    if refund is None or not waits:
        return draft
    return cadence.post(
        draft, f"{proposal.id}: tell what came of it", commands=_lines(draft.incident, refund, opened=False)
    )


def rejected(draft: Draft, proposal: Proposal, *, by: str, why: str) -> Draft:
    """A no of finance is its answer."""
    draft = levers.rejected(draft, proposal, by=by, why=why)
    return _answered(draft, proposal.id, RefundAnswer.DECLINED, why, by)


def answered(draft: Draft, message: AnswerRefund) -> Draft:
    """What finance did."""
    refund = _meant(draft.incident, message)
    if refund is None:
        return draft
    draft = _answered(draft, refund.proposal, message.answer, message.reference, message.by)
    what = f"{refund.proposal}: {message.answer}"
    draft = draft.tell(Kind.CUSTOMERS, what, because=message.reference, by=message.by)
    return cadence.post(draft, what, f"*Reference:* {message.reference}" if message.reference else "")


def _answered(draft: Draft, proposal: str, answer: RefundAnswer, reference: str, by: str) -> Draft:
    how = draft.voice.how if draft.voice else ""
    given: dict[str, Any] = {"answer": answer, "answered_at": draft.now, "reference": reference, "by": by, "how": how}
    return draft.set(
        refunds=tuple(replace(one, **given) if one.proposal == proposal else one for one in draft.incident.refunds)
    )


def refusal(incident: Incident, message: AnswerRefund, voice: Voice) -> str:
    """Why this cannot be answered now, or by them; empty: it can. What came of money is finance's to say."""
    open_ones = ", ".join(one.proposal for one in unanswered(incident))
    if not open_ones:
        return "finance was not asked, or has answered already"
    refund = _meant(incident, message)
    if refund is None:
        return f"which one? Unanswered: {open_ones}"
    if any(p.id == refund.proposal for p in incident.open_proposals):
        return f"finance has to approve or reject {refund.proposal} first"
    stranger = approvals.not_theirs(incident, f"{refund.proposal} is for", (FINANCE,), of=message.of, voice=voice)
    return stranger or approvals.unproven(incident, refund.proposal, (FINANCE,), voice)


def _meant(incident: Incident, message: AnswerRefund) -> Refund | None:
    found = unanswered(incident)
    if message.proposal:
        return next((one for one in found if one.proposal == message.proposal), None)
    return found[0] if len(found) == 1 else None
