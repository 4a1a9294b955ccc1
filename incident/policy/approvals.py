"""Who may say yes, whose yes still counts, and what lapses when nobody says it in time (design §7).

A yes is for one plan, by one person, for a while. A plan is what was read when it was made: an hour later the world may
be another one, so it lapses and is made anew. Money wants finance. Two people are two different ones, and whoever
proposed it is one of them. The runbook may ask that a yes comes from a verified person (docs/decisions/0016).
"""

from dataclasses import replace
from datetime import datetime

from incident.model.identity import Voice
from incident.model.incident import Aim, Due, Incident, Proposal, Yes
from incident.model.messages import Approve, Reject
from incident.model.playbook import Approval
from incident.model.response_policy import ResponsePolicy
from incident.policy.draft import Draft


def refusal(incident: Incident, proposal: Proposal, message: Approve, voice: Voice) -> str:
    """Why this person may not say it; empty: they may. A no needs no second person, but it is the same people's.

    Finance's no is its answer, so it needs the proof that a yes does.
    """
    if proposal.approval is Approval.MANUAL and not isinstance(message, Reject):
        return f"{proposal.id} is done by hand; tell `mitigated` when it helped"
    stranger = not_theirs(incident, f"{proposal.id} is for", proposal.needs, of=message.of, voice=voice)
    if stranger:
        return stranger
    if isinstance(message, Reject):
        return unproven(incident, proposal.id, proposal.needs, voice) if proposal.aim is Aim.REFUND else ""
    unknown = unproven(incident, proposal.id, (proposal.approval.value, *proposal.needs), voice)
    return unknown or _same_person(proposal, voice.by)


def not_theirs(incident: Incident, what: str, needs: tuple[str, ...], *, of: str, voice: Voice) -> str:
    """Why `voice` may not decide it; empty: they may. It is for some people only: for finance, or for whoever has a
    role in the incident. `what` begins the sentence: `refund_path-1 is for`; `of`: for whom they claim to speak.
    """
    if not needs or any(_holds(incident, need, voice) for need in needs):
        return ""
    wanted = " or ".join(needs)
    if voice.verified:
        return f"{what} {wanted} to decide, and {voice.by} is not of it"
    if of in needs:
        return ""
    return f'{what} {wanted} to decide; whoever speaks for it says so: {{"of": "{needs[0]}"}}'


def _holds(incident: Incident, need: str, voice: Voice) -> bool:
    return need in voice.groups or any(role == need and same(who, voice.by) for role, who in incident.roles.items())


def unproven(incident: Incident, what: str, kinds: tuple[str, ...], voice: Voice) -> str:
    """Why a typed word is not enough where one of `kinds` (an approval, a group) wants proof; empty: it is."""
    wanted = incident.policy.must_be_verified if incident.policy else ()
    if voice.verified or not any(kind in wanted for kind in kinds):
        return ""
    return f"{what} needs a word we can verify: use the button of a page, or Slack (docs/decisions/0016)"


def _same_person(proposal: Proposal, by: str) -> str:
    if any(same(by, who) for who in proposal.approved_by):
        return f"{proposal.id} needs a second person; {by} said yes already"
    if proposal.approval is Approval.TWO_PEOPLE and same(by, proposal.proposed_by):
        return f"{proposal.id} needs a second person; {by} proposed it"
    return ""


def same(one: str, other: str) -> bool:
    """Is it one person? Nobody becomes two by writing their name in capitals."""
    return one.strip().casefold() == other.strip().casefold()


def still_count(proposal: Proposal, policy: ResponsePolicy, now: datetime) -> tuple[Yes, ...]:
    """The yeses that are not too old. One of the very instant it lapses no longer counts."""
    return tuple(yes for yes in proposal.yeses if now < yes.at + policy.yes_valid_for)


def enough(proposal: Proposal, policy: ResponsePolicy) -> bool:
    """Has everybody said yes who must? A person who proposed it is the first of two, if a claim is enough for that."""
    if proposal.approval is not Approval.TWO_PEOPLE:
        return bool(proposal.yeses)
    proven = proposal.proposed_verified or proposal.approval.value not in policy.must_be_verified
    return len(proposal.yeses) + bool(proposal.proposed_by and proven) >= 2


def agreed(draft: Draft, proposal: Proposal, by: str) -> Proposal:
    """With this person's yes, and how we know them; without those that are too old."""
    yes = Yes(by=by, at=draft.now, how=draft.voice.how if draft.voice else "")
    return with_yeses(proposal, (*still_count(proposal, draft.policy, draft.now), yes))


def for_anybody(incident: Incident) -> tuple[str, ...]:
    """Plans that whoever is paged may decide on."""
    return tuple(p.id for p in _waiting(incident) if not p.needs)


def watch(draft: Draft) -> Draft:
    """After every event: when does the next plan, or the next yes, lapse?"""
    waiting = _waiting(draft.incident)
    lapses = [p.proposed_at + draft.policy.proposal_valid_for for p in waiting]
    lapses += [yes.at + draft.policy.yes_valid_for for p in draft.incident.open_proposals for yes in p.yeses]
    if not lapses:
        return draft.not_due(Due.APPROVAL) if Due.APPROVAL in draft.incident.due else draft
    return draft.due(Due.APPROVAL, min(lapses))


def lapsed(draft: Draft) -> tuple[Proposal, ...]:
    """Plans nobody decided on in time."""
    return tuple(p for p in _waiting(draft.incident) if draft.now >= p.proposed_at + draft.policy.proposal_valid_for)


def forget_old(draft: Draft) -> tuple[Draft, tuple[tuple[Proposal, Yes], ...]]:
    """Without the yeses that are too old, and which those were."""
    gone: list[tuple[Proposal, Yes]] = []
    for proposal in draft.incident.open_proposals:
        counts = still_count(proposal, draft.policy, draft.now)
        gone += [(proposal, yes) for yes in proposal.yeses if yes not in counts]
        if len(counts) < len(proposal.yeses):
            draft = change(draft, with_yeses(proposal, counts))
    return draft, tuple(gone)


def with_yeses(proposal: Proposal, yeses: tuple[Yes, ...]) -> Proposal:
    return replace(proposal, yeses=yeses, approved_by=tuple(yes.by for yes in yeses))


def change(draft: Draft, proposal: Proposal) -> Draft:
    """The same proposal, as it is now."""
    return draft.set(proposals=tuple(proposal if p.id == proposal.id else p for p in draft.incident.proposals))


def _waiting(incident: Incident) -> tuple[Proposal, ...]:
    """What is done by hand waits for no yes, so it does not lapse; a mail or a notice is renewed by its own clock."""
    mine = (Aim.LEVER, Aim.REFUND)
    return tuple(p for p in incident.open_proposals if p.approval is not Approval.MANUAL and p.aim in mine)
