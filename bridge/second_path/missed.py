"""What the engine, or its workers, did not take: one value per alert subject, and how it changes."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from incident.model.alarm import Alarm
from incident.model.alert import Alert, AlertStatus
from incident.model.already_paged import EarlierPage, bounded_pages
from incident.model.severity import Severity


class Away(StrEnum):
    """Who does not take it."""

    ENGINE = "engine"
    WORKER = "worker"
    """The engine has it, and nobody works on it."""


@dataclass(frozen=True, kw_only=True)
class Missed:
    """One alert subject that waits. Instants are aware UTC."""

    incident: str
    """Id of its incident: what the alert is about (design §5)."""
    alert: Alert
    severity: Severity
    domain: str
    away: Away
    since: datetime
    """When it was first not taken."""
    firing: tuple[str, ...] = ()
    """Fingerprints that fire; empty with pages: it cleared, and the engine does not know yet."""
    pages: int = 0
    """Pages begun for it."""
    page_key: str = ""
    """Key of the newest, which it may share with others."""
    paged_at: datetime | None = None
    """When the newest was begun."""
    sending: bool = False
    """It was begun, and nobody wrote down what came of it."""
    reached: tuple[EarlierPage, ...] = ()
    """What arrived so far."""
    alarms: tuple[Alarm, ...] = ()
    """What rings at providers that keep an incident of their own, until they are told."""
    quieted: bool = False
    """They were told that somebody has it."""
    told: tuple[EarlierPage, ...] = ()
    """What of it the incident knows."""
    acked_by: str = ""
    """Who has it, as far as can be seen from here; `someone` where only that can be seen."""
    acked_via: str = ""
    """The door they came through while nobody else could hear them: the incident has still to be told."""

    @property
    def key(self) -> str:
        """Prefix of the keys of its pages. The incident's id alone comes back next week."""
        return f"second-path/{self.incident}@{self.since:%Y%m%dT%H%M%S.%fZ}"

    @property
    def cleared(self) -> bool:
        return not self.firing

    @property
    def acked(self) -> bool:
        return bool(self.acked_by)

    @property
    def untold(self) -> tuple[EarlierPage, ...]:
        """What the incident has still to hear."""
        return tuple(page for page in self.reached if page not in self.told)


def not_taken(
    missed: Missed | None, alert: Alert, incident: str, *, severity: Severity, domain: str, now: datetime
) -> Missed | None:
    """The engine did not take this notification. None: nobody waits for anything."""
    if alert.status is AlertStatus.RESOLVED:
        return missed and _without(missed, alert)
    if missed is None:
        missed = Missed(incident=incident, alert=alert, severity=severity, domain=domain, away=Away.ENGINE, since=now)
    firing = missed.firing if alert.subject in missed.firing else (*missed.firing, alert.subject)
    return replace(missed, alert=alert, firing=firing[-256:], away=Away.ENGINE)


def _without(missed: Missed, alert: Alert) -> Missed | None:
    """It cleared before the engine heard of it: nobody is woken for it any more; who was woken is told."""
    firing = tuple(subject for subject in missed.firing if subject != alert.subject)
    return replace(missed, firing=firing, alert=missed.alert if firing else alert) if firing or missed.pages else None


def taken(missed: Missed | None, told: tuple[EarlierPage, ...]) -> Missed | None:
    """The engine has it now, with what it was told of earlier pages. Who was paged waits to hear that it goes on."""
    if missed is None or not (missed.pages or missed.acked_via):
        return None
    return replace(missed, away=Away.WORKER, told=bounded_pages((*missed.told, *told)))


def began(missed: Missed | None, key: str, now: datetime) -> Missed | None:
    """A page is about to go out for it."""
    return missed and replace(missed, pages=missed.pages + 1, page_key=key, paged_at=now, sending=True)


def ended(missed: Missed | None, arrived: tuple[EarlierPage, ...], alarms: tuple[Alarm, ...] = ()) -> Missed | None:
    """What came of it."""
    if missed is None:
        return None
    rings = tuple(dict.fromkeys((*missed.alarms, *alarms)))
    return replace(missed, sending=False, reached=bounded_pages((*missed.reached, *arrived)), alarms=rings)


def quieted(missed: Missed | None) -> Missed | None:
    """Those who rang know that somebody has it."""
    return missed and replace(missed, quieted=True)


def stands_still(missed: Missed | None, seen: Missed) -> Missed:
    """The engine has it and nobody works on it: known already, or seen for the first time."""
    return replace(missed, away=Away.WORKER) if missed else seen


def heard(missed: Missed | None, told: tuple[EarlierPage, ...]) -> Missed | None:
    """Its incident knows of these pages now."""
    return missed and replace(missed, told=bounded_pages((*missed.told, *told)))


def acked(missed: Missed | None, by: str, via: str) -> Missed | None:
    """Somebody has it; the first one counts. With `via`, the incident has still to hear it from us."""
    return replace(missed, acked_by=by, acked_via=via) if missed and not missed.acked else missed


def ack_left(missed: Missed | None) -> Missed | None:
    """The incident has heard who has it."""
    return missed and replace(missed, acked_via="")
