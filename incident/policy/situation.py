"""How it stands, in the lines every update and every hand-over tells (runbook §7).

Who has it, impact, hypothesis, what is being done, what it waits for, next update.

There is no line for a root cause: nobody promises one before the postmortem (runbook §7).
"""

import hashlib

from incident.model.finding import Finding
from incident.model.incident import Due, Incident, Phase, ProposalState
from incident.policy import resolution
from incident.policy.draft import Draft
from incident.policy.texts import clock, finding_line

AT_WORK = {
    ProposalState.APPROVED: "{} is at work",
    ProposalState.APPLIED: "{} was pulled, and is watched",
    ProposalState.WITH_PEOPLE: "people carry out {}",
}


def lines(draft: Draft) -> tuple[str, ...]:
    """What is known now, and honestly what is not."""
    impact = _impact(draft)
    return (
        *_who(draft.incident),
        f"*Impact:* {finding_line(impact) if impact else draft.playbook.means}",
        *_course(draft),
        next_update(draft),
    )


def mark(draft: Draft) -> str:
    """The same for two situations that tell the same. A check's choice of words is no news, nor is the next instant."""
    incident, impact = draft.incident, _impact(draft)
    tells = (incident.severity, *_who(incident), impact.state if impact else "", *_course(draft))
    return hashlib.sha256("\n".join(tells).encode()).hexdigest()[:16]


def next_update(draft: Draft) -> str:
    at = draft.incident.due.get(Due.CADENCE)
    return f"*Next update:* {clock(at)}" if at else "*Next update:* at resolution"


def roles_line(incident: Incident) -> str:
    """`*Roles:* IC ana · scribe nobody yet`; nothing where a single responder is all there is."""
    several = len(incident.declared) > 1 or len(incident.roles) > 1
    return f"*Roles:* {roles_in_words(incident)}" if several else ""


def roles_in_words(incident: Incident) -> str:
    """`IC ana · scribe nobody yet`: the wanted ones first, then whatever else people took."""
    shown = dict.fromkeys((*incident.declared, *incident.roles))
    return " · ".join(f"{role.called} {incident.roles.get(role) or 'nobody yet'}" for role in shown)


def being_done(incident: Incident) -> str:
    """What is under way, in one line; that nothing is, where nothing is."""
    at_work = [AT_WORK[p.state].format(p.id) for p in incident.proposals if p.state in AT_WORK]
    acting = [f"{f.check}: an automation is at work" for f in incident.findings.values() if f.acting]
    planned = [f"{incident.planning} is being planned"] if incident.planning else []
    return "; ".join((*at_work, *acting, *planned)) or _by_people(incident)


IN_THE_END = {
    Phase.RESOLVE: "watching whether all four criteria hold",
    Phase.POSTMORTEM: "the postmortem is being written",
    Phase.CLOSED: "nothing any more: it is over",
}


def _by_people(incident: Incident) -> str:
    if incident.phase in IN_THE_END:
        return IN_THE_END[incident.phase]
    return f"{incident.lead} looks into it" if incident.lead else "nothing yet: nobody has it"


def _who(incident: Incident) -> tuple[str, ...]:
    owned = f"*Phase:* {incident.phase} · *Owned by:* {incident.acked_by or 'nobody yet'}"
    return tuple(filter(None, (owned, roles_line(incident))))


def _course(draft: Draft) -> tuple[str, ...]:
    incident = draft.incident
    return (
        f"*Hypothesis:* {incident.hypothesis or 'none yet'}",
        f"*Being done:* {being_done(incident)}",
        *[f"*Waiting for:* {what}" for what in resolution.waiting_for(incident, draft.now)],
    )


def _impact(draft: Draft) -> Finding | None:
    return draft.incident.findings.get(draft.playbook.impact_check or "")
