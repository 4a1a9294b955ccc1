"""What it means that people were paged without us: it is on the timeline, and our clocks count from that page.

The bridge pages by itself while the engine, or every worker, is away. Nobody is paged again for the same thing, and who
was paged has as long to acknowledge as ever, not longer: an outage of ours must not stretch the runbook's five minutes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from incident.model.already_paged import EarlierPage, bounded_pages
from incident.model.incident import Due
from incident.model.timeline import Kind
from incident.policy import paging
from incident.policy.draft import Draft
from incident.policy.texts import clock

ACKS_FOLLOW = timedelta(seconds=10)
"""Ours: who acknowledged meanwhile did so to the bridge, which tells it right after."""


def heard(draft: Draft, pages: Sequence[EarlierPage]) -> Draft:
    """Pages we did not send. Told again, they change nothing."""
    known = draft.incident.already_paged
    fresh = bounded_pages(tuple(page for page in pages if page not in known))
    if not fresh:
        return draft
    draft = draft.set(already_paged=bounded_pages((*known, *fresh)))
    who = ", ".join(f"{_whom(page)} at {clock(page.at)}" for page in fresh)
    draft = draft.tell(Kind.PAGE, f"paged by the second path: {who}", because="the orchestrator was away", by="bridge")
    if draft.incident.acked_by or draft.incident.phase in paging.OVER or not paging.pages_now(draft):
        return draft
    first, last = (min(page.at, draft.now) for page in (fresh[0], fresh[-1]))  # the bridge's clock may be ahead
    return _counts(_covers(draft, first), first, last)


def _whom(page: EarlierPage) -> str:
    return f"{page.person} by {page.channel}" if page.person else page.channel


def _covers(draft: Draft, first: datetime) -> Draft:
    """A page of ours that was asked for later, for what these people know already, need not go out."""
    asked = draft.incident.paged_at
    return draft.set(covered=draft.incident.pages) if asked and asked >= first else draft


def _counts(draft: Draft, first: datetime, last: datetime) -> Draft:
    """Ack, re-page and the clock of an unmitigated SEV-1 run since people know of it."""
    policy, due = draft.policy, draft.incident.due
    soonest = max(last + policy.same_page_within, draft.now + ACKS_FOLLOW / policy.speed)
    if Due.ACK in due:
        draft = draft.due(Due.ACK, max(first + policy.ack_within, soonest))
    if Due.REPAGE in due:
        draft = draft.due(Due.REPAGE, max(last + policy.repage_every, soonest))
    if Due.UNMITIGATED in due:
        over = min(due[Due.UNMITIGATED], first + policy.escalate_unmitigated_after)
        draft = draft.due(Due.UNMITIGATED, max(over, soonest))  # with the ack's, so that both are one page
    return draft
