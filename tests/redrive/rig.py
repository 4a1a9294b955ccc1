"""Our side and theirs on one real engine: their sagas and providers, our worker with its desk, each in a namespace."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client, WorkflowHandle

from activities.ledger import Ledger
from activities.links import Links
from activities.outside import Outside
from activities.provide import World, provide
from activities.saga_desk import SagaDesk
from gameday.provisioning.contract import SCHEDULE_ID, Order, Patience
from gameday.provisioning.doors import TOKEN, application
from gameday.provisioning.in_process import BASE, in_process
from gameday.provisioning.namespace import prepare
from gameday.provisioning.providers import Providers
from gameday.provisioning.starting import SagaHandle, check_out
from gameday.provisioning.worker import saga_worker
from incident.model.alert import Alert
from incident.model.response_policy import ResponsePolicy
from integrations.aws import Aws
from integrations.ports import Channels
from integrations.provisioning import Platform
from integrations.sagas import Sagas
from integrations.settings import AwsSettings, MetricsSettings, ProvisioningSettings
from runbook.alerts.ProvisioningJobsStuck import PLAYBOOK
from runbook.provisioning import SAGA
from runbook.response import RESPONSE, at_speed
from saga.words import SagaKnowledge
from tests.conftest import Engine, new_namespace
from tests.fakes import FakeChat, FakePager
from worker.__main__ import workers
from workflows import contract

LOOKUPS = {
    "deployments": f"{BASE}/deployments?customer={{key}}",
    "quotas": f"{BASE}/quotas/{{key}}",
    "databases": f"{BASE}/databases/{{key}}",
    "dns": f"{BASE}/dns/{{key}}",
    "billing": f"{BASE}/billing/activations?customer={{key}}",
    "mails": f"{BASE}/mails?customer={{key}}",
    "tenants": f"{BASE}/tenants/{{key}}/health",
}
QUICK = Patience(attempts=1, attempt_s=5, first_wait_s=0.02)
POLICY: ResponsePolicy = replace(
    at_speed(RESPONSE, 3600),
    ack_within=timedelta(hours=1),
    proposal_valid_for=timedelta(hours=1),
    yes_valid_for=timedelta(hours=1),
    probe_every=timedelta(seconds=0.2),
    verify_patience=timedelta(seconds=20),
    look_patience=timedelta(seconds=30),
    automation_patience=timedelta(seconds=2),
    greens_in_a_row=1,
)


@dataclass
class Rig:
    """`sagas`: client of their namespace; `ours`: of our own."""

    sagas: Client
    ours: Client
    providers: Providers
    http: httpx.AsyncClient
    home: Path
    knowledge: SagaKnowledge = SAGA
    pager: FakePager = field(default_factory=FakePager)
    chat: FakeChat = field(default_factory=FakeChat)

    @property
    def desk(self) -> SagaDesk:
        settings = ProvisioningSettings(
            temporal_address="as given",
            namespace=self.sagas.namespace,
            schedule_id=SCHEDULE_ID,
            jobs_url=f"{BASE}/jobs",  # type: ignore[arg-type]
            lookups=LOOKUPS,
            token=TOKEN,  # type: ignore[arg-type]
        )
        return SagaDesk(sagas=Sagas(self.sagas), platform=Platform(self.http, settings), knowledge=self.knowledge)

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """Our workers, for the length of the block."""
        ledger = Ledger(self.home / "ledger.db")
        world = World(
            outside=Outside(
                http=self.http, aws=Aws(AwsSettings()), apps=(), metrics=MetricsSettings(), sagas=self.desk
            ),
            channels=Channels(pagers={"ntfy": self.pager}, chat=self.chat),
            ledger=ledger,
            links=Links("http://127.0.0.1:8233"),
            home=self.home,
            speed=1.0,
        )
        first, second, third = workers(self.ours, provide(world), grace=timedelta(0))
        async with first, second, third:
            yield
        ledger.close()

    async def buy(self, job: str, **order: Any) -> SagaHandle:
        """A customer pays, and the saga begins."""
        given: dict[str, Any] = {"plan": "L", "paid_gb": 500, "patience": QUICK} | order
        return await check_out(self.sagas, self.providers, Order(job, f"Customer-{job}", **given))

    async def alert(self, name: str = "incident-ProvisioningJobsStuck") -> WorkflowHandle[Any, Any]:
        """What the bridge would do."""
        alert = Alert(name="ProvisioningJobsStuck", summary="a paid customer has no tenant", fingerprint=name)
        return await self.ours.start_workflow(
            contract.WORKFLOW_TYPE,
            contract.IncidentInput(alert=alert, playbook=PLAYBOOK, policy=POLICY),
            id=name,
            task_queue=contract.TASK_QUEUE,
        )


@asynccontextmanager
async def new_rig(engine: Engine, home: Path) -> AsyncIterator[Rig]:
    """Two namespaces of its own."""
    theirs, ours = await new_namespace(engine), await new_namespace(engine)
    await prepare(theirs)
    providers = Providers()
    async with saga_worker(theirs, providers), in_process(application(providers)) as http:
        yield Rig(theirs, ours, providers, http, home)
