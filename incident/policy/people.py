"""What people say: what is refused and why, what it changes, what they are answered (design §5).

`refusal` is the one rule book: an update's validator asks it before, a signal asks it on arrival.
"""

from collections.abc import Callable
from typing import Any

from incident.model.identity import Voice
from incident.model.incident import ActionItem, Aim, Attestation, Criterion, Incident, Phase, Proposal
from incident.model.messages import (
    Ack,
    AnswerRefund,
    Approve,
    Assign,
    Confirm,
    Escalate,
    FileActionItem,
    Message,
    Mitigated,
    Note,
    Postmortem,
    Reject,
    Resolve,
    SetSeverity,
    Take,
    TellCustomers,
    Unack,
)
from incident.model.timeline import Kind
from incident.policy import (
    approvals,
    closing,
    consent,
    customers,
    escalation,
    mitigation,
    refund,
    roles,
    severity,
)
from incident.policy.draft import Draft
from incident.policy.lifecycle import Turn, may
from incident.policy.resolution import missing

MOST_ITEMS = 200
"""Follow-ups one incident takes: more is a backlog, and belongs in a tracker."""


def refusal(  # noqa: C901, PLR0912 - one row per rule: a table
    incident: Incident, message: Message, voice: Voice | None = None
) -> str:
    """Why this cannot be done now; empty: it can. `voice`: whose word it is; None: the message's own claim."""
    if incident.phase is Phase.CLOSED:
        return f"{incident.id} is closed"
    match message:
        case Approve():
            return _no_proposal(incident, message, voice or Voice(by=message.by))
        case Take() | Assign():
            return roles.refusal(incident, message)
        case Unack():
            return _not_owned(incident)
        case Escalate():
            return escalation.no_escalation(incident)
        case SetSeverity() if message.severity is incident.severity:
            return f"{incident.id} is {incident.severity} already"
        case Mitigated() if not may(incident.phase, Turn.IMPACT_STOPPED):
            return f"{incident.id} is in phase {incident.phase}: its impact has stopped already"
        case Resolve() | Confirm() if incident.phase is Phase.POSTMORTEM:
            return f"{incident.id} is resolved already; what it waits for is the postmortem"
        case Confirm() if message.criterion is Criterion.ALERT_CLEAR and incident.firing:
            return 'the alert still fires; if it does not, say `alert` with "resolved"'
        case Confirm() if message.criterion is Criterion.REFUND:
            return "finance answers that with `refund`"
        case TellCustomers():
            return customers.refusal(incident, message)
        case AnswerRefund():
            return refund.refusal(incident, message, voice or Voice(by=message.by))
        case Postmortem() | SetSeverity() if _owes_customers(incident, message):
            return _owes_customers(incident, message)
        case Postmortem() if incident.phase is not Phase.POSTMORTEM:
            return f"{incident.id} is in phase {incident.phase}: the postmortem comes once it is resolved"
        case FileActionItem() if len(incident.action_items) >= MOST_ITEMS:
            return f"{incident.id} has {MOST_ITEMS} action items already: file it in your tracker"
    return ""


def _not_owned(incident: Incident) -> str:
    if incident.phase is Phase.POSTMORTEM:
        return f"{incident.id} is resolved already"
    return "" if incident.acked_by else f"nobody has acknowledged {incident.id}"


def _no_proposal(incident: Incident, message: Approve, voice: Voice) -> str:
    found = _meant(incident, message)
    if found is None:
        return _which(incident, message.proposal)
    unfit = "" if isinstance(message, Reject) else consent.unfit(incident, found)
    return approvals.refusal(incident, found, message, voice) or unfit


def _owes_customers(incident: Incident, message: Postmortem | SetSeverity) -> str:
    """The last mail is decided on before the incident closes: after that nobody would ask for it."""
    letter, policy = incident.customers.open_letter, incident.policy
    if incident.phase is not Phase.POSTMORTEM or letter is None or policy is None:
        return ""
    if isinstance(message, SetSeverity) and policy.rule(message.severity).postmortem:
        return ""
    return f"{letter.proposal} tells customers that it is over: approve or reject it first"


def _which(incident: Incident, proposal: str) -> str:
    opened = ", ".join(p.id for p in incident.open_proposals)
    if not opened:
        return "there is no open proposal" if not proposal else f"{proposal} is not open, nor is any other"
    return f"{proposal} is not open; open: {opened}" if proposal else f"which one? Open: {opened}"


def _meant(incident: Incident, message: Approve) -> Proposal | None:
    """The one that is named, or the only lever there is, or the only one at all: what goes outside has to be named."""
    opened = incident.open_proposals
    if message.proposal:
        return next((p for p in opened if p.id == message.proposal), None)
    likely = [p for p in opened if p.aim is Aim.LEVER] or opened
    return likely[0] if len(likely) == 1 else None


def said(draft: Draft, message: Message) -> Draft:
    """What a message changes. Ask `refusal` first: what it refuses, this would not understand."""
    return SAYINGS[type(message)](draft, message)


def _is_theirs(incident: Incident, message: Ack) -> bool:
    """A thumb that pressed twice is one ack; two who gave no name may be two."""
    return incident.acked_by != Ack().by and approvals.same(message.by, incident.acked_by)


def _ack(draft: Draft, message: Ack) -> Draft:
    incident = draft.incident
    if _is_theirs(incident, message):
        return draft
    if incident.acked_by:
        return draft.tell(Kind.PERSON, f"{message.by} is on it too", by=message.by)
    how = draft.voice.how if draft.voice else ""
    draft = escalation.acked(draft.set(acked_by=message.by, acked_at=draft.now, acked_how=how))
    return draft.tell(Kind.PERSON, f"{message.by} acknowledged", by=message.by)


def _resolve(draft: Draft, message: Resolve) -> Draft:
    draft = draft.set(resolve_asked_by=message.by, resolve_note=message.note)
    lacking = ", ".join(s.name for s in missing(draft.incident, draft.now))
    because = "; ".join(filter(None, (message.note, f"remembered, still missing: {lacking}" if lacking else "")))
    return draft.tell(Kind.PERSON, f"{message.by} asks to resolve", because=because, by=message.by)


def _note(draft: Draft, message: Note) -> Draft:
    guess = message.guess
    if message.text != guess:
        draft = draft.tell(Kind.PERSON, message.text, by=message.by)
    if not guess:
        return draft
    draft = draft.set(hypothesis=guess, hypothesis_at=draft.now)
    return draft.tell(Kind.PERSON, f"hypothesis: {guess}", by=message.by)


def _severity(draft: Draft, message: SetSeverity) -> Draft:
    return severity.change(draft, message.severity, why=message.why, by=message.by)


def _assign(draft: Draft, message: Assign) -> Draft:
    draft = roles.given(draft, message.role, message.to, by=message.by)
    return escalation.handed(draft, message.to, by=message.by) if message.role.leads else draft


def _take(draft: Draft, message: Take) -> Draft:
    """Whoever takes the lead has it: that is an ack too, and the pager stops (runbook §2.1)."""
    unowned = not draft.incident.acked_by
    draft = roles.given(draft, message.role, message.by, by=message.by)
    return _ack(draft, Ack(by=message.by)) if unowned and message.role.leads else draft


def _approve(draft: Draft, message: Approve) -> Draft:
    found = _meant(draft.incident, message)
    return consent.approved(draft, found, by=message.by, why=message.why) if found else draft


def _reject(draft: Draft, message: Reject) -> Draft:
    found = _meant(draft.incident, message)
    return consent.rejected(draft, found, by=message.by, why=message.why) if found else draft


def _mitigated(draft: Draft, message: Mitigated) -> Draft:
    how = message.how or f"{message.by} did not say"
    return mitigation.mitigated(draft, how=how, because=f"{message.by} says so", by=message.by)


def _confirm(draft: Draft, message: Confirm) -> Draft:
    """A person's word, with who and why in the record. A check that later sees otherwise overrides it."""
    word = Attestation(by=message.by, evidence=message.evidence, at=draft.now)
    draft = draft.set(attested={**draft.incident.attested, message.criterion: word})
    draft = draft.tell(
        Kind.CRITERION, f"{message.by} confirms {message.criterion}", because=message.evidence, by=message.by
    )
    stopped = message.criterion is Criterion.IMPACT_GONE and may(draft.incident.phase, Turn.IMPACT_STOPPED)
    return mitigation.mitigated(draft, how=message.evidence, because="", by=message.by) if stopped else draft


def _postmortem(draft: Draft, message: Postmortem) -> Draft:
    return closing.published(draft, message.url, by=message.by)


def _action_item(draft: Draft, message: FileActionItem) -> Draft:
    item = ActionItem(what=message.what, owner=message.owner, due=message.due, url=message.url, by=message.by)
    draft = draft.set(action_items=(*draft.incident.action_items, item))
    owner = f", owner {item.owner}" if item.owner else ""
    return draft.tell(Kind.PERSON, f"follow-up filed: {item.what}{owner}", by=message.by)


SAYINGS: dict[type[Message], Callable[[Draft, Any], Draft]] = {
    Ack: _ack,
    Unack: escalation.unowned,
    Escalate: escalation.asked,
    Resolve: _resolve,
    Note: _note,
    SetSeverity: _severity,
    Assign: _assign,
    Take: _take,
    Approve: _approve,
    Reject: _reject,
    Mitigated: _mitigated,
    Confirm: _confirm,
    Postmortem: _postmortem,
    FileActionItem: _action_item,
    TellCustomers: customers.told,
    AnswerRefund: refund.answered,
}


def answer(before: Incident, after: Incident, message: Message) -> str:
    """What the sender of an update is told."""
    if isinstance(message, Ack):
        if _is_theirs(before, message):
            return f"yes: {after.id} is yours already"
        return f"yes: {after.id} is yours" if not before.acked_by else f"yes; {before.acked_by} has it too"
    if isinstance(message, Resolve) and after.phase not in (Phase.POSTMORTEM, Phase.CLOSED):
        return f"remembered; {after.id} resolves by itself once these hold: {_lacking(after)}"
    if before.phase is not after.phase:
        return f"yes: {after.id} is now in phase {after.phase}"
    fresh = after.timeline[len(before.timeline) - (after.archived - before.archived) :]
    return f"yes: {fresh[0].what}" if fresh else "yes"  # the first line is what they asked for; others follow from it


def _lacking(incident: Incident) -> str:
    now = incident.timeline[-1].at
    return "; ".join(f"{s.name} ({s.evidence})" for s in missing(incident, now))
