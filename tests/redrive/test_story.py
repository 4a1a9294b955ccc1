"""One stuck customer, from the alert to the tenant: only the failed step runs again."""

from pathlib import Path

from temporalio.client import WorkflowFailureError

from tests.conftest import Engine
from tests.redrive.rig import new_rig
from tests.waiting import eventually


async def test_only_the_failed_step_is_run_again(engine: Engine, tmp_path: Path) -> None:
    """Approved by a person: one dpl_, the paid quota, and a tenant that answers."""
    async with new_rig(engine, tmp_path) as rig, rig.worker():
        rig.providers.faults.switch_on("create_database", "reject", 1)
        saga = await rig.buy("7f3")
        try:
            await saga.result()
        except WorkflowFailureError:
            pass
        incident = await rig.alert()

        async def proposed():
            status = await incident.query("status")
            return [p for p in status["proposals"] if p["state"] == "open"]

        first = (await eventually(proposed, "a plan to approve"))[0]
        print(first["would"])
        await incident.execute_update("approve", {"proposal": first["id"], "by": "ana"})

        async def verified():
            status = await incident.query("status")
            print(status["proposals"], status["findings"])
            print([t["what"] + " | " + t["because"] for t in await incident.query("timeline")][-6:])
            return status["phase"] == "resolve"

        await eventually(verified, "resolve")
        print([(l["step"], l["outcome"]) for l in rig.providers.ledger()])
        assert len(rig.providers.deployments("Customer-7f3")) == 1
