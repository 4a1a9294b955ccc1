"""What becomes of a plan, or of a yes, that waited too long."""

from dataclasses import replace

from incident.model.incident import Aim, Phase, Proposal, ProposalState
from incident.model.timeline import Kind
from incident.policy import approvals, cadence, levers, sla
from incident.policy.draft import Draft
from incident.policy.texts import agree, words


def lapse(draft: Draft) -> Draft:
    """Said on the timeline and in the thread; what may still help is planned anew, from the world as it is now."""
    draft = _old_yeses(draft)
    gone = approvals.lapsed(draft)
    why = f"nobody decided within {words(draft.policy.proposal_valid_for)}"
    for proposal in gone:
        draft = approvals.change(draft, replace(proposal, state=ProposalState.LAPSED))
        draft = draft.tell(Kind.LEVER, f"{proposal.id} lapsed", because=why)
    return _anew(draft, gone) if gone else draft


def _old_yeses(draft: Draft) -> Draft:
    draft, gone = approvals.forget_old(draft)
    for proposal, yes in gone:
        why = f"it is older than {words(draft.policy.yes_valid_for)}"
        draft = draft.tell(Kind.LEVER, f"{yes.by}'s yes to {proposal.id} no longer counts", because=why)
        line = agree(draft.incident, proposal)
        draft = cadence.post(draft, f"{proposal.id} needs a yes anew", f"{yes.by} said yes: {why}.", commands=(line,))
    return draft


def _anew(draft: Draft, gone: tuple[Proposal, ...]) -> Draft:
    if any(p.aim is Aim.REFUND for p in gone):
        draft = sla.ask_again(draft)
    if draft.incident.phase is Phase.MITIGATE and any(not p.plan.by_people for p in gone):
        return levers.next_lever(draft)
    return draft
