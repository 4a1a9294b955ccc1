"""The worker that carries sagas out, and runs the cron."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from gameday.provisioning.contract import TASK_QUEUE
from gameday.provisioning.cron import Reconcile, ReconcileProvisioning
from gameday.provisioning.doors import application
from gameday.provisioning.in_process import in_process
from gameday.provisioning.providers import Providers
from gameday.provisioning.sagas.children import ProvisionRegion
from gameday.provisioning.sagas.tenant import ProvisionTenant
from gameday.provisioning.starting import plain
from gameday.provisioning.steps import Steps

SANDBOX = SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules("gameday"))
"""Sagas are loaded once: inside, each would execute the whole platform again."""


def worker(client: Client, http: httpx.AsyncClient, *, task_queue: str = TASK_QUEUE, remembered: int = 200) -> Worker:
    """`http`: a client of the platform. `remembered`: workflows kept between tasks; 0 replays them at each."""
    ours = plain(client)
    return Worker(
        ours,
        task_queue=task_queue,
        workflows=[ProvisionTenant, ProvisionRegion, ReconcileProvisioning],
        activities=[*Steps(http).all(), *Reconcile(ours).all()],
        workflow_runner=SANDBOX,
        max_cached_workflows=remembered,
        graceful_shutdown_timeout=timedelta(0),
    )


@asynccontextmanager
async def saga_worker(
    client: Client, providers: Providers, *, task_queue: str = TASK_QUEUE, remembered: int = 200
) -> AsyncIterator[Worker]:
    """Carries out sagas in the client's namespace, on providers in this process, for the length of the block."""
    async with (
        in_process(application(providers)) as http,
        worker(client, http, task_queue=task_queue, remembered=remembered) as running,
    ):
        yield running
