"""When a rotation hands over, and whose shift an instant is in.

Hand-overs are calendar days apart on the local clock, not 24 hours: 09:00 stays 09:00 on both sides of a DST change.
A hand-over whose time DST skips happens as much later; one whose time is shown twice happens at the first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from incident.model.zones import at_local, local
from oncall.schedule import Rotation


@dataclass(frozen=True, kw_only=True)
class Shift:
    """One turn of a rotation. `number` counts from 1, `member` is whose turn it is; instants are UTC."""

    rotation: str
    number: int
    member: str
    starts_at: datetime
    ends_at: datetime
    zone: str


def shift_at(name: str, rotation: Rotation, at: datetime) -> Shift | None:
    """None before the first one. The rotation has members and a zone that exists."""
    turn = _turn(rotation, at)
    if turn < 0:
        return None
    return Shift(
        rotation=name,
        number=turn + 1,
        member=rotation.members[turn % len(rotation.members)],
        starts_at=_begins(rotation, turn),
        ends_at=_begins(rotation, turn + 1),
        zone=rotation.zone,
    )


def hand_overs(rotation: Rotation, starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    """Every beginning of a shift after the first instant and before the second."""
    turn = max(_turn(rotation, starts_at) + 1, 0)
    while (begins := _begins(rotation, turn)) < ends_at:
        yield begins
        turn += 1


def _turn(rotation: Rotation, at: datetime) -> int:
    """The last one that has begun, counted from 0. Negative: none has.

    One too many at first: a clock put back over midnight shows the day before again.
    """
    passed = (local(at, rotation.zone).date() - rotation.starts).days
    turn = passed // rotation.days + 1
    while _begins(rotation, turn) > at:
        turn -= 1
    return turn


def _begins(rotation: Rotation, turn: int) -> datetime:
    return at_local(rotation.starts + timedelta(days=turn * rotation.days), rotation.hand_over, rotation.zone)
