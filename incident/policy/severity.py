"""Severity by impact: where it starts, and what each change re-plans (runbook §1)."""

from incident.model.alert import Alert
from incident.model.incident import Phase
from incident.model.playbook import Playbook
from incident.model.severity import Severity, from_label
from incident.model.timeline import Kind
from incident.policy import cadence, closing, escalation
from incident.policy.draft import Draft


def opening(alert: Alert, playbook: Playbook) -> Severity:
    """The runbook's; for an alert it does not know the label's; a bare name typed by hand is SEV-2 (design §5)."""
    if playbook.known:
        return playbook.severity
    label = alert.labels.get("severity")
    return from_label(label) if label is not None else Severity.SEV2


def change(draft: Draft, severity: Severity, *, why: str, by: str) -> Draft:
    """Up or down, by a person: page policy, cadence and postmortem duty follow."""
    before = draft.incident.severity
    draft = draft.set(severity=severity, severity_chosen=True)
    draft = draft.tell(Kind.SEVERITY, f"{before} → {severity}", because=why, by=by)
    raised = severity < before
    draft = escalation.plan(draft, f"raised to {severity}: {why}") if raised else escalation.ease(draft)
    draft = cadence.keep(draft)
    draft = cadence.post(draft, f"now {severity} (was {before})", f"*Why:* {why}", cadence.next_update(draft))
    return _resolved_already(draft, by=by) if draft.incident.phase is Phase.POSTMORTEM else draft


def _resolved_already(draft: Draft, *, by: str) -> Draft:
    """What the severity it has now owes after the end."""
    if not draft.policy.rule(draft.incident.severity).postmortem:
        return closing.without_postmortem(draft, by=by)
    return draft if draft.incident.postmortem_due else closing.owes_postmortem(draft)
