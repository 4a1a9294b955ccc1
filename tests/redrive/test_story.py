"""One stuck customer, from the alert to the tenant: only the failed step runs again."""

from pathlib import Path

from tests.conftest import Engine
from tests.redrive.incidents import approve, ended_badly, open_plans, resolved
from tests.redrive.rig import new_rig


async def test_only_the_failed_step_is_run_again(engine: Engine, tmp_path: Path) -> None:
    """Approved by a person: one dpl_, the paid quota, and a tenant that answers."""
    async with new_rig(engine, tmp_path) as rig, rig.worker():
        rig.providers.faults.switch_on("create_database", "reject", 1)
        await ended_badly(await rig.buy("7f3"))
        incident = await rig.alert()
        await approve(incident, (await open_plans(incident, 1))[0])
        await resolved(incident)
        called = [line["step"] for line in rig.providers.ledger()]
    assert (called.count("reserve_deployment"), called.count("set_quota"), called.count("create_database")) == (1, 1, 2)
