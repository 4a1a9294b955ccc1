"""What is wrong with a plan: everything at once, each with what to do."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC
from itertools import chain, combinations

from oncall.schedule import DEFAULT, Layer, Override, Period, Schedule
from oncall.zones import exists

ZONE = "use an IANA name such as Europe/Berlin (and see that this machine has tzdata)"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """`do`: what mends it."""

    what: str
    do: str


def problems(schedule: Schedule, domains: Collection[str] = ()) -> list[Problem]:
    """In the order of the file. `domains`: all there are; none: names of domains are not looked at."""
    named = _misnamed(schedule, {*domains, DEFAULT}) if domains else iter(())
    return list(
        chain(
            _rotations(schedule), _layers(schedule), _periods(schedule), _overrides(schedule), _weekly(schedule), named
        )
    )


def _rotations(schedule: Schedule) -> Iterator[Problem]:
    for name, rotation in schedule.rotations.items():
        here = f"[oncall.rotations.{name}]"
        if rotation.source and rotation.members:
            yield Problem(what=f"rotation {name} has members and a source", do=f"let {here} keep one of them")
        if not (rotation.members or rotation.source):
            yield Problem(what=f"rotation {name} has no members", do=f"give {here} its members, or remove it")
        yield from _zone(f"rotation {name}", rotation.zone)
        for member in dict.fromkeys(rotation.members):
            yield from _unknown(schedule, f"rotation {name}", member)


def _layers(schedule: Schedule) -> Iterator[Problem]:
    for domain, layers in schedule.layers.items():
        for number, layer in enumerate(layers, 1):
            yield from _layer(schedule, f"layer {number} of {domain}", layer)


def _layer(schedule: Schedule, where: str, layer: Layer) -> Iterator[Problem]:
    if layer.rotation not in schedule.rotations:
        yield Problem(
            what=f"{where} names the rotation {layer.rotation}, which there is not",
            do=f"add [oncall.rotations.{layer.rotation}], or correct the name",
        )
    if layer.is_never:
        yield Problem(
            what=f"{where} has a window of zero length",
            do="let `until` differ from `from` and name weekdays; leave all out for the whole day, every day",
        )
    if layer.zone:
        yield from _zone(where, layer.zone)


def _periods(schedule: Schedule) -> Iterator[Problem]:
    for what, periods in (("override", schedule.overrides), ("holiday", schedule.holidays)):
        for period in periods:
            yield from _unknown(schedule, f"{what} {told(period)}", period.person)
            if period.starts_at >= period.ends_at:
                yield Problem(what=f"{what} {told(period)} ends before it begins", do="let `until` be after `from`")


def _overrides(schedule: Schedule) -> Iterator[Problem]:
    for one, two in combinations(schedule.overrides, 2):
        if _shared(one, two) and one.meets(two):
            do = "shorten one of them, or name a domain in each; until then the first in the file counts"
            yield Problem(what=f"overrides overlap: {told(one)}, and {told(two)}", do=do)
    for override in schedule.overrides:
        if any(away.person == override.person and away.meets(override) for away in schedule.holidays):
            do = "name somebody else; while they are away the override does not count"
            yield Problem(what=f"override {told(override)}: {override.person} is away then", do=do)


def _weekly(schedule: Schedule) -> Iterator[Problem]:
    if schedule.weekly_test:
        yield from _zone("the weekly test", schedule.weekly_test.zone)


def _shared(one: Override, two: Override) -> bool:
    return one.is_for(two.domain) or two.is_for(one.domain)


def _misnamed(schedule: Schedule, domains: Collection[str]) -> Iterator[Problem]:
    known = ", ".join(sorted(domains))
    for domain in schedule.layers:
        if domain not in domains:
            yield Problem(what=f"layers are set for {domain}, which is no domain", do=f"domains are {known}")
    for override in schedule.overrides:
        if override.domain and override.domain not in domains:
            yield Problem(what=f"override {told(override)} is for no domain there is", do=f"domains are {known}")
    used = {layer.rotation for layers in schedule.layers.values() for layer in layers} | set(domains)
    for name in schedule.rotations:
        if name not in used:
            do = f"name it in a layer, or name it as a domain is named: {known}"
            yield Problem(what=f"rotation {name} is used by no layer and is no domain", do=do)


def _unknown(schedule: Schedule, where: str, person: str) -> Iterator[Problem]:
    if person not in schedule.people:
        do = f"add [oncall.people.{person}], or correct the name"
        yield Problem(what=f"{where} names {person}, whom nobody knows", do=do)


def _zone(where: str, zone: str) -> Iterator[Problem]:
    if not exists(zone):
        yield Problem(what=f"{where} is in the zone {zone!r}, which does not exist", do=ZONE)


def told(period: Period) -> str:
    """`of ana from 2026-06-16 09:00 UTC`, enough to find it in the file."""
    return f"of {period.person} from {period.starts_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
