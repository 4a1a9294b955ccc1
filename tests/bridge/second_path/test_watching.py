"""The watch goes on, whatever the engine says to one of its questions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bridge.intake import EngineAway, Taken
from bridge.second_path.standstill import Queue
from bridge.second_path.watching import Watch
from incident.model.alert import Alert
from tests.bridge.second_path.desk import AFTER, Desk, database_down


@dataclass
class Engine:
    """Says that all is well, and takes alerts, unless it `refuses` them or `breaks`."""

    refuses: set[str] = field(default_factory=set)
    """Instances of those that it never takes."""
    breaks: bool = False
    taken: list[str] = field(default_factory=list)

    async def queue(self, _: object) -> Queue:
        if self.breaks:
            raise ZeroDivisionError("a bug")
        return Queue(worker_seen=True, oldest_waits=timedelta(0), waiting=0)

    async def take(self, alerts: Sequence[Alert]) -> tuple[Taken, ...]:
        for alert in alerts:
            if alert.labels["instance"] in self.refuses:
                raise EngineAway("invalid argument", (alert,))
            self.taken.append(alert.labels["instance"])
        return ()


def watch(desk: Desk, engine: Any) -> Watch:
    return Watch(desk.path, engine, engine, AFTER, desk.woken.leave)


async def test_an_alert_the_engine_never_takes_keeps_no_other_waiting(desk: Desk) -> None:
    """Each is handed over for itself."""
    await desk.misses(database_down("a"), database_down("b"))
    engine = Engine(refuses={"https://a.test/api/ready"})
    await watch(desk, engine).turn()
    assert engine.taken == ["https://b.test/api/ready"]


async def test_people_are_paged_though_the_look_at_the_engine_fails_in_an_unknown_way(desk: Desk) -> None:
    """Whatever is wrong with us, what is known already is paged for."""
    await desk.misses(database_down())
    desk.at += AFTER
    with pytest.raises(ZeroDivisionError):
        await watch(desk, Engine(breaks=True)).turn()
    assert len(desk.paged) == 1
