"""Which rotations a page's targets can lead to: only those have to be asked about elsewhere."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from oncall.audience import ON_CALL, OWNER, ROTATION
from oncall.schedule import Layer, Schedule
from oncall.windows import is_active
from oncall.zones import exists


def needed(schedule: Schedule, targets: Iterable[str], domain: str, at: datetime) -> frozenset[str]:
    """Names of rotations, those without a source among them. People by name and `everyone` need none."""
    return frozenset(name for target in targets for name in _behind(schedule, target, domain, at))


def _behind(schedule: Schedule, target: str, domain: str, at: datetime) -> Iterator[str]:
    if target == ON_CALL:
        yield from (layer.rotation for layer in schedule.layers_of(domain) if _may_count(schedule, layer, at))
    elif target == OWNER:
        owners = schedule.owners.get(domain, ())
        yield from (owner.removeprefix(ROTATION) for owner in owners if owner.startswith(ROTATION))
    elif target.startswith(ROTATION):
        yield target.removeprefix(ROTATION)


def _may_count(schedule: Schedule, layer: Layer, at: datetime) -> bool:
    rotation = schedule.rotations.get(layer.rotation)
    zone = layer.zone or (rotation.zone if rotation else "")
    return rotation is not None and exists(zone) and is_active(layer, zone, at)
