"""The decider: what an event means for an incident, and what to do about it.

How to think about it. An incident is a value. Something happens: an alert, a person's word, a deadline, the outcome of
something we did. `decide` takes both and the instant, and answers with the next incident and the effects to ask of the
world. It reads no clock, touches nothing, and never raises on anything the outside can send: what makes no sense is one
more thing that happened. Each rule below lives in the module of its subject; this file only says which rule an event
wakes. After each event the criteria are looked at (`closing.settle`), so an incident resolves at the very moment the
last one holds, whatever brought it.

Before the runbook has been consulted there is no playbook to decide by: the shell keeps everything but `Consulted`
waiting until then.
"""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from incident.model.effects import ConsultRunbook, Purpose, RecordKind
from incident.model.events import AlertTold, AlreadyPaged, CameDue, Continuing, Declared, Event, NotUnderstood, Said
from incident.model.finding import Finding
from incident.model.incident import Due, Incident, Phase
from incident.model.outcomes import (
    Briefed,
    CardFailed,
    CardShown,
    Consulted,
    CustomersMailed,
    LeverApplied,
    LeverPlanFailed,
    LeverPlanned,
    Looked,
    LookFailed,
    Outcome,
    Paged,
    PageFailed,
    Posted,
    PostFailed,
    Recorded,
    RecordFailed,
    Settled,
    SettleFailed,
    StatusPageNotSet,
    StatusPageSet,
)
from incident.model.timeline import Kind
from incident.policy import (
    alerts,
    approvals,
    archive,
    arrival,
    cadence,
    calling_again,
    card,
    closing,
    customers,
    escalation,
    identity,
    lapsing,
    levers,
    looking,
    mailing,
    mitigation,
    opening,
    outside,
    people,
    refund,
    returned,
    roles,
    second_path,
    settling,
    sla,
    status_page,
)
from incident.policy.draft import Decision, Draft


def decide(incident: Incident, event: Event, now: datetime) -> Decision:
    """The next incident, and what to ask of the world. `now` is aware UTC."""
    draft = _decide(Draft(incident, now), event)
    if draft.incident.policy is not None:
        draft = approvals.watch(outside.settle(roles.settle(closing.settle(draft))))
        draft = archive.slim(card.settle(settling.tell_keepers(draft, incident, event)), incident)
    return Decision(incident=draft.incident, effects=draft.effects, because=_reasons(incident, draft.incident))


def _reasons(before: Incident, after: Incident) -> str:
    """Why: what the new lines of the timeline say, once each."""
    left = after.archived - before.archived
    fresh = after.timeline[len(before.timeline) - left :]
    return "; ".join(dict.fromkeys(entry.because for entry in fresh if entry.because))


def _decide(draft: Draft, event: Event) -> Draft:
    match event:
        case Declared():
            return _declared(draft, event)
        case Consulted() if draft.incident.policy is None:
            return opening.begin(draft.set(playbook=event.playbook, policy=event.policy))
        case NotUnderstood():
            return _not_understood(draft, event.signal, f"{event.why}; expected {event.expected}")
        case _ if draft.incident.policy is None:
            return draft
        case AlertTold():
            return alerts.told(draft, event.alert)
        case AlreadyPaged():
            return second_path.heard(draft, event.pages)
        case Said():
            return _said(draft, event)
        case Continuing():
            return archive.record(draft, RecordKind.CONTINUED)
        case CameDue():
            return _came_due(draft.not_due(event.what), event.what)
        case _:
            return _came_back(draft, event)


def _declared(draft: Draft, event: Declared) -> Draft:
    draft = opening.declare(draft, event.severity)
    if event.playbook and event.policy:
        return opening.begin(draft.set(playbook=event.playbook, policy=event.policy))
    incident = draft.incident
    return draft.do(ConsultRunbook(alert=incident.alert, key=f"{incident.key}/consult"))


def _said(draft: Draft, event: Said) -> Draft:
    draft = identity.used(replace(draft, voice=event.spoken), event.spoken)
    refused = people.refusal(draft.incident, event.message, event.spoken)
    if refused:
        return _not_understood(draft, type(event.message).__name__, refused, by=event.message.by)
    return people.said(draft, event.message)


def _not_understood(draft: Draft, signal: str, why: str, by: str = "someone") -> Draft:
    """On the timeline at once; in the chat at most once a minute, with a count (design §5)."""
    draft = draft.tell(Kind.REFUSED, f"{signal} was refused", because=why, by=by)
    if draft.incident.policy is None or draft.incident.phase is Phase.CLOSED:
        return draft
    if Due.MISUNDERSTOOD in draft.incident.due:
        return draft.set(misunderstood=draft.incident.misunderstood + 1)
    draft = draft.due(Due.MISUNDERSTOOD, draft.now + draft.policy.misunderstood_post_every)
    return cadence.post(draft, f"{signal} was refused", why)


def _more_misunderstood(draft: Draft) -> Draft:
    count = draft.incident.misunderstood
    if not count:
        return draft
    draft = draft.set(misunderstood=0).due(Due.MISUNDERSTOOD, draft.now + draft.policy.misunderstood_post_every)
    return cadence.post(draft, f"{count} more messages were refused", "The timeline says which, and why.")


def _came_due(draft: Draft, what: Due) -> Draft:  # noqa: C901, PLR0912 - one row per deadline: a table, read at a glance
    match what:
        case Due.ACK:
            return escalation.unacked(draft)
        case Due.REPAGE:
            return escalation.repage(draft)
        case Due.RETRY:
            return calling_again.call_again(draft)
        case Due.NIGHT:
            return escalation.night_fell(draft)
        case Due.CADENCE | Due.CARD | Due.UPDATE_NEAR | Due.ROLES:
            return _thread_due(draft, what)
        case Due.UNMITIGATED:
            return escalation.unmitigated(draft)
        case Due.QUIET:
            return draft
        case Due.LOOK:
            return looking.look(draft, _purpose(draft), fresh=True)
        case Due.LEVER:
            return levers.overdue(draft)
        case Due.POSTMORTEM:
            return closing.postmortem_overdue(draft)
        case Due.MISUNDERSTOOD:
            return _more_misunderstood(draft)
        case Due.SLA_NEAR:
            return sla.near(draft)
        case Due.SLA:
            return sla.passed(draft)
        case Due.APPROVAL:
            return lapsing.lapse(draft)
        case Due.CUSTOMERS:
            return draft  # what is owed now, `outside.settle` works out
        case Due.PROMISE:
            return customers.late(draft)
        case Due.MAIL_AGAIN:
            return mailing.again(draft)
        case Due.RETURNED:
            return returned.ask(draft)
        case Due.STATUS_PAGE:
            return status_page.again(draft)
        case Due.REFUND:
            return refund.remind(draft)
        case Due.RECORD:
            return archive.again(draft)
    assert_never(what)


def _thread_due(draft: Draft, what: Due) -> Draft:
    """What the thread hears by itself."""
    match what:
        case Due.CARD:
            return card.came_due(draft)
        case Due.UPDATE_NEAR:
            return cadence.remind(draft)
        case Due.ROLES:
            return roles.remind(draft)
    return status_page.at_cadence(_update_unless_over(draft))


def _update_unless_over(draft: Draft) -> Draft:
    """At the instant it resolves, the news is that it is resolved."""
    settled = closing.settle(draft)
    return settled if settled.incident.phase is not draft.incident.phase else cadence.update(draft)


def _came_back(draft: Draft, event: Outcome) -> Draft:  # noqa: C901 - one row per outcome: a table
    match event:
        case Paged():
            return opening.brief(arrival.paged(draft, event))
        case PageFailed():
            return opening.brief(arrival.not_paged(draft, event))
        case Briefed() | Looked() | LookFailed():
            return _saw(draft, event)
        case LeverPlanned() | LeverPlanFailed() | LeverApplied():
            return _lever(draft, event)
        case PostFailed():
            return _not_posted(draft, event.why)
        case Settled() | SettleFailed():
            return settling.settled(draft, event)
        case CardShown() | CardFailed():
            return _card(draft, event)
        case Posted() | Consulted():
            return draft
        case Recorded() | RecordFailed():
            return archive.recorded(draft, event)
        case CustomersMailed():
            return mailing.mailed(draft, event)
        case StatusPageSet() | StatusPageNotSet():
            return status_page.came_back(draft, event)
    assert_never(event)


def _saw(draft: Draft, event: Briefed | Looked | LookFailed) -> Draft:
    if isinstance(event, Briefed):
        draft = _not_posted(draft, event.not_posted) if event.not_posted else draft.tell(Kind.POST, "thread opened")
        draft = card.opened(draft, event)
        return _looked(draft, event.number, event.findings, confirmed=False) if event.number else draft
    if isinstance(event, Looked):
        return _looked(draft, event.number, event.findings, confirmed=event.purpose is not Purpose.TRIAGE)
    if not looking.is_current(draft, event.number):
        return draft
    draft = draft.set(looking=0).due(Due.LOOK, draft.now + draft.policy.probe_every)
    return draft.tell(Kind.CHECK, "looking at the world failed, and will be tried again", because=event.why)


def _card(draft: Draft, event: CardShown | CardFailed) -> Draft:
    draft = _not_posted(draft, event.why) if isinstance(event, CardFailed) else draft
    return card.shown(draft, event)


def _looked(draft: Draft, number: int, findings: tuple[Finding, ...], *, confirmed: bool) -> Draft:
    if not looking.is_current(draft, number):
        return draft
    draft = sla.watch(looking.seen(draft.set(looking=0), findings))
    match draft.incident.phase:
        case Phase.TRIAGE | Phase.MITIGATE:
            return mitigation.react(draft, confirmed=confirmed)
        case Phase.RESOLVE:
            return mitigation.still_fine(draft)
        case Phase.POSTMORTEM | Phase.CLOSED:
            return draft


def _purpose(draft: Draft) -> Purpose:
    """What a look is for, in this phase."""
    match draft.incident.phase:
        case Phase.TRIAGE:
            return Purpose.TRIAGE if not draft.incident.findings else Purpose.HOLD
        case Phase.MITIGATE:
            return Purpose.HOLD
        case Phase.RESOLVE | Phase.POSTMORTEM | Phase.CLOSED:
            return Purpose.CRITERIA


def _lever(draft: Draft, event: LeverPlanned | LeverPlanFailed | LeverApplied) -> Draft:
    match event:
        case LeverPlanned():
            return levers.planned(draft, (event.plan, *event.more))
        case LeverPlanFailed():
            return levers.plan_failed(draft, event.lever, event.why)
        case LeverApplied():
            return levers.reported(draft, event.proposal, event.report)


def _not_posted(draft: Draft, why: str) -> Draft:
    """Said once while it lasts: an incident whose chat is down has better things to tell."""
    posts = [entry for entry in draft.incident.timeline if entry.kind is Kind.POST]
    if posts and posts[-1].because == why:
        return draft
    return draft.tell(Kind.POST, "could not post in the thread", because=why)
