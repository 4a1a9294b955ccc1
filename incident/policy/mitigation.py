"""Stop the bleeding: is it real, is somebody's automation already at work, which lever is next (runbook §2.2, §3.2)."""

from dataclasses import replace

from incident.model.effects import ApplyLever, PlanLever, Purpose
from incident.model.finding import Finding, Status
from incident.model.incident import Criterion, Due, Incident, Phase, Proposal, ProposalState
from incident.model.lever import LeverOutcome, LeverPlan, LeverReport
from incident.model.playbook import Approval, LeverUse
from incident.model.severity import Severity
from incident.model.timeline import Kind
from incident.policy import cadence, escalation, looking
from incident.policy.draft import Draft
from incident.policy.lifecycle import Turn, turned
from incident.policy.texts import agree, clock, command, words

LIVE = (ProposalState.OPEN, ProposalState.APPROVED, ProposalState.APPLIED)


def react(draft: Draft, *, confirmed: bool) -> Draft:
    """What the latest findings mean while the impact is not known to be gone.

    `confirmed`: a green was seen several times in a row; a single one may be luck.
    """
    impact = draft.incident.findings.get(draft.playbook.impact_check or "")
    if impact is None:
        return _only_people_can_say(draft)
    match impact.status:
        case Status.OK:
            return _looks_fine(draft, impact, confirmed=confirmed)
        case Status.BAD:
            return hurts(draft, impact)
        case Status.UNKNOWN:
            return _cannot_see(draft, impact)


def _only_people_can_say(draft: Draft) -> Draft:
    """No check tells whether customers are hurt: the alert's own clearing, or a person, will."""
    return looking.stop(draft)


def _cannot_see(draft: Draft, impact: Finding) -> Draft:
    if not _said_already(draft, impact):
        draft = cadence.post(
            draft,
            "we cannot see whether customers are hurt",
            f"*{impact.check}:* {impact.summary}",
            "Treat it as an outage until someone has looked.",
            commands=(command(draft.incident, "mitigated", by="you", how="…"),),
        )
    return looking.look(draft, Purpose.HOLD)


def _said_already(draft: Draft, impact: Finding) -> bool:
    """Said once per change of what is seen: an answer that is older than now brought nothing new."""
    lines = [e for e in draft.incident.timeline if e.kind is Kind.CHECK and e.what.startswith(f"{impact.check} is ")]
    return not lines or lines[-1].at != draft.now


def _looks_fine(draft: Draft, impact: Finding, *, confirmed: bool) -> Draft:
    if not confirmed:
        return looking.look(draft, Purpose.HOLD, fresh=True)
    incident = draft.incident
    automation = incident.findings.get(draft.playbook.automation_check or "")
    if incident.phase is Phase.MITIGATE or (automation and automation.healed):
        return mitigated(draft, how=_what_helped(incident, automation), because=f"{impact.check}: {impact.summary}")
    if not incident.firing:
        return mitigated(draft, how="it recovered before we looked", because=f"alert cleared, {impact.summary}")
    return _not_confirmed_from_here(draft, impact)


def _not_confirmed_from_here(draft: Draft, impact: Finding) -> Draft:
    what = "not confirmed from here: maybe one flaky vantage"
    if not any(e.what == what for e in draft.incident.timeline):
        because = f"{impact.check} was green {draft.policy.greens_in_a_row} times in a row while the alert fires"
        draft = draft.tell(Kind.CHECK, what, because=because)
        draft = cadence.post(
            draft,
            what,
            because + ".",
            "Severity stays with you; no lever is pulled.",
            commands=(command(draft.incident, "severity", severity="SEV-3", why="one flaky vantage", by="you"),),
        )
    return looking.look(draft, Purpose.HOLD)


def _what_helped(incident: Incident, automation: Finding | None) -> str:
    applied = [p for p in incident.proposals if p.state is ProposalState.APPLIED]
    if applied:
        return f"{applied[-1].id} (approved by {', '.join(applied[-1].approved_by) or 'the runbook'})"
    if automation and automation.healed:
        return f"{automation.check}: {automation.summary}"
    return "it recovered by itself; nothing we did or saw explains it"


def mitigated(draft: Draft, *, how: str, because: str, by: str = "orchestrator") -> Draft:
    """Impact has stopped: on to the criteria (runbook §2)."""
    draft = _end_proposals(draft)
    draft = draft.not_due(Due.LEVER, Due.UNMITIGATED).set(planning="", mitigated_at=draft.now, mitigated_how=how)
    draft = turned(draft, Turn.IMPACT_STOPPED, because=f"{how}; {because}" if because else how, by=by)
    draft = cadence.keep(draft)
    draft = cadence.post(draft, "customer impact stopped", f"*What helped:* {how}", *cadence.situation(draft))
    return looking.look(draft, Purpose.CRITERIA, fresh=True)


def _end_proposals(draft: Draft) -> Draft:
    ends = {
        ProposalState.OPEN: ProposalState.WITHDRAWN,
        ProposalState.APPROVED: ProposalState.WITHDRAWN,
        ProposalState.APPLIED: ProposalState.VERIFIED,
    }
    for proposal in draft.incident.proposals:
        if proposal.state in ends:
            draft = set_state(draft, proposal.id, ends[proposal.state])
            draft = draft.tell(Kind.LEVER, f"{proposal.id} {ends[proposal.state]}", because="customer impact stopped")
    return draft


def hurts(draft: Draft, impact: Finding) -> Draft:
    """Customers are hurt: hold back for an automation at work, else the next lever."""
    draft = turned(draft, Turn.IMPACT_SEEN, because=f"{impact.check}: {impact.summary}")
    if _live(draft.incident, ProposalState.APPLIED):
        return _after_lever(draft)
    automation = draft.incident.findings.get(draft.playbook.automation_check or "")
    if automation and (automation.acting or automation.healed) and _may_still_help(draft):
        return _hold(draft, automation)
    return _next_lever(draft)


def is_back(draft: Draft, impact: Finding) -> Draft:
    """Customers are hurt again. Who is at work on it *now* is seen first; all levers are new again."""
    draft = turned(_forget_mitigation(draft), Turn.IMPACT_SEEN, because=f"{impact.check}: {impact.summary}")
    draft = cadence.keep(escalation.watch_mitigation(draft))
    draft = cadence.post(draft, "customer impact is back", *cadence.situation(draft), commands=cadence.wanted(draft))
    return looking.look(draft, Purpose.HOLD, fresh=True)


def _forget_mitigation(draft: Draft) -> Draft:
    """It did not last: what was said and seen of it, and what automations did until then, no longer counts."""
    incident = draft.incident
    return draft.set(
        attested={name: word for name, word in incident.attested.items() if name is not Criterion.DURABLE},
        criteria_met=(),
        findings={name: f for name, f in incident.findings.items() if name != draft.playbook.automation_check},
        levers_tried=(),
        automation_seen_at=None,
        impact_since=incident.mitigated_at,
        mitigated_at=None,
        mitigated_how="",
    )


def _may_still_help(draft: Draft) -> bool:
    since = draft.incident.automation_seen_at
    return since is None or draft.now < since + draft.policy.automation_patience


def _hold(draft: Draft, automation: Finding) -> Draft:
    """An automation of ours is at work, or just was: two at once would only disturb each other (runbook §3.2)."""
    if draft.incident.automation_seen_at is None:
        until = draft.now + draft.policy.automation_patience
        draft = draft.set(automation_seen_at=draft.now).due(Due.LEVER, until)
        because = f"{automation.check}: {automation.summary}"
        draft = draft.tell(Kind.LEVER, f"our levers hold back until {clock(until)}", because=because)
    for proposal in draft.incident.open_proposals:
        draft = set_state(draft, proposal.id, ProposalState.WITHDRAWN)
        draft = draft.tell(Kind.LEVER, f"{proposal.id} withdrawn", because=f"{automation.check} is at work")
    return looking.look(draft.set(planning=""), Purpose.HOLD)


def _after_lever(draft: Draft) -> Draft:
    """A lever was pulled and the impact is still there: wait for it, unless its work has visibly failed."""
    automation = draft.incident.findings.get(draft.playbook.automation_check or "")
    applied = _live(draft.incident, ProposalState.APPLIED)
    failed_since = automation and automation.status is Status.BAD and applied and applied.applied_at
    if automation and failed_since and automation.at >= failed_since:
        return lever_did_not_help(draft, automation.summary)
    return looking.look(draft, Purpose.VERIFY)


def lever_overdue(draft: Draft) -> Draft:
    """The time a lever, or an automation, was given has passed."""
    if draft.incident.phase is not Phase.MITIGATE:
        return draft
    if _live(draft.incident, ProposalState.APPLIED):
        why = f"no effect within {words(draft.policy.verify_patience)}"
        return _next_lever(lever_did_not_help(draft, why, go_on=False))
    waited = f"{words(draft.policy.automation_patience)} were not enough"
    return _next_lever(draft.tell(Kind.LEVER, "held back long enough", because=waited))


def _next_lever(draft: Draft) -> Draft:
    """Plan the fastest safe lever not tried yet; none left: people (runbook §2.2)."""
    incident = draft.incident
    if incident.planning or any(p.state in LIVE for p in incident.proposals):
        return looking.look(draft, Purpose.HOLD)
    lever = next((use for use in draft.playbook.levers if _may_try(draft, use)), None)
    if lever is None:
        return looking.look(_out_of_levers(draft), Purpose.HOLD)
    draft = draft.not_due(Due.LEVER).set(planning=lever.lever, plans=incident.plans + 1)
    draft = draft.do(
        PlanLever(
            key=f"{incident.key}/plan/{draft.incident.plans}",
            incident_id=incident.id,
            lever=lever.lever,
            alert=incident.alert,
            since=incident.opened_at,
            because=_impact_in_words(draft),
        )
    )
    return looking.look(draft, Purpose.HOLD)


def _impact_in_words(draft: Draft) -> str:
    impact = draft.incident.findings.get(draft.playbook.impact_check or "")
    return impact.summary if impact else ""


def _may_try(draft: Draft, use: LeverUse) -> bool:
    """A lever is tried once per turn of the impact; what an automation has just done is not worth doing again."""
    if use.lever in draft.incident.levers_tried:
        return False
    automation = draft.incident.findings.get(draft.playbook.automation_check or "")
    return not (automation and automation.healed)


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
    return worse(draft, f"{what} (tried: {tried})")


def worse(draft: Draft, why: str) -> Draft:
    """Impact not stopped: raise severity if it can rise, widen escalation (runbook §2)."""
    before = draft.incident.severity
    if before is not Severity.SEV1:
        draft = draft.set(severity=before.raised)
        draft = draft.tell(Kind.SEVERITY, f"{before} → {before.raised}", because=why)
        draft = cadence.keep(escalation.set_clocks(draft))
    return escalation.escalate(draft, why)


def planned(draft: Draft, plan: LeverPlan) -> Draft:
    """The plan is there: propose it, or say why it cannot be."""
    if draft.incident.planning != plan.lever:
        return draft  # overtaken: nobody waits for it any more
    if plan.impossible:
        return plan_failed(draft, plan.lever, plan.impossible)
    draft = draft.set(planning="")
    return _held_back(draft, plan.lever, plan.held) if plan.held else _propose(draft, plan)


def _held_back(draft: Draft, what: str, why: str) -> Draft:
    """Not now: planned again after a while, or as soon as the world looks different."""
    draft = draft.due(Due.LEVER, draft.now + draft.policy.automation_patience)
    return draft.tell(Kind.LEVER, f"{what} held back", because=why)


def plan_failed(draft: Draft, lever: str, why: str) -> Draft:
    if draft.incident.planning != lever:
        return draft
    draft = draft.set(planning="", levers_tried=(*draft.incident.levers_tried, lever))
    return _next_lever(draft.tell(Kind.LEVER, f"{lever} cannot be used here", because=why))


def _propose(draft: Draft, plan: LeverPlan) -> Draft:
    incident = draft.incident
    approval = next((use.approval for use in draft.playbook.levers if use.lever == plan.lever), Approval.APPROVAL)
    proposal = Proposal(id=f"{plan.lever}-{incident.plans}", plan=plan, approval=approval, proposed_at=draft.now)
    draft = draft.set(proposals=(*incident.proposals, proposal)).tell(
        Kind.LEVER, f"{proposal.id} proposed: {plan.would}"
    )
    if approval is Approval.AUTOMATIC:
        return approved(draft, proposal, by="the runbook")
    asks = {Approval.TWO_PEOPLE: "needs two people", Approval.MANUAL: "to be done by hand"}
    return cadence.post(
        draft,
        f"{proposal.id} {asks.get(approval, 'needs a yes or a no')}",
        f"*Would:* {plan.would}",
        f"*Touches:* {', '.join(plan.touches)}" if plan.touches else "",
        commands=(
            agree(incident, proposal),
            command(incident, "reject", proposal=proposal.id, by="you", why="…"),
        ),
        broadcast=incident.severity is Severity.SEV1 and not incident.acked_by,
    )


def approved(draft: Draft, proposal: Proposal, *, by: str, why: str = "") -> Draft:
    """A yes. With it the lever is applied, once enough people said so."""
    voices = (*proposal.approved_by, by)
    draft = draft.tell(Kind.LEVER, f"{proposal.id} approved", because=why, by=by)
    draft = _change(draft, replace(proposal, approved_by=voices))
    if proposal.approval is Approval.TWO_PEOPLE and len(voices) < 2:
        return cadence.post(draft, f"{proposal.id} needs one more yes", f"{by} said yes; a second person has to.")
    if _applied_last_hour(draft) >= draft.policy.levers_per_hour:
        return lever_reported(
            _change(draft, replace(proposal, approved_by=voices, state=ProposalState.APPROVED)),
            proposal.id,
            LeverReport(lever=proposal.plan.lever, outcome=LeverOutcome.FAILED, detail="too many levers this hour"),
        )
    draft = _change(draft, replace(proposal, approved_by=voices, state=ProposalState.APPROVED))
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
        )
    )


def rejected(draft: Draft, proposal: Proposal, *, by: str, why: str) -> Draft:
    draft = draft.tell(Kind.LEVER, f"{proposal.id} rejected", because=why, by=by)
    draft = set_state(draft, proposal.id, ProposalState.REJECTED)
    draft = draft.set(levers_tried=(*draft.incident.levers_tried, proposal.plan.lever))
    return _next_lever(draft) if draft.incident.phase is Phase.MITIGATE else draft


def lever_reported(draft: Draft, proposal_id: str, report: LeverReport) -> Draft:
    """What came of applying. Whether it helped is for the world to say, not for this report (design §7)."""
    proposal = next((p for p in draft.incident.proposals if p.id == proposal_id), None)
    if proposal is None or proposal.state is not ProposalState.APPROVED:
        return _reported_late(draft, proposal_id, report)
    match report.outcome:
        case LeverOutcome.APPLIED:
            return _applied(draft, proposal, report)
        case LeverOutcome.HELD:
            draft = set_state(draft, proposal_id, ProposalState.WITHDRAWN)
            return looking.look(_held_back(draft, proposal_id, report.detail), Purpose.HOLD)
        case LeverOutcome.FAILED:
            draft = draft.tell(Kind.LEVER, f"{proposal_id} failed", because=report.detail)
            draft = set_state(draft, proposal_id, ProposalState.FAILED)
            draft = draft.set(levers_tried=(*draft.incident.levers_tried, proposal.plan.lever))
            return _next_lever(worse(draft, f"{proposal_id} failed: {report.detail}"))


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
    return looking.look(draft, Purpose.VERIFY)


def lever_did_not_help(draft: Draft, why: str, *, go_on: bool = True) -> Draft:
    """Applied, and the impact is still there."""
    proposal = _live(draft.incident, ProposalState.APPLIED)
    if proposal is None:
        return draft
    draft = draft.not_due(Due.LEVER).tell(Kind.LEVER, f"{proposal.id} did not stop the impact", because=why)
    draft = set_state(draft, proposal.id, ProposalState.FAILED)
    draft = draft.set(levers_tried=(*draft.incident.levers_tried, proposal.plan.lever))
    draft = worse(draft, f"{proposal.id} did not stop the impact: {why}")
    return _next_lever(draft) if go_on else draft


def _applied_last_hour(draft: Draft) -> int:
    since = draft.now - draft.policy.hour
    return sum(1 for p in draft.incident.proposals if p.applied_at and p.applied_at > since)


def _live(incident: Incident, state: ProposalState) -> Proposal | None:
    return next((p for p in incident.proposals if p.state is state), None)


def set_state(draft: Draft, proposal_id: str, state: ProposalState) -> Draft:
    changed = tuple(replace(p, state=state) if p.id == proposal_id else p for p in draft.incident.proposals)
    return draft.set(proposals=changed)


def _change(draft: Draft, proposal: Proposal) -> Draft:
    changed = tuple(proposal if p.id == proposal.id else p for p in draft.incident.proposals)
    return draft.set(proposals=changed)


def still_fine(draft: Draft) -> Draft:
    """A look at the criteria: watch on, unless the impact is back (runbook §2.3)."""
    impact = draft.incident.findings.get(draft.playbook.impact_check or "")
    if impact and impact.status is Status.BAD:
        return is_back(draft, impact)
    return looking.look(draft, Purpose.CRITERIA)
