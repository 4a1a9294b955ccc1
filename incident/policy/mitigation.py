"""Is it real, does it hurt, is somebody's automation already at work, has it stopped (runbook §2.2, §3.2)."""

from incident.model.effects import Purpose
from incident.model.finding import Finding, Status
from incident.model.incident import Aim, Criterion, Due, Incident, Phase, ProposalState
from incident.model.timeline import Kind
from incident.policy import cadence, escalation, levers, looking
from incident.policy.draft import Draft
from incident.policy.levers import live, set_state
from incident.policy.lifecycle import Turn, turned
from incident.policy.texts import clock, command

WORKED = (ProposalState.APPLIED, ProposalState.VERIFIED)


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
    if live(incident, ProposalState.APPROVED):
        return looking.look(draft, Purpose.HOLD)  # a lever is at work: what it says of its subject comes first
    automation = incident.findings.get(draft.playbook.automation_check or "")
    if incident.phase is Phase.MITIGATE or (automation and automation.healed):
        return mitigated(draft, how=_what_helped(incident, automation), because=f"{impact.check}: {impact.summary}")
    if not incident.firing:
        return mitigated(draft, how="it recovered before we looked", because=f"alert cleared, {impact.summary}")
    return _not_confirmed_from_here(draft, impact)


def _not_confirmed_from_here(draft: Draft, impact: Finding) -> Draft:
    what = "not confirmed from here: maybe one flaky vantage"
    since = draft.incident.impact_since or draft.incident.opened_at
    if not any(e.what == what and e.at >= since for e in draft.incident.timeline):
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
    since = incident.impact_since or incident.opened_at
    worked = [p for p in incident.proposals if p.state in WORKED and p.applied_at and p.applied_at >= since]
    if worked:
        return ", ".join(f"{p.id} (approved by {', '.join(p.approved_by) or 'the runbook'})" for p in worked[-5:])
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
        if proposal.state in ends and proposal.aim is Aim.LEVER:
            draft = set_state(draft, proposal.id, ends[proposal.state])
            draft = draft.tell(Kind.LEVER, f"{proposal.id} {ends[proposal.state]}", because="customer impact stopped")
    return draft


def hurts(draft: Draft, impact: Finding) -> Draft:
    """Customers are hurt: hold back for an automation at work, else the next lever."""
    draft = turned(draft, Turn.IMPACT_SEEN, because=f"{impact.check}: {impact.summary}")
    if live(draft.incident, ProposalState.APPLIED):
        return _after_lever(draft)
    automation = draft.incident.findings.get(draft.playbook.automation_check or "")
    if automation and (automation.acting or automation.healed) and _may_still_help(draft):
        return _hold(draft, automation)
    return levers.next_lever(draft)


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
        handed_over=(),
        held_back=(),
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
        if proposal.aim is not Aim.LEVER:
            continue
        draft = set_state(draft, proposal.id, ProposalState.WITHDRAWN)
        draft = draft.tell(Kind.LEVER, f"{proposal.id} withdrawn", because=f"{automation.check} is at work")
    return looking.look(draft.set(planning=""), Purpose.HOLD)


def _after_lever(draft: Draft) -> Draft:
    """A lever was pulled and the impact is still there: wait for it, unless its work has visibly failed."""
    automation = draft.incident.findings.get(draft.playbook.automation_check or "")
    applied = live(draft.incident, ProposalState.APPLIED)
    failed_since = automation and automation.status is Status.BAD and applied and applied.applied_at
    if automation and failed_since and automation.at >= failed_since:
        return levers.did_not_help(draft, automation.summary)
    return looking.look(draft, Purpose.VERIFY)


def still_fine(draft: Draft) -> Draft:
    """A look at the criteria: watch on, unless the impact is back (runbook §2.3)."""
    impact = draft.incident.findings.get(draft.playbook.impact_check or "")
    if impact and impact.status is Status.BAD:
        return is_back(draft, impact)
    return looking.look(draft, Purpose.CRITERIA)
