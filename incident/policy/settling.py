"""Providers that keep an incident of their own (PagerDuty does) hear how ours stands: somebody owns it, it is over.

They would ring on otherwise. Each is told once a turn, never because of what it told us: an ack that came from the only
one there is goes no further, so two systems cannot wake each other for ever.
"""

from incident.model.effects import Settle, Standing
from incident.model.events import Event
from incident.model.incident import Incident, Phase
from incident.model.outcomes import Paged, Settled, SettleFailed
from incident.model.timeline import Kind
from incident.policy.draft import Draft
from incident.policy.paging import calls_somebody_else

OVER = (Phase.POSTMORTEM, Phase.CLOSED)
KEEPER = "pagerduty"
"""The door through which a keeper's own ack comes."""


def tell_keepers(draft: Draft, before: Incident, event: Event) -> Draft:
    """After every event: has it been owned or ended by it, or did a page arrive that was no longer wanted?"""
    draft = _remember(draft, event)
    now = draft.incident
    arrived = _kept(event) if isinstance(event, Paged) else ()
    if now.phase in OVER:
        return _settle(draft, Standing.RESOLVED, arrived if before.phase in OVER else now.kept_for)
    if not now.acked_by:
        return draft
    if before.acked_by:  # one that calls somebody else is to ring on
        rings_on = isinstance(event, Paged) and calls_somebody_else(now, event.number)
        return _settle(draft, Standing.ACKNOWLEDGED, () if rings_on else arrived)
    return _settle(draft, Standing.ACKNOWLEDGED, () if _told_us(draft) else now.kept_for)


def settled(draft: Draft, outcome: Settled | SettleFailed) -> Draft:
    """On the timeline: whoever still hears it ring reads why."""
    if isinstance(outcome, SettleFailed):
        return draft.tell(
            Kind.PAGE, f"could not tell those who ring that it is {outcome.standing}", because=outcome.why
        )
    return draft.tell(Kind.PAGE, f"told {', '.join(outcome.channels)} that it is {outcome.standing}")


def _told_us(draft: Draft) -> bool:
    """It is from the only keeper that we know of this ack."""
    return bool(draft.voice and draft.voice.via == KEEPER and len(draft.incident.kept_for) == 1)


def _kept(event: Paged) -> tuple[str, ...]:
    """For whom a keeper has this page now."""
    return tuple(dict.fromkeys(delivery.person for delivery in event.deliveries if delivery.kept))


def _remember(draft: Draft, event: Event) -> Draft:
    if not isinstance(event, Paged) or not _kept(event):
        return draft
    return draft.set(kept_for=tuple(dict.fromkeys((*draft.incident.kept_for, *_kept(event)))))


def _settle(draft: Draft, standing: Standing, people: tuple[str, ...]) -> Draft:
    if not people:
        return draft
    draft = draft.set(settles=draft.incident.settles + 1)
    incident = draft.incident
    return draft.do(
        Settle(
            key=f"{incident.key}/settle/{incident.settles}",
            incident_key=incident.key,
            standing=standing,
            people=people,
        )
    )
