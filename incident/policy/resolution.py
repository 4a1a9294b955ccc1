"""When an incident is resolved: only when all four criteria of runbook §2.3 hold."""

from dataclasses import dataclass
from datetime import datetime

from incident.model.finding import Finding, Status
from incident.model.incident import Attestation, Criterion, Incident, Phase, ProposalState
from incident.model.playbook import Approval
from incident.model.refund import Refund
from incident.policy.texts import clock, day_clock


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where one criterion stands. `met` None: it cannot be seen, which is not met."""

    name: Criterion
    met: bool | None
    evidence: str


def standings(incident: Incident, now: datetime) -> tuple[Standing, ...]:
    """All four, in the runbook's order; a fifth where finance was asked (runbook §3.1)."""
    four = (_alert_clear(incident, now), _impact_gone(incident), _data_reconciled(incident), _durable(incident))
    return (*four, _refund(incident)) if incident.refunds else four


def missing(incident: Incident, now: datetime) -> tuple[Standing, ...]:
    return tuple(s for s in standings(incident, now) if not s.met)


def believed(incident: Incident, now: datetime) -> dict[Criterion, Attestation]:
    """People's words that nothing has contradicted: what was seen later counts, and a word once refuted is gone."""
    refuted = {s.name for s in standings(incident, now) if s.met is False}
    return {name: word for name, word in incident.attested.items() if name not in refuted}


def waiting_for(incident: Incident, now: datetime) -> tuple[str, ...]:
    """What would move this incident on, in plain words; people first."""
    match incident.phase:
        case Phase.CLOSED:
            return ()
        case Phase.POSTMORTEM:
            due = incident.postmortem_due
            owed = f"the postmortem to be published, due {day_clock(due)}" if due else "the last mail to customers"
            return (*_people(incident), owed)
        case Phase.RESOLVE:
            return (*_people(incident), *(f"{s.name}: {s.evidence}" for s in missing(incident, now)))
        case Phase.TRIAGE | Phase.MITIGATE:
            return (*_people(incident), *_world(incident))


def _people(incident: Incident) -> tuple[str, ...]:
    ack = () if incident.acked_by else ("someone to ack",)
    plans = tuple(
        f"someone to carry out {p.id} by hand" if p.approval is Approval.MANUAL else f"a yes or no to {p.id}"
        for p in incident.open_proposals
    )
    unreached = incident.customers.unreached
    calls = (f"someone to reach {', '.join(sorted(unreached)[:5])}: a mail did not",) if unreached else ()
    words = ('words for the next mail: customers {"text": "…"}',) if incident.customers.wanted_text else ()
    return (*ack, *plans, *calls, *words)


def _world(incident: Incident) -> tuple[str, ...]:
    if incident.playbook is None:
        return ("the runbook to be consulted",)
    impact = incident.findings.get(incident.playbook.impact_check or "")
    if incident.playbook.impact_check is None:
        return ("the alert to clear, or someone to say mitigated",)
    if impact is None:
        return (f"the first answer of {incident.playbook.impact_check}",)
    if impact.status is Status.OK:
        return ("the alert to clear: from here nothing is wrong",)
    if any(p.state is ProposalState.APPLIED for p in incident.proposals):
        return (f"{impact.check} to turn green after the lever",)
    automation = incident.findings.get(incident.playbook.automation_check or "")
    if automation and automation.acting:
        return (f"{automation.check}: {automation.summary}",)
    return (f"{impact.check} to turn green",)


def _alert_clear(incident: Incident, now: datetime) -> Standing:
    """The firing alert has cleared and stays clear through one repeat_interval."""
    if incident.firing:
        return Standing(name=Criterion.ALERT_CLEAR, met=False, evidence="the alert still fires")
    attested = _attested(incident, Criterion.ALERT_CLEAR)
    if attested:
        return attested
    if incident.cleared_at is None or incident.policy is None:
        return Standing(name=Criterion.ALERT_CLEAR, met=None, evidence="nobody has told that it cleared")
    holds_at = incident.cleared_at + incident.policy.repeat_interval
    since = f"clear since {clock(incident.cleared_at)}"
    met = now >= holds_at
    return Standing(
        name=Criterion.ALERT_CLEAR, met=met, evidence=since if met else f"{since}, counts from {clock(holds_at)}"
    )


def _impact_gone(incident: Incident) -> Standing:
    """Customer-facing impact is gone: the journey was re-run, several times in a row."""
    playbook = incident.playbook
    journey = playbook and (playbook.journey_check or playbook.impact_check)
    impact = incident.findings.get(playbook.impact_check or "") if playbook else None
    if impact and impact.status is Status.BAD:
        return _from_check(incident, Criterion.IMPACT_GONE, impact)
    return _from_check(incident, Criterion.IMPACT_GONE, incident.findings.get(journey or ""))


def _data_reconciled(incident: Incident) -> Standing:
    """No stuck job, no overspent UTXO, no backlog of billing webhooks."""
    check = incident.playbook.data_check if incident.playbook else None
    return _from_check(incident, Criterion.DATA_RECONCILED, incident.findings.get(check or ""))


def _durable(incident: Incident) -> Standing:
    """The mitigation is durable, or a follow-up to make it so is filed."""
    attested = _attested(incident, Criterion.DURABLE)
    if attested:
        return attested
    if len(incident.action_items) > incident.items_before:
        filed = incident.action_items[-1]
        return Standing(name=Criterion.DURABLE, met=True, evidence=f"follow-up filed by {filed.by}: {filed.what}")
    return Standing(name=Criterion.DURABLE, met=False, evidence="needs `confirm` by a person, or an `action_item`")


def _refund(incident: Incident) -> Standing:
    """A customer who waited past the SLA got their money back, or an answer why not (runbook §3.1)."""
    waiting = [refund.proposal for refund in incident.refunds if refund.answer is None]
    if waiting:
        return Standing(name=Criterion.REFUND, met=False, evidence=f"finance has not answered {', '.join(waiting)}")
    return Standing(name=Criterion.REFUND, met=True, evidence="; ".join(map(_answer, incident.refunds[-5:])))


def _answer(refund: Refund) -> str:
    """`refund_path-1 refunded by fin (verified by slack) at 12:40 UTC, INV-12`: what the record keeps of it."""
    how = f" ({refund.how})" if refund.how else ""
    at = f" at {day_clock(refund.answered_at)}" if refund.answered_at else ""
    reference = f", {refund.reference}" if refund.reference else ""
    return f"{refund.proposal} {refund.answer} by {refund.by}{how}{at}{reference}"


def _from_check(incident: Incident, name: Criterion, finding: Finding | None) -> Standing:
    """A check speaks, unless a person attested later than it looked: what was seen last counts."""
    attested = _attested(incident, name)
    if attested and not (finding and finding.status is Status.BAD and finding.at > incident.attested[name].at):
        return attested
    if finding is None:
        return Standing(name=name, met=None, evidence="not seen yet: a check, or a person's `confirm`")
    met = {Status.OK: True, Status.BAD: False, Status.UNKNOWN: None}[finding.status]
    return Standing(name=name, met=met, evidence=f"{finding.check}: {finding.summary}")


def _attested(incident: Incident, name: Criterion) -> Standing | None:
    word = incident.attested.get(name)
    return Standing(name=name, met=True, evidence=f"confirmed by {word.by}: {word.evidence}") if word else None
