"""What came of a page: whom it reached and whom not, and what follows when it reached nobody."""

from datetime import datetime

from incident.model.escalation import EVERYONE, Call
from incident.model.outcomes import Arrival, Delivery, Paged, PageFailed
from incident.model.severity import Severity
from incident.model.timeline import Kind
from incident.policy import cadence, ladder
from incident.policy.draft import Draft
from incident.policy.paging import once_more, page, silenced, standing, still_true, try_again
from incident.policy.texts import clock

TEAM = "on-call"
"""Name of the whole team's channels, where no people are written down."""


def paged(draft: Draft, outcome: Paged) -> Draft:
    """A page had its turn."""
    for delivery in outcome.deliveries:
        draft = _tell(draft, outcome.number, delivery)
    if outcome.overtaken:
        draft = draft.tell(Kind.PAGE, f"page {outcome.number} stopped on its way", because=outcome.overtaken)
    if outcome.arrived:
        draft = draft.set(pages_delivered=draft.incident.pages_delivered + 1, unreached=False)
    if outcome.overtaken:
        return _in_new_words(draft, outcome)
    if outcome.arrived:
        return draft
    if outcome.deliveries and all(d.outcome is Arrival.NOBODY for d in outcome.deliveries):
        return _nobody_there(draft, outcome.number)
    return _nobody_reached(draft, outcome.number, "no way to reach anybody worked")


def _in_new_words(draft: Draft, outcome: Paged) -> Draft:
    """Whoever it has not reached is still wanted, though its words are no longer true: the severity is another one."""
    if not still_true(draft.incident, outcome.number, draft.now):
        return draft
    return once_more(draft, outcome.number, f"said anew: {outcome.overtaken}")


def not_paged(draft: Draft, outcome: PageFailed) -> Draft:
    """A page that had no turn: all over again soon, because nobody was reached."""
    if outcome.late:
        return _too_late(draft, outcome)
    draft = draft.tell(Kind.PAGE, f"page {outcome.number} failed", because=outcome.why)
    return _nobody_reached(draft, outcome.number, outcome.why)


def _tell(draft: Draft, number: int, delivery: Delivery) -> Draft:
    """Each is on the timeline; the same failure of the same way, one after the other, only once."""
    to = "" if delivery.person == TEAM else f" to {delivery.person}"
    if delivery.outcome is Arrival.DELIVERED:
        again = " (it had already arrived)" if delivery.repeat else ""
        return draft.tell(Kind.PAGE, f"page {number} delivered{to} by {delivery.channel}{again}", because=delivery.why)
    if delivery.outcome is Arrival.NOBODY:
        ending = f" has nobody to reach as {delivery.person.removeprefix('person:')}"
    else:
        ending = f" could not be delivered{to} by {delivery.channel}"
    told = [e for e in draft.incident.timeline if e.kind is Kind.PAGE and e.what.endswith(ending)]
    if told and told[-1].because == delivery.why and draft.incident.pages_delivered == 0:
        return draft
    return draft.tell(Kind.PAGE, f"page {number}{ending}", because=delivery.why)


def _nobody_there(draft: Draft, number: int) -> Draft:
    """Nobody stands for its targets: the next rung at once; a call that finds nobody becomes one for everyone."""
    if not still_true(draft.incident, number, draft.now):
        return draft
    for call, calling in standing(draft.incident):
        if calling.number != number or EVERYONE in calling.targets:
            continue
        if call is Call.LADDER:
            where = f"nobody is on rung {calling.rung}" if calling.rung else "nobody is there"
            return ladder.fall_through(draft, where)
        why = f"{calling.why} (and nobody is there to ask)"
        draft = draft.tell(Kind.PAGE, "calling everyone", because=why)
        return page(draft, call, (EVERYONE,), why, asker=calling.spared)
    return _nobody_reached(draft, number, "there is nobody to page")


def _nobody_reached(draft: Draft, number: int, why: str) -> Draft:
    """Soon again, and said aloud: an hour would be too long, and somebody may read the thread."""
    if not still_true(draft.incident, number, draft.now):
        return draft
    retry_at = draft.now + draft.policy.retry_undelivered_page_after
    what = f"nobody could be paged; trying again at {clock(retry_at)}"
    draft = _unheard(draft, number, retry_at).tell(Kind.PAGE, what, because=why)
    if draft.incident.unreached or not draft.incident.briefed:
        return draft
    urgent = draft.incident.severity is Severity.SEV1
    return cadence.post(draft.set(unreached=True), "nobody could be paged", f"*Why:* {why}", broadcast=urgent)


def _unheard(draft: Draft, number: int, retry_at: datetime) -> Draft:
    """Remembered as long as no newer page has its place; every call it was for, and that still is wanted, is again."""
    on_it = {call for call, calling in standing(draft.incident) if calling.number == number}
    known = {calling.number for _, calling in standing(draft.incident)}
    draft = draft.set(unheard=tuple(n for n in (*draft.incident.unheard, number) if n in known))
    return try_again(draft, {call for call in on_it if not silenced(draft, call)}, retry_at)


def _too_late(draft: Draft, outcome: PageFailed) -> Draft:
    """It never went out, because nothing of ours was running. Send it now only if it is still true (design §6)."""
    if not still_true(draft.incident, outcome.number, draft.now):
        return draft.tell(Kind.PAGE, f"page {outcome.number} not sent: no longer true", because=outcome.why)
    return once_more(draft, outcome.number, f"delayed: {outcome.why}")
