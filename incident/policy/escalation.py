"""When people are paged, and again: ack clock, ladder, hourly re-page, widening (runbook §1, §2, §6).

How to think about it. A ladder (`ladder.py`) is climbed until somebody acknowledges: that is one call. Beside it stand
two that no ack silences, because they ask for somebody else: the owner is called when those at work are not enough, and
a person may ask for anybody. A page's own rules are in `paging.py`, what came of one in `arrival.py`, and
what follows when a call reached nobody in `calling_again.py`.
"""

from incident.model.escalation import EVERYONE, Call
from incident.model.incident import Due, Incident
from incident.model.messages import Escalate, Unack
from incident.model.response_policy import PageWhen
from incident.model.severity import Severity
from incident.model.timeline import Kind
from incident.policy import cadence, ladder
from incident.policy.draft import Draft
from incident.policy.paging import HURTING, OVER, in_words, newest_of_this_instant, page, pages_now
from incident.policy.texts import clock, words

CLOCKS = (Due.ACK, Due.REPAGE, Due.NIGHT)
NAMED = ("on-call", "owner", EVERYONE)
"""Targets that are no person's name."""


def plan(draft: Draft, why: str, *, anew: bool = False) -> Draft:
    """Page, or know when to: at the beginning, at a reopening, and whenever severity rises.

    `anew`: whatever page is out speaks of somebody who no longer has it.
    """
    draft = set_clocks(draft)
    return ladder.start(draft, why, anew=anew) if Due.ACK in draft.incident.due else draft


def set_clocks(draft: Draft) -> Draft:
    """The clocks as severity, hour and ownership ask for, all anew; the page itself is somebody else's."""
    draft = watch_mitigation(draft.not_due(*CLOCKS))
    if draft.incident.acked_by or draft.incident.phase in OVER:
        return draft
    if pages_now(draft):
        return draft.due(Due.ACK, draft.now + ladder.wait(draft.set(rung=1)))
    return ladder.wait_for_night(draft)


def ease(draft: Draft) -> Draft:
    """Severity was lowered: nobody is paged for that, and what still pages keeps its clocks (runbook §1)."""
    return watch_mitigation(draft) if pages_now(draft) else set_clocks(draft)


def unacked(draft: Draft) -> Draft:
    """Nobody acknowledged in time: the next rung, and the channel is woken (runbook §1, §2)."""
    why = f"nobody acknowledged within {words(ladder.wait(draft))}"
    return ladder.next_rung(draft, why, "nobody has acknowledged")


def repage(draft: Draft) -> Draft:
    """Hourly, until someone acks (runbook §1). A SEV-2 whose night is over waits for the next one."""
    if draft.incident.phase in OVER or draft.incident.acked_by:
        return draft
    if not pages_now(draft):
        return ladder.wait_for_night(draft)
    why = f"still nobody has acknowledged since {clock(draft.incident.opened_at)}"
    return ladder.next_rung(draft, why, "still unacknowledged")


def night_fell(draft: Draft) -> Draft:
    """Overnight nobody reads the channel: what waited in it becomes a page (runbook §1)."""
    return plan(draft, "it is night and nobody has acknowledged")


def acked(draft: Draft) -> Draft:
    """It is owned: the re-page is silent (runbook §2.1)."""
    return draft.not_due(*CLOCKS)


def unowned(draft: Draft, message: Unack) -> Draft:
    """Whoever had it gives it back: the ladder from its first rung, as if nobody had ever acknowledged."""
    was = draft.incident.acked_by
    draft = draft.set(acked_by="", acked_at=None, acked_how="")
    draft = draft.tell(Kind.PERSON, f"{was} no longer has it", because=message.why, by=message.by)
    draft = plan(draft, f"{was} no longer has it", anew=True)
    return cadence.post(
        draft, "nobody has it any more", f"*Why:* {message.why}", commands=cadence.wanted(draft), broadcast=True
    )


def handed(draft: Draft, to: str, *, by: str) -> Draft:
    """The lead was given to somebody who has not said yes: they are paged, and the ladder starts behind them."""
    incident = draft.incident
    if to in (by, incident.acked_by) or incident.phase in OVER or not pages_now(draft):
        return draft
    draft = draft.set(acked_by="", acked_at=None, acked_how="", rung=0, repeats=0)
    draft = draft.not_due(*CLOCKS).due(Due.ACK, draft.now + ladder.wait(draft))
    return page(draft, Call.LADDER, (f"person:{to}",), f"{by} gives it to {to}", anew=True)


def escalate(draft: Draft, why: str, *, also: str = "") -> Draft:
    """Widen to the domain owner, and to `also`, whoever has acknowledged already (runbook §2, §6)."""
    to = f"{draft.playbook.owner} and {also}" if also else draft.playbook.owner
    draft = ladder.has_widened(draft).tell(Kind.PAGE, f"escalated to {to}", because=why)
    return cadence.post(
        call_owner(draft, why, anew=_was_lost(draft)),
        f"escalated to {to}",
        f"*Why:* {why}",
        *cadence.situation(draft),
        commands=cadence.wanted(draft),
        broadcast=draft.incident.severity is Severity.SEV1,
    )


def _was_lost(draft: Draft) -> bool:
    """The ladder's last page has reached nobody: it speaks for nothing that happens now."""
    last = draft.incident.calls.get(Call.LADDER)
    return last is not None and last.number in draft.incident.unheard and last.at < draft.now


def call_owner(draft: Draft, why: str, *, anew: bool = False) -> Draft:
    """A page no ack silences, as it asks for somebody else; who was paged at this very instant is not paged twice.

    Whoever has acknowledged is left out of it while anybody else is there.
    """
    if not pages_now(draft):
        return draft
    last = newest_of_this_instant(draft)
    whom = ("owner",) if last and "on-call" in last.targets else ("on-call", "owner")
    return page(draft, Call.OWNER, whom, why, anew=anew)


def asked(draft: Draft, message: Escalate) -> Draft:
    """A person wants somebody else to be woken, at any hour: that page stands until the incident is over.

    Why, stays in the thread: what a person writes may name a customer, and a lock screen shows a page.
    """
    targets = (target(message.to),)
    to = in_words(draft, targets)
    if targets[0] in ("owner", EVERYONE):
        draft = ladder.has_widened(draft)
    draft = draft.tell(Kind.PERSON, f"{message.by} escalates to {to}", because=message.why, by=message.by)
    draft = page(draft, Call.PERSON, targets, f"{message.by} asks for {to}", asker=(message.by,))
    return cadence.post(
        draft,
        f"escalated to {to}",
        f"*Why:* {message.why}",
        *cadence.situation(draft),
        broadcast=draft.incident.severity is Severity.SEV1,
    )


def target(named: str) -> str:
    """`bo` → `person:bo`; what is a target already stays."""
    return named if named in NAMED or named.startswith(("rotation:", "person:")) else f"person:{named}"


def no_escalation(incident: Incident) -> str:
    """Why nobody may be woken for it; empty: somebody may."""
    if incident.phase in OVER:
        return f"{incident.id} is resolved: there is nothing to wake anybody for"
    rule = incident.policy.rule(incident.severity) if incident.policy else None
    if rule and rule.page is PageWhen.NEVER:
        return f"a {incident.severity} pages nobody (runbook §1): raise the severity first, and say why"
    return ""


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


def watch_mitigation(draft: Draft) -> Draft:
    """Start the clock of an unmitigated SEV-1, unless it runs already (runbook §6)."""
    incident = draft.incident
    if incident.severity is not Severity.SEV1 or incident.phase not in HURTING:
        return draft.not_due(Due.UNMITIGATED)
    if Due.UNMITIGATED in incident.due:
        return draft
    return draft.due(Due.UNMITIGATED, draft.now + draft.policy.escalate_unmitigated_after)
