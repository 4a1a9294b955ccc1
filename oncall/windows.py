"""When a layer is active: its daily window as stretches of time.

A window is from one instant to another, not "while the clock shows": an hour that DST shows twice opens it once.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from incident.model.zones import at_local, local
from oncall.schedule import Layer
from oncall.written import Weekday

MIDNIGHT = time(0)
DAY = timedelta(days=1)
WEEK = tuple(Weekday)


def is_active(layer: Layer, zone: str, at: datetime) -> bool:
    """Is `at` in the window of its local day, or of a day beside it (over midnight, or a clock put back over it)?"""
    if layer.is_always:
        return True
    today = local(at, zone).date()
    return any(starts_at <= at < ends_at for starts_at, ends_at in _windows(layer, zone, today - DAY, today + DAY))


def edges(layer: Layer, zone: str, starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    """Every instant at which it becomes active or inactive between these two; some more do no harm."""
    if layer.is_always:
        return
    for window in _windows(layer, zone, local(starts_at, zone).date() - DAY, local(ends_at, zone).date() + DAY):
        yield from window


def _windows(layer: Layer, zone: str, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    """Those that begin on the local days from `first` to `last`. DST may leave one no time at all."""
    if layer.is_never:
        return
    opens, closes = layer.opens or MIDNIGHT, layer.closes or MIDNIGHT
    for day in (first + n * DAY for n in range((last - first).days + 1)):
        starts_at, ends_at = at_local(day, opens, zone), at_local(day if opens < closes else day + DAY, closes, zone)
        if WEEK[day.weekday()] in layer.weekdays:
            yield starts_at, ends_at
