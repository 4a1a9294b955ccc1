"""The words of a mail to customers: which text, what it promises, and how people are shown it before they say yes."""

from datetime import datetime, timedelta

from incident.model.customers import CustomerRules, Letter, Moment, Stage, Template
from incident.model.incident import Incident, Phase, Proposal
from incident.model.language import objection
from incident.model.playbook import Approval
from incident.policy.draft import Draft
from incident.policy.texts import day_clock

SHOWN_KEYS = 10
"""Customers named in the thread; the others are counted."""
HURTING = (Phase.TRIAGE, Phase.MITIGATE)


def stage_of(incident: Incident) -> Stage:
    """What may be said of the impact in this phase."""
    if incident.phase in HURTING:
        return Stage.HURTING
    return Stage.STOPPED if incident.phase is Phase.RESOLVE else Stage.OVER


def written(draft: Draft, moment: Moment, to: tuple[str, ...], words: str) -> Letter:
    """The next version. `words` are a person's, instead of the runbook's; without either the text is empty."""
    rules, stage = draft.policy.customers, stage_of(draft.incident)
    if moment is Moment.LAST:
        stage = Stage.OVER
    template = rules.templates.get(f"{moment}/{stage}")
    promises = None if moment is Moment.LAST else _promise(rules, draft.now)
    body = words or _body(draft, template, stage)
    return Letter(
        version=draft.incident.customers.versions + 1,
        moment=moment,
        stage=stage,
        subject=template.subject if template else "About your service",
        text=_whole(rules, body, promises) if body else "",
        promises=promises,
        to=to,
    )


def _body(draft: Draft, template: Template | None, stage: Stage) -> str:
    """Without the playbook's plain sentence a mail would say nothing: then it is empty, and a person writes it."""
    now, was = draft.playbook.plainly, draft.playbook.plainly_past
    if template is None or not (now if stage is Stage.HURTING else was):
        return ""
    return template.text.format(affected=now, was=was)


def _promise(rules: CustomerRules, now: datetime) -> datetime:
    """On a whole minute, as it is written; never sooner than the rules say."""
    at = now + rules.next_update_after
    return (
        at if at == at.replace(second=0, microsecond=0) else at.replace(second=0, microsecond=0) + timedelta(minutes=1)
    )


def _whole(rules: CustomerRules, body: str, promises: datetime | None) -> str:
    parts = (body, rules.promise.format(at=day_clock(promises)) if promises else "", rules.signature)
    return "\n\n".join(part for part in parts if part)


def wrong_with(letter: Letter, rules: CustomerRules) -> str:
    """Why this must not be sent as it is; empty: it may, once somebody said yes."""
    if not letter.text:
        return 'it has no text yet: say customers {"text": "…"}'
    return objection(f"{letter.subject}\n{letter.text}", rules.vocabulary)


def wanted_yes(proposal: Proposal) -> str:
    """Whose yes it waits for, in words."""
    if proposal.approval is not Approval.TWO_PEOPLE:
        return "a yes of IC or comms"
    return f"a yes of somebody else than {proposal.proposed_by}" if proposal.proposed_by else "a yes of two people"


def whom(keys: tuple[str, ...]) -> str:
    """`2 customers (acme, globex)`."""
    shown = ", ".join(keys[:SHOWN_KEYS]) + (f" and {len(keys) - SHOWN_KEYS} more" if len(keys) > SHOWN_KEYS else "")
    return f"{len(keys)} customer{'s' if len(keys) != 1 else ''} ({shown})"


def preview(letter: Letter) -> tuple[str, ...]:
    """What is read before a yes: to whom, and every word of it."""
    text = "\n".join(f"> {line}" for line in letter.text.splitlines())
    return (f"*To:* {whom(letter.to)}", f"*Subject:* {letter.subject}", text or "_no text yet_")
