"""The sweeper outlives whatever the saga's engine does to it, and keeps its hands off leases that stand."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from temporalio.api.schedule.v1 import Schedule

from activities.saga_desk import SagaDesk
from cli.examine_saga import examine_saga
from integrations.clock import utc_now
from integrations.errors import Unreachable
from integrations.http import shared_client
from integrations.settings import ProvisioningSettings
from runbook.provisioning import SAGA
from saga.fence import Lease, Pause, held
from tests.waiting import eventually
from worker.engine import free_port
from worker.settings import Settings
from worker.sweeping import sweeping


class Engine:
    """A saga's engine with one schedule, and with moods."""

    def __init__(self, state: Pause, *moods: Exception) -> None:
        self.state, self.moods, self.asked = state, list(moods), 0

    async def schedule(self, _: str) -> Any:
        self.asked += 1
        if self.moods:
            raise self.moods.pop(0)
        schedule = Schedule()
        schedule.state.paused, schedule.state.notes = self.state.paused, self.state.note
        return SimpleNamespace(schedule=schedule, conflict_token=b"")

    async def replace_schedule(self, _: str, schedule: Any, *, conflict_token: bytes) -> None:
        self.state = Pause(paused=schedule.state.paused, note=schedule.state.notes)


def desk(engine: Engine) -> SagaDesk:
    platform = SimpleNamespace(settings=ProvisioningSettings())
    return SagaDesk(engine, platform, SAGA)  # type: ignore[arg-type]


def leased(minutes: int) -> Pause:
    """A cron that ran before, held until then."""
    until = utc_now() + timedelta(minutes=minutes)
    return held(Pause(paused=False, note="as before"), Lease(holder="redrive-x", incident="incident-1", until=until))


async def test_it_never_dies() -> None:
    """Neither of an engine that is away, nor of an error that nobody thought of."""
    engine = Engine(leased(-1), Unreachable("away"), ValueError("never thought of"), Unreachable("away"))
    async with sweeping(desk(engine), every_s=0.01):

        async def free() -> bool:
            return not engine.state.paused

        await eventually(free, "the cron runs again")
    assert engine.state == Pause(paused=False, note="as before")


async def test_a_lease_that_stands_is_left_alone() -> None:
    engine = Engine(leased(5))
    before = engine.state
    async with sweeping(desk(engine), every_s=0.01):

        async def asked() -> bool:
            return engine.asked > 3

        await eventually(asked, "it looked several times")
    assert engine.state == before


async def test_without_a_saga_there_is_nothing_to_sweep() -> None:
    async with sweeping(None):
        assert True


async def test_the_doctor_says_that_no_saga_is_set() -> None:
    async with shared_client() as http:
        lines = await examine_saga(Settings(), http)
    assert [(line.what, line.verdict.value) for line in lines] == [("saga engine", "unknown")]


async def test_the_doctor_says_that_the_sagas_engine_is_away() -> None:
    """And that the fence cannot be seen then."""
    told = ProvisioningSettings(temporal_address=f"127.0.0.1:{free_port()}")
    async with shared_client() as http:
        lines = await examine_saga(Settings(provisioning=told), http)
    assert [(line.what, line.verdict.value) for line in lines] == [("saga engine", "bad"), ("fence", "unknown")]
