"""Providers that keep an incident of their own (PagerDuty does) hear how ours stands: somebody owns it, it is over.

They would ring on otherwise. Each is told once a turn, never because of what it told us: an ack that came from the only
one there is goes no further, so two systems cannot wake each other for ever.
"""

from dataclasses import replace

from incident.model.alarm import Alarm, alarm_name
from incident.model.effects import Page, Settle, Standing
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
    draft = _remember(_named(draft), event)
    now, arrived = draft.incident, _alarms(event)
    if now.phase in OVER:
        over = _settle(draft, Standing.RESOLVED, arrived if before.phase in OVER else now.alarms)
        return over.set(alarms=())
    if now.acked_by and not before.acked_by:
        return _settle(draft, Standing.ACKNOWLEDGED, () if _told_us(draft) else now.alarms).set(turn=now.turn + 1)
    if now.acked_by:  # one of this turn calls somebody else, and is to ring on
        rings_on = isinstance(event, Paged) and calls_somebody_else(now, event.number)
        stale = tuple(alarm for alarm in arrived if alarm.name != alarm_name(now.key, now.turn))
        return _settle(draft, Standing.ACKNOWLEDGED, () if rings_on else stale)
    return draft


def settled(draft: Draft, outcome: Settled | SettleFailed) -> Draft:
    """On the timeline: whoever still hears it ring reads why."""
    if isinstance(outcome, SettleFailed):
        return draft.tell(
            Kind.PAGE, f"could not tell those who ring that it is {outcome.standing}", because=outcome.why
        )
    return draft.tell(Kind.PAGE, f"told {', '.join(outcome.channels)} that it is {outcome.standing}")


def _named(draft: Draft) -> Draft:
    """Each page that is asked for now opens an alarm of this turn."""
    if not draft.incident.turn or not any(isinstance(effect, Page) for effect in draft.effects):
        return draft
    name = alarm_name(draft.incident.key, draft.incident.turn)
    effects = tuple(replace(e, alarm=name) if isinstance(e, Page) else e for e in draft.effects)
    return replace(draft, effects=effects)


def _told_us(draft: Draft) -> bool:
    """It is from the only keeper that we know of this ack."""
    return bool(draft.voice and draft.voice.via == KEEPER and len(draft.incident.alarms) == 1)


def _alarms(event: Event) -> tuple[Alarm, ...]:
    """What keepers have of the page that has just arrived."""
    deliveries = event.deliveries if isinstance(event, Paged) else ()
    return tuple(dict.fromkeys(Alarm(person=d.person, name=d.alarm) for d in deliveries if d.alarm))


def _remember(draft: Draft, event: Event) -> Draft:
    arrived = _alarms(event)
    return draft.set(alarms=tuple(dict.fromkeys((*draft.incident.alarms, *arrived)))) if arrived else draft


def _settle(draft: Draft, standing: Standing, alarms: tuple[Alarm, ...]) -> Draft:
    if not alarms:
        return draft
    draft = draft.set(settles=draft.incident.settles + 1)
    incident = draft.incident
    return draft.do(Settle(key=f"{incident.key}/settle/{incident.settles}", standing=standing, alarms=alarms))
