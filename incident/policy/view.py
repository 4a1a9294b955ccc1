"""An incident as people and scripts read it: the queries of design §5 and the Web UI's current details."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from incident.model.incident import Due, Incident, Proposal
from incident.model.refund import Refund
from incident.model.timeline import Entry, Kind
from incident.policy.resolution import Standing, standings, waiting_for
from incident.policy.situation import roles_in_words
from incident.policy.texts import agree, clock, command, finding_line, headline

MOST_DETAILS = 3500
"""Characters of current details: the Web UI carries them in an address (temporal-guide §2)."""


def status(incident: Incident, now: datetime) -> dict[str, Any]:
    """Where it stands. Instants are ISO 8601, UTC."""
    playbook = incident.playbook
    return {
        "id": incident.id,
        "alert": incident.alert.name,
        "summary": incident.alert.summary,
        "phase": incident.phase.value,
        "severity": incident.severity.value,
        "domain": playbook.domain if playbook else "",
        "owner": playbook.owner if playbook else "",
        "headline": headline(incident),
        "acked_by": incident.acked_by,
        "acked_how": incident.acked_how,
        "needs_human": incident.needs_human,
        "pages": incident.pages,
        "pages_delivered": incident.pages_delivered,
        "open_since": incident.opened_at.isoformat(),
        "waiting_for": list(waiting_for(incident, now)),
        "proposals": [_proposal(p) for p in incident.proposals],
        "findings": {name: f"{f.status}: {f.summary}" for name, f in incident.findings.items()},
        "roles": {role.value: who for role, who in incident.roles.items()},
        "thread": incident.thread,
        "roles_empty": [role.value for role in incident.empty_roles],
        "hypothesis": incident.hypothesis,
        "mitigated_at": _iso(incident.mitigated_at),
        "resolved_at": _iso(incident.resolved_at),
        "next_update_at": _iso(incident.due.get(Due.CADENCE)),
        "postmortem_due": _iso(incident.postmortem_due),
        "postmortem_url": incident.postmortem_url,
        "customers": _customers(incident),
        "status_page": _status_page(incident),
        "refunds": [_refund(refund) for refund in incident.refunds],
        "action_items": [asdict(item) for item in incident.action_items],
    }


def timeline(incident: Incident) -> list[dict[str, str]]:
    """Every line so far, oldest first; what has left for the disk stands as one."""
    left = f"{incident.archived} earlier lines are in the record on disk"
    earlier = (Entry(at=incident.opened_at, kind=Kind.RECORD, what=left),) if incident.archived else ()
    return [
        {"at": e.at.isoformat(), "kind": e.kind.value, "what": e.what, "because": e.because, "by": e.by, "who": e.who}
        for e in (*earlier, *incident.timeline)
    ]


def criteria(incident: Incident, now: datetime) -> list[dict[str, Any]]:
    """The criteria of runbook §2.3: `met` is true only where it was seen; `state` tells unknown from not met."""
    return [
        {"name": s.name.value, "met": bool(s.met), "state": _state(s), "evidence": s.evidence}
        for s in standings(incident, now)
    ]


def details(incident: Incident, now: datetime) -> str:
    """Markdown for the Web UI (CommonMark: no tables there)."""
    owner = f"{incident.acked_by} ({incident.acked_how})" if incident.acked_how else incident.acked_by or "nobody yet"
    waits = waiting_for(incident, now)
    sections = (
        f"### {headline(incident)} — {incident.phase}",
        f"**Owned by** {owner} · **pages** {incident.pages} · **open since** {clock(incident.opened_at)}",
        f"**Roles** {roles_in_words(incident)}" if incident.declared else "",
        _bullets("Waiting for", waits),
        _bullets("Resolves when all of these hold", [_tick(s) for s in standings(incident, now)]),
        _bullets("What the checks saw", [finding_line(f) for f in incident.findings.values()]),
        _commands(incident),
    )
    return "\n\n".join(s for s in sections if s)[:MOST_DETAILS]


def summary(incident: Incident) -> str:
    """One line for lists."""
    return f"{headline(incident)}: {incident.alert.summary or 'fires'}"


ALARMS = {
    Due.ACK: "somebody acknowledges, else page again and widen",
    Due.REPAGE: "page again while nobody has acknowledged",
    Due.RETRY: "call again whoever could not be reached",
    Due.NIGHT: "page when the night begins, if nobody has acknowledged",
    Due.CADENCE: "next update in the thread",
    Due.UPDATE_NEAR: "remind whoever owns the cadence that an update is near",
    Due.CARD: "bring the live card up to date",
    Due.ROLES: "every role is taken, else remind",
    Due.UNMITIGATED: "impact stops, else escalate",
    Due.QUIET: "the alert has stayed clear for one repeat_interval",
    Due.LOOK: "look at the world again",
    Due.LEVER: "the lever, or the automation, has helped",
    Due.POSTMORTEM: "postmortem due",
    Due.MISUNDERSTOOD: "tell how many more messages made no sense",
    Due.SLA_NEAR: "a paid customer is served, else warn that the SLA ends",
    Due.SLA: "a paid customer is served, else ask for mail and refund",
    Due.APPROVAL: "somebody decides on the plan, else it is made anew",
    Due.CUSTOMERS: "put the next mail to customers on the table",
    Due.PROMISE: "customers get the mail they were promised, else say that it is late",
    Due.MAIL_AGAIN: "try again to mail the customers who could not be reached",
    Due.RETURNED: "ask for somebody to reach customers whose mail came back meanwhile",
    Due.STATUS_PAGE: "try again to set the status page",
    Due.REFUND: "finance answers, else remind it",
    Due.RECORD: "write the record again: the disk did not take it",
}
"""What a timer waits for, as the Web UI shows it."""


def _commands(incident: Incident) -> str:
    lines = [] if incident.acked_by else [command(incident, "ack", by="you")]
    lines += [agree(incident, p) for p in incident.open_proposals]
    return "**Say it:**\n\n```\n" + "\n".join(lines) + "\n```" if lines else ""


def _bullets(title: str, lines: tuple[str, ...] | list[str]) -> str:
    return f"**{title}:**\n\n" + "\n".join(f"- {line}" for line in lines) if lines else ""


def _tick(standing: Standing) -> str:
    mark = {True: "✓", False: "✗", None: "?"}[standing.met]
    return f"{mark} {standing.name}: {standing.evidence}"


def _state(standing: Standing) -> str:
    return {True: "met", False: "not met", None: "unknown"}[standing.met]


def _customers(incident: Incident) -> dict[str, Any]:
    known = incident.customers
    return {
        "affected": known.how_many,
        "keys": list(known.affected),
        "written_to": len(known.written),
        "unreached": {key: fate.value for key, fate in known.unreached.items()},
        "promised_at": _iso(known.promised),
        "mails": [{"id": m.proposal, "kind": m.moment.value, "state": m.state.value} for m in known.letters],
    }


def _status_page(incident: Incident) -> dict[str, Any]:
    page = incident.status_page
    return {"says": page.shown.state.value if page.shown else "", "trouble": page.trouble}


def _refund(refund: Refund) -> dict[str, Any]:
    return {
        "proposal": refund.proposal,
        "customers": [one.key for one in refund.customers],
        "asked_at": refund.asked_at.isoformat(),
        "answer": refund.answer.value if refund.answer else "",
        "answered_at": _iso(refund.answered_at),
        "reference": refund.reference,
        "by": refund.by,
        "how": refund.how,
    }


def _proposal(proposal: Proposal) -> dict[str, Any]:
    return {
        "id": proposal.id,
        "aim": proposal.aim.value,
        "would": proposal.plan.would,
        "state": proposal.state.value,
        "approval": proposal.approval.value,
        "approved_by": list(proposal.approved_by),
        "yeses": [f"{yes.by}, {yes.how}" if yes.how else yes.by for yes in proposal.yeses],
        "needs": list(proposal.needs),
        "proposed_by": proposal.proposed_by,
    }


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
