"""Whom a page is for at an instant, and how each of them may be reached: targets → people → ways, in order.

A page names targets (`on-call`, `owner`, `rotation:<name>`, `person:<key>`, `everyone`); this finds the people behind
them. Whoever has no way of their own is reached by the channels of the whole team. Where no people are written down at
all, that is everybody, under the name `on-call`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import SecretStr

from incident.model.severity import Severity
from incident.model.zones import is_within
from oncall.schedule import Contact, Person, Schedule
from oncall.who import OnCall, absence, on_rotation, who
from oncall.zones import exists

ON_CALL, OWNER, EVERYONE = "on-call", "owner", "everyone"
ROTATION, PERSON = "rotation:", "person:"
NO_ADDRESS = SecretStr("")


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to reach somebody: an address on a channel; empty: the channel's own."""

    channel: str
    to: SecretStr = NO_ADDRESS
    name: str = ""
    """Tells two ways of one person on one channel apart: `mail`, `mail-2`."""


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """`person` is their key; `on-call` for the whole team's channels, where no people are written down."""

    person: str
    ways: tuple[Way, ...]
    why: str = ""
    """What is doubtful about it being them: a source is silent, and this is its last known answer."""
    doubt: str = ""
    """The same in a line of their page."""


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Each person once, in the order of the targets. `missing`: target or person → why nobody is reached there."""

    recipients: tuple[Recipient, ...] = ()
    missing: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Question:
    """Who, for what, when. `team`: channels of the whole team, in order."""

    targets: tuple[str, ...]
    domain: str
    severity: Severity
    at: datetime
    team: tuple[str, ...]


def audience(schedule: Schedule, asked: Question) -> Audience:
    """Never an error: a target without anybody is `missing`, with the reason."""
    team = tuple(Way(channel=channel, name=channel) for channel in asked.team)
    if not schedule.people:
        return Audience(recipients=(Recipient(person=ON_CALL, ways=team),))
    people: dict[str, Behind] = {}
    missing: dict[str, str] = {}
    for target in asked.targets:
        found = behind(schedule, target, asked.domain, asked.at)
        people |= {key: found for key in found.people if key not in people}
        missing |= {target: found.why} if not found.people else {}
    recipients = [
        replace(recipient, why=found.why, doubt=found.doubt)
        for person, found in people.items()
        for recipient in _reachable(schedule, person, asked, team, missing)
    ]
    return Audience(recipients=tuple(_once(recipients, team, EVERYONE in asked.targets)), missing=missing)


@dataclass(frozen=True, kw_only=True)
class Behind:
    """Keys of the people a target stands for. `why`: why there are none, or what is doubtful about them."""

    people: tuple[str, ...] = ()
    why: str = ""
    doubt: str = ""


def behind(schedule: Schedule, target: str, domain: str, at: datetime) -> Behind:
    """Who a target stands for at `at`."""
    if target == ON_CALL:
        return _one(who(schedule, domain, at))
    if target == OWNER:
        return _owners(schedule, domain, at)
    if target == EVERYONE:
        here = tuple(key for key in schedule.people if not absence(schedule, key, at))
        return Behind(people=here or tuple(schedule.people), why="" if schedule.people else "nobody is written down")
    if target.startswith(ROTATION):
        return _one(on_rotation(schedule, target.removeprefix(ROTATION), at))
    key = target.removeprefix(PERSON)
    return Behind(people=(key,)) if key in schedule.people else Behind(why=f"{key} is nobody we know")


def _one(found: OnCall) -> Behind:
    if found.person is None:
        return Behind(why="; ".join(found.why.passed))
    answer = found.why.answer
    return Behind(people=(found.person,), why=answer.note if answer else "", doubt=answer.doubt if answer else "")


def _owners(schedule: Schedule, domain: str, at: datetime) -> Behind:
    """Rotations and people that own a domain; an owner who is away is passed over."""
    named = schedule.owners.get(domain, ())
    if not named:
        return Behind(why=f"no owner is set for {domain}")
    here: list[Behind] = []
    reasons: list[str] = []
    for target in named:
        found = behind(schedule, target, domain, at)
        away = {key: absence(schedule, key, at) for key in found.people}
        here += [replace(found, people=tuple(key for key in found.people if not away[key]))]
        reasons += [reason for reason in (found.why, *away.values()) if reason]
    counted = [found for found in here if found.people]
    return Behind(
        people=tuple(dict.fromkeys(key for found in counted for key in found.people)),
        why=_each("; ", [found.why for found in counted] if counted else reasons),
        doubt=_each(" ", [found.doubt for found in counted]),
    )


def _each(between: str, told: Iterable[str]) -> str:
    return between.join(dict.fromkeys(text for text in told if text))


def _reachable(
    schedule: Schedule, person: str, asked: Question, team: tuple[Way, ...], missing: dict[str, str]
) -> Iterator[Recipient]:
    known = schedule.people[person]
    if not known.contacts:
        yield Recipient(person=person, ways=team)
        return
    ways = tuple(ways_of(known, asked.severity, asked.at))
    if ways:
        yield Recipient(person=person, ways=ways)
    else:
        missing[person] = f"{person} has no contact for a {asked.severity} at this hour"


def ways_of(person: Person, severity: Severity, at: datetime) -> Iterator[Way]:
    """In order; without those that are for other severities or quiet just then (a SEV-1 knows no quiet hours)."""
    return numbered(contact for contact in person.contacts if _applies(contact, severity, at))


def numbered(contacts: Iterable[Contact]) -> Iterator[Way]:
    """A way for each, with a name of its own."""
    seen: dict[str, int] = {}
    for contact in contacts:
        count = seen[contact.channel] = seen.get(contact.channel, 0) + 1
        name = contact.channel if count == 1 else f"{contact.channel}-{count}"
        yield Way(channel=contact.channel, to=contact.to, name=name)


def _applies(contact: Contact, severity: Severity, at: datetime) -> bool:
    if severity not in contact.severities:
        return False
    quiet = contact.quiet
    if quiet is None or severity is Severity.SEV1 or not exists(quiet.zone):
        return True
    return not is_within(at, quiet.zone, quiet.opens, quiet.closes)


def _once(recipients: Sequence[Recipient], team: tuple[Way, ...], everyone: bool) -> Iterator[Recipient]:
    """The team's channels ring once, however many people they stand for; `everyone` always means them too."""
    rung = False
    for recipient in recipients:
        if recipient.ways != team:
            yield recipient
        elif not rung:
            rung = True
            yield recipient
    if everyone and not rung and team:
        yield Recipient(person=ON_CALL, ways=team)
