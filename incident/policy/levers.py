"""A lever's life: planned, proposed, approved, applied, and judged by what the world shows (design §7).

Most levers act on the one thing an alert is about. Some act on each of several subjects that their impact check names
(`LeverUse.at_once`): then there is a proposal for each, worst first, so many at a time, and what cannot be helped is
handed over to people, one by one.
"""

from dataclasses import replace

from incident.model.effects import ApplyLever, PlanLever, Purpose
from incident.model.finding import Status
from incident.model.incident import Aim, Due, Incident, Phase, Proposal, ProposalState
from incident.model.lever import LeverOutcome, LeverPlan, LeverReport
from incident.model.playbook import Approval, LeverUse
from incident.model.severity import Severity
from incident.model.timeline import Kind
from incident.policy import approvals, cadence, escalation, looking
from incident.policy.approvals import change as _change
from incident.policy.draft import Draft
from incident.policy.texts import agree, command, lines, words

LIVE = (ProposalState.OPEN, ProposalState.APPROVED, ProposalState.APPLIED)
STRICTEST_LAST = (Approval.AUTOMATIC, Approval.APPROVAL, Approval.TWO_PEOPLE, Approval.MANUAL)


def next_lever(draft: Draft) -> Draft:
    """Plan the fastest safe lever that may still help; none left: people (runbook §2.2)."""
    incident = draft.incident
    if incident.planning:
        return looking.look(draft, Purpose.HOLD)
    use = next((use for use in draft.playbook.levers if _may_try(draft, use)), None)
    if use is None:
        return looking.look(draft if _live(incident) else _out_of_levers(draft), Purpose.HOLD)
    draft = draft if use.per_subject else draft.not_due(Due.LEVER)  # others may still be held back
    draft = draft.set(planning=use.lever, plans=incident.plans + 1)
    draft = draft.do(
        PlanLever(
            key=f"{incident.key}/plan/{draft.incident.plans}",
            incident_id=incident.id,
            lever=use.lever,
            alert=incident.alert,
            since=incident.opened_at,
            because=_impact_in_words(draft),
            subjects=_subjects_left(draft)[: use.at_once - _live(incident)] if use.per_subject else (),
        )
    )
    return looking.look(draft, Purpose.HOLD)


def _impact_in_words(draft: Draft) -> str:
    impact = draft.incident.findings.get(draft.playbook.impact_check or "")
    return impact.summary if impact else ""


def _live(incident: Incident) -> int:
    """How many are alive; what waits for people is in nobody's way."""
    return sum(1 for p in incident.proposals if p.state in LIVE and p.aim is Aim.LEVER and not p.plan.by_people)


def _may_try(draft: Draft, use: LeverUse) -> bool:
    """A lever is tried once per turn of the impact; what an automation has just done is not worth doing again."""
    if use.lever in draft.incident.levers_tried or _live(draft.incident) >= use.at_once:
        return False
    if use.per_subject:
        return bool(_subjects_left(draft))
    automation = draft.incident.findings.get(draft.playbook.automation_check or "")
    return not (automation and automation.healed and use.lever == draft.playbook.automation_lever)


def _subjects_left(draft: Draft) -> tuple[str, ...]:
    """Who is hurt, worst first, and neither being helped, nor held back, nor handed over."""
    incident = draft.incident
    impact = incident.findings.get(draft.playbook.impact_check or "")
    taken = {
        *incident.handed_over,
        *incident.held_back,
        *(p.plan.subject for p in incident.proposals if p.state in LIVE),
    }
    return tuple(subject for subject in (impact.subjects if impact else ()) if subject not in taken)


def _out_of_levers(draft: Draft) -> Draft:
    what = "no lever is left: people have to find the way"
    told = [
        e
        for e in draft.incident.timeline
        if e.what == what or (e.kind is Kind.PHASE and e.what.endswith(f"→ {Phase.MITIGATE}"))
    ]
    if told and told[-1].what == what:
        return draft
    tried = ", ".join(draft.incident.levers_tried) or "none fits"
    draft = draft.tell(Kind.LEVER, what, because=f"tried: {tried}")
    if draft.incident.widened:
        return cadence.post(
            draft, what, f"*Tried:* {tried}", commands=(command(draft.incident, "mitigated", by="you", how="…"),)
        )
    return escalation.worse(draft, f"{what} (tried: {tried})")


def overdue(draft: Draft) -> Draft:
    """The time a lever, or an automation, was given has passed."""
    if draft.incident.phase is not Phase.MITIGATE:
        return draft
    if live(draft.incident, ProposalState.APPLIED):
        why = f"no effect within {words(draft.policy.verify_patience)}"
        return next_lever(did_not_help(draft, why, go_on=False))
    draft = draft.set(held_back=())
    waited = f"{words(draft.policy.automation_patience)} were not enough"
    return next_lever(draft.tell(Kind.LEVER, "held back long enough", because=waited))


def planned(draft: Draft, plans: tuple[LeverPlan, ...]) -> Draft:
    """The plans are there: propose each, or say why it cannot be."""
    if not plans or draft.incident.planning != plans[0].lever:
        return draft  # overtaken: nobody waits for it any more
    if not plans[0].subject:
        return _planned_one(draft, plans[0])
    draft = draft.set(planning="")
    for number, plan in enumerate(plans):
        draft = _planned_subject(draft.set(plans=draft.incident.plans + bool(number)), plan)
    return next_lever(draft)


def _planned_one(draft: Draft, plan: LeverPlan) -> Draft:
    if plan.impossible:
        return plan_failed(draft, plan.lever, plan.impossible)
    draft = draft.set(planning="")
    return _held_back(draft, plan.lever, plan.held) if plan.held else _propose(draft, plan)


def _planned_subject(draft: Draft, plan: LeverPlan) -> Draft:
    if plan.impossible:
        return _hand_over(draft, plan)
    if not plan.held:
        return _propose(draft, plan)
    draft = draft.set(held_back=(*draft.incident.held_back, plan.subject))
    return _held_back(draft, f"{plan.lever} for {plan.subject}", plan.held)


def _hand_over(draft: Draft, plan: LeverPlan) -> Draft:
    """No safe lever for this one: a person gets everything that was found."""
    draft = _given_up(draft, plan).tell(Kind.LEVER, f"{plan.subject} handed to people", because=plan.impossible)
    return cadence.post(
        draft, f"{plan.subject} needs {draft.playbook.owner}", f"*Why:* {plan.impossible}", f"*Found:* {plan.would}"
    )


def _given_up(draft: Draft, plan: LeverPlan) -> Draft:
    """Not tried again in this turn of the impact; a lever without subjects is tried once as a whole."""
    incident = draft.incident
    if plan.subject:
        return draft.set(handed_over=tuple(dict.fromkeys((*incident.handed_over, plan.subject))))
    return draft.set(levers_tried=(*incident.levers_tried, plan.lever))


def _held_back(draft: Draft, what: str, why: str) -> Draft:
    """Not now: planned again after a while, or as soon as the world looks different."""
    draft = draft.due(Due.LEVER, draft.now + draft.policy.automation_patience)
    return draft.tell(Kind.LEVER, f"{what} held back", because=why)


def plan_failed(draft: Draft, lever: str, why: str) -> Draft:
    """No plan could be made at all."""
    if draft.incident.planning != lever:
        return draft
    draft = draft.set(planning="", levers_tried=(*draft.incident.levers_tried, lever))
    return next_lever(draft.tell(Kind.LEVER, f"{lever} cannot be used here", because=why))


def _propose(draft: Draft, plan: LeverPlan) -> Draft:
    incident = draft.incident
    approval = _approval_for(draft, plan)
    use = _use(draft, plan.lever)
    proposal = Proposal(
        id=f"{plan.lever}-{incident.plans}",
        plan=plan,
        approval=approval,
        proposed_at=draft.now,
        needs=use.needs if use else (),
    )
    draft = draft.set(proposals=(*incident.proposals, proposal)).tell(
        Kind.LEVER, f"{proposal.id} proposed: {plan.would}"
    )
    if approval is Approval.AUTOMATIC:
        return approved(draft, proposal, by="the runbook")
    asks = {Approval.TWO_PEOPLE: "needs two people", Approval.MANUAL: "to be done by hand"}
    return cadence.post(
        draft,
        f"{proposal.id} {asks.get(approval, 'needs a yes or a no')}",
        f"*Would:* {lines(plan.would)}",
        f"*Touches:* {', '.join(plan.touches)}" if plan.touches else "",
        commands=(
            agree(incident, proposal),
            command(incident, "reject", proposal=proposal.id, by="you", why="…"),
        ),
        broadcast=incident.severity is Severity.SEV1 and not incident.acked_by,
    )


def _approval_for(draft: Draft, plan: LeverPlan) -> Approval:
    """The runbook's, or the plan's own where that asks for more: what is known of this very case may be worse."""
    use = _use(draft, plan.lever)
    asked = (use.approval if use else Approval.APPROVAL, plan.approval or Approval.AUTOMATIC)
    return max(asked, key=STRICTEST_LAST.index)


def _use(draft: Draft, lever: str) -> LeverUse | None:
    return next((use for use in draft.playbook.levers if use.lever == lever), None)


def approved(draft: Draft, proposal: Proposal, *, by: str, why: str = "") -> Draft:
    """A yes. With it the lever is applied, once enough people said so."""
    proposal = approvals.agreed(draft, proposal, by)
    voices = proposal.approved_by
    draft = draft.tell(Kind.LEVER, f"{proposal.id} approved", because=why, by=by)
    draft = _change(draft, proposal)
    if not approvals.enough(proposal, draft.policy):
        return cadence.post(draft, f"{proposal.id} needs one more yes", f"{by} said yes; a second person has to.")
    if proposal.plan.by_people:
        draft = _change(draft, replace(proposal, state=ProposalState.WITH_PEOPLE))
        return cadence.post(draft, f"{proposal.id} approved by {by}", "People carry it out from here.")
    if not proposal.plan.subject and _applied_last_hour(draft) >= draft.policy.levers_per_hour:
        return reported(
            _change(draft, replace(proposal, state=ProposalState.APPROVED)),
            proposal.id,
            LeverReport(lever=proposal.plan.lever, outcome=LeverOutcome.FAILED, detail="too many levers this hour"),
        )
    draft = _change(draft, replace(proposal, state=ProposalState.APPROVED))
    incident = draft.incident
    return draft.do(
        ApplyLever(
            key=f"{incident.key}/lever/{proposal.id}",
            incident_id=incident.id,
            proposal=proposal.id,
            plan=proposal.plan,
            alert=incident.alert,
            approved_at=draft.now,
            approved_by=voices,
            patience=draft.policy.verify_patience,
            every=draft.policy.probe_every,
            within=draft.policy.yes_valid_for,
        )
    )


def rejected(draft: Draft, proposal: Proposal, *, by: str, why: str) -> Draft:
    draft = draft.tell(Kind.LEVER, f"{proposal.id} rejected", because=why, by=by)
    draft = set_state(draft, proposal.id, ProposalState.REJECTED)
    if proposal.plan.by_people:
        return draft
    draft = _given_up(draft, proposal.plan)
    return next_lever(draft) if draft.incident.phase is Phase.MITIGATE else draft


def reported(draft: Draft, proposal_id: str, report: LeverReport) -> Draft:
    """What came of applying. Whether it helped is for the world to say, not for this report (design §7)."""
    proposal = next((p for p in draft.incident.proposals if p.id == proposal_id), None)
    if proposal is None or proposal.state is not ProposalState.APPROVED:
        return _reported_late(draft, proposal_id, report)
    match report.outcome:
        case LeverOutcome.APPLIED:
            return _applied(draft, proposal, report)
        case LeverOutcome.VERIFIED:
            return _verified(draft, proposal, report)
        case LeverOutcome.HELD:
            draft = set_state(draft, proposal_id, ProposalState.WITHDRAWN)
            draft = _held_back(draft, proposal_id, report.detail)
            return looking.look(draft, Purpose.HOLD, fresh=_seems_gone(draft))
        case LeverOutcome.FAILED:
            draft = draft.tell(Kind.LEVER, f"{proposal_id} failed", because=report.detail)
            draft = set_state(draft, proposal_id, ProposalState.FAILED)
            draft = _given_up(draft, proposal.plan)
            if _seems_gone(draft):
                return looking.look(draft, Purpose.HOLD, fresh=True)
            draft = escalation.worse(draft, f"{proposal_id} failed: {report.detail}", also=report.widen_to)
            return next_lever(draft)


def _reported_late(draft: Draft, proposal_id: str, report: LeverReport) -> Draft:
    """Nobody waits for it any more, but what was pulled counts for the hour (design §7)."""
    if report.outcome is LeverOutcome.APPLIED:
        proposals = tuple(
            replace(p, applied_at=p.applied_at or draft.now) if p.id == proposal_id else p
            for p in draft.incident.proposals
        )
        draft = draft.set(proposals=proposals)
    return draft.tell(Kind.LEVER, f"{proposal_id} came back {report.outcome}", because=report.detail)


def _applied(draft: Draft, proposal: Proposal, report: LeverReport) -> Draft:
    draft = draft.tell(Kind.LEVER, f"{proposal.id} applied: {report.detail}")
    draft = _change(draft, replace(proposal, state=ProposalState.APPLIED, applied_at=draft.now))
    draft = draft.due(Due.LEVER, draft.now + draft.policy.verify_patience)
    draft = cadence.post(draft, f"{proposal.id} applied", report.detail, "Now watching whether it helps.")
    return looking.look(draft, Purpose.VERIFY, fresh=_seems_gone(draft))


def _seems_gone(draft: Draft) -> bool:
    """It turned green while a lever was at work: now that it has reported, nobody has to wait to be sure."""
    impact = draft.incident.findings.get(draft.playbook.impact_check or "")
    return impact is not None and impact.status is Status.OK


def _verified(draft: Draft, proposal: Proposal, report: LeverReport) -> Draft:
    """It looked at the world itself, subject by subject; the impact check then says whether anybody is left."""
    draft = _change(draft, replace(proposal, state=ProposalState.VERIFIED, applied_at=draft.now))
    draft = draft.tell(Kind.LEVER, f"{proposal.id} verified: {report.detail}")
    draft = cadence.post(draft, f"{proposal.id} worked", report.detail)
    return looking.look(draft, Purpose.HOLD, fresh=True)


def did_not_help(draft: Draft, why: str, *, go_on: bool = True) -> Draft:
    """Applied, and the impact is still there."""
    proposal = live(draft.incident, ProposalState.APPLIED)
    if proposal is None:
        return draft
    draft = draft.not_due(Due.LEVER).tell(Kind.LEVER, f"{proposal.id} did not stop the impact", because=why)
    draft = set_state(draft, proposal.id, ProposalState.FAILED)
    draft = escalation.worse(_given_up(draft, proposal.plan), f"{proposal.id} did not stop the impact: {why}")
    return next_lever(draft) if go_on else draft


def _applied_last_hour(draft: Draft) -> int:
    since = draft.now - draft.policy.hour
    return sum(1 for p in draft.incident.proposals if p.applied_at and p.applied_at > since)


def live(incident: Incident, state: ProposalState) -> Proposal | None:
    """The first proposal in this state."""
    return next((p for p in incident.proposals if p.state is state), None)


def set_state(draft: Draft, proposal_id: str, state: ProposalState) -> Draft:
    changed = tuple(replace(p, state=state) if p.id == proposal_id else p for p in draft.incident.proposals)
    return draft.set(proposals=changed)
