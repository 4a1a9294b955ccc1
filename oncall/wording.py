"""Why somebody is on call, in a sentence that a sleepy person understands."""

from datetime import UTC, datetime

from incident.model.zones import local
from oncall.schedule import Layer, Schedule
from oncall.who import OnCall, Why
from oncall.written import Weekday
from oncall.zones import exists

AT = "%a %Y-%m-%d %H:%M"


def because(schedule: Schedule, domain: str, on_call: OnCall) -> str:
    """Which override, or which layer and shift; then whoever was passed over."""
    reasons = [_counted(schedule, domain, on_call.why), *on_call.why.passed]
    return "; ".join(reason for reason in reasons if reason)


def instant(at: datetime, zone: str) -> str:
    """`Mon 2026-06-22 07:00 UTC (09:00 Europe/Berlin)`: in UTC, and on the rotation's own clock."""
    utc = f"{at.astimezone(UTC):{AT}} UTC"
    if not exists(zone) or zone == "UTC":
        return utc
    there = local(at, zone)
    same_day = there.date() == at.astimezone(UTC).date()
    return f"{utc} ({there:{'%H:%M' if same_day else AT}} {zone})"


def zone_of(schedule: Schedule, domain: str, on_call: OnCall) -> str:
    """The clock its people live by: the shift's, else that of the domain's first rotation, else UTC."""
    if on_call.why.shift:
        return on_call.why.shift.zone
    named = (schedule.rotations.get(layer.rotation) for layer in schedule.layers_of(domain))
    return next((rotation.zone for rotation in named if rotation), "UTC")


def _counted(schedule: Schedule, domain: str, why: Why) -> str:
    if why.override:
        reach = f"for {why.override.domain}" if why.override.domain else "for every domain"
        period = f"{why.override.starts_at.astimezone(UTC):{AT}} to {why.override.ends_at.astimezone(UTC):{AT}} UTC"
        return f"override {reach}, {period}"
    if why.layer is None:
        return ""
    layers = schedule.layers_of(domain)
    where = f"layer {why.layer} of {len(layers)}{_window(layers[why.layer - 1])}"
    if why.answer:
        return f"{where}, {why.answer.source} says so" + (f" ({why.answer.note})" if why.answer.note else "")
    if why.shift is None:
        return where
    shift = f"shift {why.shift.number} of rotation {why.shift.rotation}"
    return f"{where}, {shift}"


def _window(layer: Layer) -> str:
    """` (08:00-20:00, mon tue wed thu fri)`; nothing where it is always active."""
    hours = f"{layer.opens:%H:%M}-{layer.closes:%H:%M}" if layer.opens and layer.closes else ""
    days = "" if set(layer.weekdays) == set(Weekday) else " ".join(layer.weekdays)
    told = ", ".join(part for part in (hours, days) if part)
    return f" ({told})" if told else ""
