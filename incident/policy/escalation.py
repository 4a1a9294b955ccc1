"""Who is paged, when, and again: page policy per severity, ack clock, hourly re-page, widening (runbook §1, §2, §6)."""

from datetime import datetime

from incident.model.effects import Page
from incident.model.incident import Due, Incident, Phase
from incident.model.outcomes import Arrival, Delivery, Paged, PageFailed
from incident.model.response_policy import PageWhen
from incident.model.severity import Severity
from incident.model.timeline import Kind
from incident.model.zones import next_at
from incident.policy import cadence
from incident.policy.draft import Draft
from incident.policy.texts import clock, command, headline, words

CLOCKS = (Due.ACK, Due.REPAGE, Due.NIGHT)
HURTING = (Phase.TRIAGE, Phase.MITIGATE)
OVER = (Phase.POSTMORTEM, Phase.CLOSED)


def pages_now(draft: Draft) -> bool:
    """Does the page policy of this severity page at this instant? (runbook §1)"""
    return draft.policy.pages_at(draft.incident.severity, draft.now)


def plan(draft: Draft, why: str) -> Draft:
    """Page, or know when to: at the beginning, at a reopening, and whenever severity rises."""
    draft = set_clocks(draft)
    return page(draft, why) if Due.ACK in draft.incident.due else draft


def set_clocks(draft: Draft) -> Draft:
    """The clocks as severity, hour and ownership ask for, all anew; the page itself is somebody else's."""
    draft = watch_mitigation(draft.not_due(*CLOCKS))
    if draft.incident.acked_by or draft.incident.phase in OVER:
        return draft
    if pages_now(draft):
        return draft.due(Due.ACK, draft.now + draft.policy.ack_within)
    return _wait_for_night(draft)


def ease(draft: Draft) -> Draft:
    """Severity was lowered: nobody is paged for that, and what still pages keeps its clocks (runbook §1)."""
    return watch_mitigation(draft) if pages_now(draft) else set_clocks(draft)


def page(draft: Draft, why: str) -> Draft:
    """One more page, to whoever the rung of the ladder says."""
    numbered = draft.set(pages=draft.incident.pages + 1, paged_at=draft.now)
    return numbered.do(_page(numbered, why))


def _page(draft: Draft, why: str) -> Page:
    incident, playbook = draft.incident, draft.playbook
    audience = f"on-call and {playbook.owner}" if incident.widened else "on-call"
    return Page(
        key=f"{incident.key}/page/{incident.pages}",
        incident_id=incident.id,
        number=incident.pages,
        rung=2 if incident.widened else 1,
        targets=("on-call", "owner") if incident.widened else ("on-call",),
        domain=playbook.domain,
        severity=incident.severity,
        title=headline(incident),
        # A lock screen shows this: the runbook's own sentence, never what the alert carries (it may name customers).
        text="\n".join(
            (
                playbook.means,
                f"Why now: {why}.",
                f"Page {incident.pages} of {incident.id}, for {audience}.",
                f"Ack: {command(incident, 'ack', by='you')}",
            )
        ),
        audience=audience,
        urgent=incident.severity is Severity.SEV1,
        next_contact_after=draft.policy.next_contact_after,
        not_before=incident.opened_at,
        because=why,
    )


def paged(draft: Draft, outcome: Paged) -> Draft:
    """A page had its turn: whom it reached and whom not; nobody at all is tried again soon."""
    for delivery in outcome.deliveries:
        draft = _tell_delivery(draft, outcome.number, delivery)
    if outcome.arrived:
        return draft.set(pages_delivered=draft.incident.pages_delivered + 1)
    return _nobody_reached(draft, outcome.number, "nobody could be reached")


def _tell_delivery(draft: Draft, number: int, delivery: Delivery) -> Draft:
    """Each is on the timeline; the same failure of the same way, one after the other, only once."""
    to = "" if delivery.person == "on-call" else f" to {delivery.person}"
    if delivery.outcome is Arrival.DELIVERED:
        again = " (it had already arrived)" if delivery.repeat else ""
        return draft.tell(Kind.PAGE, f"page {number} delivered{to} by {delivery.channel}{again}")
    if delivery.outcome is Arrival.NOBODY:
        ending = f": nobody to page as {delivery.person}"
    else:
        ending = f" could not be delivered{to} by {delivery.channel}"
    told = [e for e in draft.incident.timeline if e.kind is Kind.PAGE and e.what.endswith(ending)]
    if told and told[-1].because == delivery.why and draft.incident.pages_delivered == 0:
        return draft
    return draft.tell(Kind.PAGE, f"page {number}{ending}", because=delivery.why)


def not_paged(draft: Draft, outcome: PageFailed) -> Draft:
    """A page that had no turn: all over again soon, because nobody was reached."""
    if outcome.late:
        return _too_late(draft, outcome)
    draft = draft.tell(Kind.PAGE, f"page {outcome.number} failed", because=outcome.why)
    return _nobody_reached(draft, outcome.number, outcome.why)


def _nobody_reached(draft: Draft, number: int, why: str) -> Draft:
    if not _still_true(draft, number):
        return draft
    retry_at = draft.now + draft.policy.retry_undelivered_page_after
    return (
        draft.not_due(Due.ACK)
        .due(Due.REPAGE, retry_at)
        .tell(Kind.PAGE, f"nobody could be paged; trying again at {clock(retry_at)}", because=why)
    )


def _too_late(draft: Draft, outcome: PageFailed) -> Draft:
    """It never went out, because nothing of ours was running. Send it now only if it is still true (design §6)."""
    if not _still_true(draft, outcome.number):
        return draft.tell(Kind.PAGE, f"page {outcome.number} not sent: no longer true", because=outcome.why)
    return draft.do(_page(draft, f"delayed: {outcome.why}"))


def still_true(incident: Incident, number: int, now: datetime) -> bool:
    """Asked again just before a page goes out (design §6): who has acknowledged meanwhile is not woken."""
    return _still_true(Draft(incident, now), number)


def _still_true(draft: Draft, number: int) -> bool:
    """Is this page the newest, and still wanted? An ack silences it, unless it calls the owner (runbook §2.1, §6)."""
    incident = draft.incident
    owned = incident.acked_by and not (number == incident.owner_page and incident.phase in HURTING)
    covered = number <= incident.covered
    return number == incident.pages and not covered and not owned and incident.phase not in OVER and pages_now(draft)


def unacked(draft: Draft) -> Draft:
    """Nobody acknowledged in time: page again, wake the channel, widen to the owner, then hourly (runbook §1, §2)."""
    why = f"nobody acknowledged within {words(draft.policy.ack_within)}"
    draft = _again(draft.set(widened=True), f"widened to {draft.playbook.owner}", why)
    return cadence.post(
        draft,
        "nobody has acknowledged",
        f"Widened to {draft.playbook.owner}. Who takes it?",
        commands=cadence.wanted(draft),
        broadcast=True,
    )


def _again(draft: Draft, what: str, why: str) -> Draft:
    """Once more, and in an hour; a SEV-2 whose night is over waits for the next one (runbook §1)."""
    if not pages_now(draft):
        return _wait_for_night(draft.tell(Kind.PAGE, what, because=why))
    draft = draft.tell(Kind.PAGE, f"paging again, {what}", because=why)
    return page(draft.due(Due.REPAGE, draft.now + draft.policy.repage_every), why)


def repage(draft: Draft) -> Draft:
    """Hourly, until someone acks (runbook §1). A SEV-2 whose night is over waits for the next one."""
    if draft.incident.phase in OVER:
        return draft
    if draft.incident.acked_by:
        return _owner_again(draft)
    if not pages_now(draft):
        return _wait_for_night(draft)
    why = f"still nobody has acknowledged since {clock(draft.incident.opened_at)}"
    draft = draft.due(Due.REPAGE, draft.now + draft.policy.repage_every).tell(Kind.PAGE, "paging again", because=why)
    return cadence.post(page(draft, why), "still unacknowledged", commands=cadence.wanted(draft), broadcast=True)


def night_fell(draft: Draft) -> Draft:
    """Overnight nobody reads the channel: what waited in it becomes a page (runbook §1)."""
    return plan(draft, "it is night and nobody has acknowledged")


def escalate(draft: Draft, why: str, *, also: str = "") -> Draft:
    """Widen to the domain owner, and to `also`, whoever has acknowledged already (runbook §2, §6)."""
    to = f"{draft.playbook.owner} and {also}" if also else draft.playbook.owner
    draft = draft.set(widened=True).tell(Kind.PAGE, f"escalated to {to}", because=why)
    return cadence.post(
        _page_owner(draft, why),
        f"escalated to {to}",
        f"*Why:* {why}",
        *cadence.situation(draft),
        commands=cadence.wanted(draft),
        broadcast=draft.incident.severity is Severity.SEV1,
    )


def _page_owner(draft: Draft, why: str) -> Draft:
    """A page no ack silences, because it asks for somebody else; one of this very instant is enough (design §6)."""
    if not pages_now(draft):
        return draft
    if draft.incident.paged_at != draft.now:
        draft = page(draft, why)
    return draft.set(owner_page=draft.incident.pages)


def _owner_again(draft: Draft) -> Draft:
    """The owner could not be reached, while customers are hurt: again, though somebody has acknowledged."""
    if draft.incident.phase not in HURTING:
        return draft
    return _page_owner(draft, f"{draft.playbook.owner} could not be reached")


def worse(draft: Draft, why: str, *, also: str = "") -> Draft:
    """Impact not stopped: raise severity if it can rise, widen escalation (runbook §2)."""
    before = draft.incident.severity
    if before is not Severity.SEV1:
        draft = draft.set(severity=before.raised)
        draft = draft.tell(Kind.SEVERITY, f"{before} → {before.raised}", because=why)
        draft = cadence.keep(set_clocks(draft))
    return escalate(draft, why, also=also)


def unmitigated(draft: Draft) -> Draft:
    """A SEV-1 not mitigated within 30 minutes escalates (runbook §6)."""
    return escalate(draft, f"not mitigated within {words(draft.policy.escalate_unmitigated_after)}")


def acked(draft: Draft) -> Draft:
    """It is owned: the re-page is silent (runbook §2.1)."""
    return draft.not_due(*CLOCKS)


def watch_mitigation(draft: Draft) -> Draft:
    """Start the clock of an unmitigated SEV-1, unless it runs already (runbook §6)."""
    incident = draft.incident
    if incident.severity is not Severity.SEV1 or incident.phase not in HURTING:
        return draft.not_due(Due.UNMITIGATED)
    if Due.UNMITIGATED in incident.due:
        return draft
    return draft.due(Due.UNMITIGATED, draft.now + draft.policy.escalate_unmitigated_after)


def _wait_for_night(draft: Draft) -> Draft:
    if draft.policy.rule(draft.incident.severity).page is not PageWhen.OVERNIGHT:
        return draft
    night = draft.policy.overnight
    return draft.due(Due.NIGHT, next_at(draft.now, night.zone, night.starts))
