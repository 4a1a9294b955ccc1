"""The providers are as unforgiving as real ones; asked over their HTTP, without an engine."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from gameday.provisioning.doors import TOKEN, application
from gameday.provisioning.in_process import in_process
from gameday.provisioning.jobs import STUCK_AFTER_S
from gameday.provisioning.page import page
from gameday.provisioning.providers import Providers


@dataclass
class Desk:
    providers: Providers
    http: httpx.AsyncClient

    async def minted(self, key: str = "") -> str:
        headers = {"Idempotency-Key": key} if key else {}
        wish = {"customer": "ACME", "plan": "L"}
        return (await self.http.post("/deployments", json=wish, headers=headers)).json()["id"]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    providers = Providers()
    app = application(providers)
    app.include_router(page(providers, None, ""))
    async with in_process(app) as http:
        yield Desk(providers, http)


async def test_each_call_mints_another_deployment(desk: Desk) -> None:
    """Without a key nothing tells a repetition from a second order."""
    assert await desk.minted() != await desk.minted()


async def test_the_same_key_gets_the_same_deployment(desk: Desk) -> None:
    assert await desk.minted("7f3/mint") == await desk.minted("7f3/mint")


async def test_another_key_gets_another_deployment(desk: Desk) -> None:
    assert await desk.minted("7f3/mint") != await desk.minted("7f4/mint")


async def test_a_deployment_is_found_by_its_key(desk: Desk) -> None:
    """The reconcile look-up."""
    made = await desk.minted("7f3/mint")
    await desk.minted("7f4/mint")
    found = (await desk.http.get("/deployments", params={"key": "7f3/mint"})).json()
    assert [row["id"] for row in found] == [made]


async def test_a_quota_without_an_amount_is_zero(desk: Desk) -> None:
    """Runbook §3.1: a paid quota is zeroed out."""
    await desk.http.put("/quotas/ACME", json={"paid_gb": 500})
    await desk.http.put("/quotas/ACME", json={})
    assert (await desk.http.get("/quotas/ACME")).json()["paid_gb"] == 0


async def test_the_ledger_says_what_a_call_changed(desk: Desk) -> None:
    await desk.http.put("/quotas/ACME", json={"paid_gb": 500})
    await desk.http.put("/quotas/ACME")
    changed = [line["changed"] for line in (await desk.http.get("/ledger")).json()]
    assert changed == ["quota none → 500 GB", "quota 500 → 0 GB"]


async def test_a_second_database_is_refused(desk: Desk) -> None:
    await desk.http.post("/databases", json={"customer": "ACME"})
    assert (await desk.http.post("/databases", json={"customer": "ACME"})).status_code == 409


async def test_a_second_database_is_made_where_the_setting_says_so(desk: Desk) -> None:
    await desk.http.put("/settings", json={"database_conflict": "second"})
    await desk.http.post("/databases", json={"customer": "ACME"})
    await desk.http.post("/databases", json={"customer": "ACME"})
    names = [row["name"] for row in (await desk.http.get("/databases/ACME")).json()]
    assert names == ["tenant_acme", "tenant_acme_2"]


async def test_a_mail_sent_twice_is_two_mails(desk: Desk) -> None:
    """Whatever key it carries."""
    for _ in range(2):
        await desk.http.post("/mails", json={"customer": "ACME"}, headers={"Idempotency-Key": "7f3/mail"})
    assert len((await desk.http.get("/mails", params={"customer": "ACME"})).json()) == 2


async def test_billing_is_activated_once_per_key(desk: Desk) -> None:
    for _ in range(2):
        await desk.http.post(
            "/billing/activations", json={"customer": "ACME"}, headers={"Idempotency-Key": "7f3/billing"}
        )
    assert len(desk.providers.activations("ACME")) == 1


async def test_a_released_reservation_is_gone_for_its_deployment(desk: Desk) -> None:
    made = await desk.minted()
    await desk.http.delete(f"/reservations/{made}")
    assert [row["released"] for row in desk.providers.deployments("ACME")] == [1]


async def test_the_job_list_asks_for_a_bearer(desk: Desk) -> None:
    assert (await desk.http.get("/jobs")).status_code == 401


async def test_a_job_without_progress_for_fifteen_minutes_is_stuck(desk: Desk) -> None:
    """Runbook §3.1."""
    desk.providers.jobs.paid("7f3", "ACME", "L", 500)
    now = time.time()
    states = [desk.providers.jobs.all(now + later)[0]["state"] for later in (STUCK_AFTER_S - 60, STUCK_AFTER_S + 60)]
    assert states == ["provisioning", "stuck"]


async def test_a_job_at_its_eighth_attempt_is_stuck(desk: Desk) -> None:
    """Runbook §3.1, and the metric says so."""
    desk.providers.faults.switch_on("set_quota", "fail")
    for _ in range(8):
        await desk.http.put("/quotas/ACME", json={"paid_gb": 5}, headers={"x-provisioning-job": "7f3"})
    assert "tlsstress_provisioning_stuck 1" in (await desk.http.get("/metrics")).text


async def test_the_job_list_names_step_and_error(desk: Desk) -> None:
    desk.providers.faults.switch_on("set_quota", "fail")
    await desk.http.put("/quotas/ACME", json={"paid_gb": 5}, headers={"x-provisioning-job": "7f3"})
    job = (await desk.http.get("/jobs", headers={"authorization": f"Bearer {TOKEN}"})).json()[0]
    assert (job["step"], job["attempts"], job["last_error"]) == ("set_quota", 1, "503: service unavailable")


async def test_metrics_refuse_a_wrong_token(desk: Desk) -> None:
    assert (await desk.http.get("/metrics", headers={"authorization": "Bearer old"})).status_code == 401


async def test_the_amount_is_handed_over_to_the_first_run_alone(desk: Desk) -> None:
    """A rerun that asks the checkout again learns nothing, the same run may ask twice."""
    desk.providers.jobs.paid("7f3", "ACME", "L", 500)
    amounts = [desk.providers.jobs.hand_over("7f3", run) for run in ("run-1", "run-1", "run-2")]
    assert amounts == [500, 500, None]


async def test_the_page_shows_a_second_deployment_in_red(desk: Desk) -> None:
    desk.providers.jobs.paid("7f3", "ACME", "L", 500)
    await desk.minted()
    await desk.minted()
    assert "minted 2 times" in (await desk.http.get("/")).text
