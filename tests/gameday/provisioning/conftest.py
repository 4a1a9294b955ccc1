"""The platform in this process, on an engine's namespace of its own; each test has customers of its own."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from temporalio.client import Client, WorkflowFailureError

from gameday.provisioning.contract import Order, Patience
from gameday.provisioning.doors import application
from gameday.provisioning.in_process import in_process
from gameday.provisioning.namespace import prepare
from gameday.provisioning.providers import Providers
from gameday.provisioning.starting import SagaHandle, check_out
from gameday.provisioning.worker import saga_worker
from tests.conftest import Engine, new_namespace

NUMBERS = itertools.count(1)
QUICK = Patience(attempts=1, attempt_s=10, first_wait_s=0.02)
TWICE = replace(QUICK, attempts=2)
"""The engine looks at its timers once a second: a retry takes at least that."""


@dataclass
class Platform:
    """A client of the namespace, the providers behind its worker, and their HTTP."""

    client: Client
    providers: Providers
    http: httpx.AsyncClient
    address: str
    order: Order = field(default_factory=lambda: Order("", "", "L", paid_gb=500, patience=QUICK))

    def ordered(self, **changes: Any) -> Order:
        """An order of a new customer."""
        number = next(NUMBERS)
        return replace(self.order, job=f"j{number}", customer=f"Customer {number}", **changes)

    async def buy(self, **changes: Any) -> tuple[Order, SagaHandle]:
        order = self.ordered(**changes)
        return order, await check_out(self.client, self.providers, order)

    def calls(self, customer: str) -> list[str]:
        """Steps that were called for the customer, in order."""
        return [line["step"] for line in self.providers.ledger() if line["customer"] == customer]

    def outcomes(self, customer: str, step: str) -> list[str]:
        lines = self.providers.ledger()
        return [line["outcome"] for line in lines if (line["customer"], line["step"]) == (customer, step)]


async def failed(handle: SagaHandle) -> BaseException | None:
    """What the saga failed of, at the root; it must fail."""
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    error: BaseException | None = caught.value
    while error is not None and getattr(error, "cause", None) is not None:
        error = error.cause  # type: ignore[attr-defined]
    return error


@asynccontextmanager
async def new_platform(engine: Engine, remembered: int = 200) -> AsyncIterator[Platform]:
    """In a namespace of its own, with its own worker. `remembered` 0: it replays a saga at each task."""
    client = await new_namespace(engine)
    await prepare(client)
    providers = Providers()
    async with saga_worker(client, providers, remembered=remembered), in_process(application(providers)) as http:
        yield Platform(client, providers, http, engine.address)


@pytest.fixture(scope="session")
async def shared_platform(engine: Engine) -> AsyncIterator[Platform]:
    async with new_platform(engine) as platform:
        yield platform


@pytest.fixture
async def own_platform(engine: Engine) -> AsyncIterator[Platform]:
    """For a cron, which drives every saga of its namespace. Replays, so that what does not replay is found."""
    async with new_platform(engine, remembered=0) as platform:
        yield platform


@pytest.fixture
def platform(shared_platform: Platform) -> Platform:
    """Whole again for every test: no faults, the usual settings."""
    shared_platform.providers.faults.switch_all_off()
    shared_platform.providers.store.write("DELETE FROM settings")
    return shared_platform
