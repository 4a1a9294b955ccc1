"""The platform as a process of its own: what it announces, and what a `kill -9` cannot take."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from gameday.provisioning.contract import NAMESPACE, SEARCH_ATTRIBUTES, Order
from gameday.provisioning.launch import RunningPlatform, read_platform, start_platform
from tests.conftest import Engine
from tests.gameday.provisioning.conftest import QUICK
from tests.waiting import eventually


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("platform")


@dataclass(frozen=True)
class Killed:
    """A platform that was killed, and runs again in the same home; what it told before."""

    platform: RunningPlatform
    before: dict[str, Any]


def told(platform: RunningPlatform) -> dict[str, Any]:
    return {
        "deployments": platform.deployments("Killed"),
        "quota": platform.quota("Killed"),
        "ledger": platform.ledger(),
        "jobs": [job for job in platform.jobs() if job["customer"] == "Killed"],
        "faults": httpx.get(f"{platform.control}/faults").json()["on"],
    }


@pytest.fixture(scope="module")
def killed(home: Path, engine: Engine) -> Iterator[Killed]:
    """The engine's namespace did not exist before; the second time with a real PostgreSQL, where there is one."""
    with start_platform(home, 0, engine.address, "--no-database") as platform:
        job = {"x-provisioning-job": "k1"}
        with httpx.Client(base_url=platform.control, headers=job, timeout=20) as http:
            http.post("/deployments", json={"customer": "Killed", "plan": "L"}).raise_for_status()
            http.put("/quotas/Killed", json={"paid_gb": 500}).raise_for_status()
            http.post("/databases", json={"customer": "Killed"}).raise_for_status()
        platform.fault("remove_dns", "fail")
        before = told(platform)
        os.kill(platform.pid, signal.SIGKILL)
    with start_platform(home, 0, engine.address) as platform:
        yield Killed(platform, before)


@pytest.fixture(scope="module")
def running(killed: Killed) -> RunningPlatform:
    return killed.platform


@pytest.mark.parametrize("what", ["deployments", "quota", "ledger", "jobs", "faults"])
def test_a_kill_loses_nothing(killed: Killed, what: str) -> None:
    """All is as it was before the `kill -9`."""
    assert told(killed.platform)[what] == killed.before[what]


def test_tenants_are_made_again_in_a_new_cluster(running: RunningPlatform) -> None:
    """The throw-away PostgreSQL dies with the platform: afterwards a tenant of before can log in to the new one."""
    checks = httpx.get(f"{running.control}/tenants/Killed/health").json()["checks"]
    assert {"name": "database", "ok": True, "is": "tenant_killed"} in checks


async def whole(platform: RunningPlatform, customer: str) -> None:
    async def healthy() -> bool:
        return platform.is_healthy(customer)

    await eventually(healthy, f"{customer} has a tenant")


async def test_a_customer_who_pays_gets_a_tenant(running: RunningPlatform) -> None:
    """From the checkout to a database one can log in to."""
    running.check_out(Order("p1", "ACME", "L", paid_gb=500, patience=QUICK))
    await whole(running, "ACME")
    assert (len(running.deployments("ACME")), running.quota("ACME")) == (1, 500)


def test_a_lost_answer_closes_the_connection(running: RunningPlatform) -> None:
    """Over a real socket too: no answer, and it is done."""
    running.fault("reserve_deployment", "lost", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{running.control}/deployments", json={"customer": "Lost"})
    assert len(running.deployments("Lost")) == 1


def test_the_announcement_is_where_it_says(running: RunningPlatform, home: Path) -> None:
    assert read_platform(home) == running


async def test_the_namespace_knows_the_search_attributes(running: RunningPlatform, engine: Engine) -> None:
    """Registered by the platform itself, and usable: a query with all of them is answered."""
    client = await Client.connect(engine.address, namespace=NAMESPACE)
    query = " AND ".join(f"{key.name} IS NULL" for key in SEARCH_ATTRIBUTES)
    assert (await client.count_workflows(query)).count >= 0


def test_the_cron_is_not_there_unless_asked_for(running: RunningPlatform) -> None:
    assert httpx.get(f"{running.control}/cron").json() == {"exists": False}
