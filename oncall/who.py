"""Who is on call for a domain at an instant, and why.

An override counts first, then the first layer that is active and has somebody. In a layer it is the member whose shift
it is; whoever is away, or is nobody we know, is passed over for the next member. At most one person, never an error:
what is wrong with the plan is in `oncall/problems.py`, and here it is a reason for having nobody.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from oncall.answer import Answer
from oncall.schedule import Layer, Override, Rotation, Schedule
from oncall.shifts import Shift, shift_at
from oncall.windows import is_active
from oncall.zones import exists


@dataclass(frozen=True, kw_only=True)
class Why:
    """An override, or a layer (which counts from 1) with its shift or what its source said.

    `passed`: who and what did not count.
    """

    override: Override | None = None
    layer: int | None = None
    shift: Shift | None = None
    answer: Answer | None = None
    passed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OnCall:
    """`person` is a key of `people`; None: nobody."""

    person: str | None = None
    why: Why = field(default_factory=Why)


def who(schedule: Schedule, domain: str, at: datetime) -> OnCall:
    """`at` is aware, within the years of `oncall/schedule.py`."""
    passed: tuple[str, ...] = ()
    for turn in _turns(schedule, domain, at.astimezone(UTC)):
        passed += turn.why.passed
        if turn.person is not None:
            return replace(turn, why=replace(turn.why, passed=passed))
    return OnCall(why=Why(passed=passed))


def on_rotation(schedule: Schedule, name: str, at: datetime) -> OnCall:
    """Whose shift of this rotation it is at `at`, whatever domain asks."""
    return _by_layer(schedule, 1, Layer(rotation=name), at.astimezone(UTC))


def _turns(schedule: Schedule, domain: str, at: datetime) -> Iterator[OnCall]:
    """In order of precedence; whoever cannot be called is None, with the reason."""
    for override in schedule.overrides:
        if override.is_for(domain) and override.covers(at):
            yield _by_override(schedule, override, at)
    layers = schedule.layers_of(domain)
    if not layers:
        yield _nobody(f"no rotation is set for {domain}")
    for number, layer in enumerate(layers, 1):
        yield _by_layer(schedule, number, layer, at)


def _by_override(schedule: Schedule, override: Override, at: datetime) -> OnCall:
    away = absence(schedule, override.person, at)
    if away:
        return _nobody(f"override: {away}")
    return OnCall(person=override.person, why=Why(override=override))


def _by_layer(schedule: Schedule, number: int, layer: Layer, at: datetime) -> OnCall:
    rotation = schedule.rotations.get(layer.rotation)
    unusable = _unusable(layer, rotation)
    if rotation is None or unusable:
        return _nobody(unusable)
    if not is_active(layer, layer.zone or rotation.zone, at):
        return _nobody(f"layer {number} ({layer.rotation}) is not active then")
    if rotation.source:
        return _by_source(schedule, number, layer.rotation, at)
    shift = shift_at(layer.rotation, rotation, at)
    if shift is None:
        return _nobody(f"rotation {layer.rotation} has not begun")
    return _by_shift(schedule, rotation, Why(layer=number, shift=shift), at)


def _by_source(schedule: Schedule, number: int, rotation: str, at: datetime) -> OnCall:
    """Whom it named, unless they are away: it knows no other member."""
    answer = schedule.answer(rotation)
    if answer.person is None:
        return _nobody(answer.note)
    away = absence(schedule, answer.person, at)
    return _nobody(away) if away else OnCall(person=answer.person, why=Why(layer=number, answer=answer))


def _by_shift(schedule: Schedule, rotation: Rotation, why: Why, at: datetime) -> OnCall:
    """The member whose turn it is, else the next one after."""
    passed: tuple[str, ...] = ()
    first = why.shift.number - 1 if why.shift else 0
    for n in range(len(rotation.members)):
        member = rotation.members[(first + n) % len(rotation.members)]
        away = absence(schedule, member, at)
        if not away:
            return OnCall(person=member, why=replace(why, passed=passed))
        passed += (away,) if away not in passed else ()
    return _nobody(*passed)


def _unusable(layer: Layer, rotation: Rotation | None) -> str:
    """Why this layer can never name anybody; empty: it can."""
    if rotation is None:
        return f"there is no rotation {layer.rotation}"
    if not (rotation.members or rotation.source):
        return f"rotation {layer.rotation} has no members"
    missing = [zone for zone in (rotation.zone, layer.zone or rotation.zone) if not exists(zone)]
    return f"there is no zone {missing[0]!r}" if missing else ""


def absence(schedule: Schedule, person: str, at: datetime) -> str:
    """Why this person cannot be called; empty: they can."""
    if person not in schedule.people:
        return f"{person} is nobody we know"
    away = any(holiday.person == person and holiday.covers(at) for holiday in schedule.holidays)
    return f"{person} is away" if away else ""


def _nobody(*reasons: str) -> OnCall:
    return OnCall(why=Why(passed=reasons))
