"""When somebody else is on call, and when nobody is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from oncall import windows
from oncall.schedule import Layer, Schedule
from oncall.shifts import hand_overs
from oncall.who import OnCall, who
from oncall.zones import exists

LOOK_AHEAD = timedelta(days=400)
"""A change beyond this is not looked for. Longer than the longest shift (366 days)."""
PORTION = timedelta(days=28)
"""Looked at together: most changes are within one."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """The same person, or nobody, from the first instant up to the second. `on_call` is as at the first. UTC."""

    starts_at: datetime
    ends_at: datetime
    on_call: OnCall


def next_change(schedule: Schedule, domain: str, at: datetime) -> datetime | None:
    """The first instant after `at` with another person, or nobody, on call. None: not within LOOK_AHEAD."""
    limit = at + LOOK_AHEAD
    first = next(stretches(schedule, domain, at, limit))
    return first.ends_at if first.ends_at < limit else None


def gaps(schedule: Schedule, domain: str, starts_at: datetime, ends_at: datetime) -> list[Stretch]:
    """Every stretch with nobody on call between the two instants."""
    return [s for s in stretches(schedule, domain, starts_at, ends_at) if s.on_call.person is None]


def stretches(schedule: Schedule, domain: str, starts_at: datetime, ends_at: datetime) -> Iterator[Stretch]:
    """Without holes and in order, from the first instant up to the second; none where that is not after the first."""
    since, last = starts_at.astimezone(UTC), ends_at.astimezone(UTC)
    if since >= last:
        return
    now = who(schedule, domain, since)
    for edge in _edges(schedule, domain, since, last):
        then = who(schedule, domain, edge)
        if then.person != now.person:
            yield Stretch(starts_at=since, ends_at=edge, on_call=now)
            since, now = edge, then
    yield Stretch(starts_at=since, ends_at=last, on_call=now)


def _edges(schedule: Schedule, domain: str, starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    """Every instant after the first and before the second at which the answer may change, in order."""
    while starts_at < ends_at:
        portion = min(starts_at + PORTION, ends_at)
        yield from sorted({at for at in _some(schedule, domain, starts_at, portion) if starts_at < at < portion})
        if portion < ends_at:
            yield portion
        starts_at = portion


def _some(schedule: Schedule, domain: str, starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    for period in (*schedule.overrides, *schedule.holidays):
        yield from (period.starts_at.astimezone(UTC), period.ends_at.astimezone(UTC))
    for layer in schedule.layers_of(domain):
        yield from _of_layer(schedule, layer, starts_at, ends_at)


def _of_layer(schedule: Schedule, layer: Layer, starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    rotation = schedule.rotations.get(layer.rotation)
    if rotation is None or not (exists(rotation.zone) and exists(layer.zone or rotation.zone)):
        return
    if not rotation.source:  # what a source says later is not known now
        yield from hand_overs(rotation, starts_at, ends_at)
    yield from windows.edges(layer, layer.zone or rotation.zone, starts_at, ends_at)
