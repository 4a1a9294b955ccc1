"""`docs/redrivable-sagas.md` on a real engine: its saga, its runbook and its lines are run as they stand there."""

import asyncio
import functools
import importlib.util
import json
import os
import re
import shlex
import textwrap
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.outside import Outside
from activities.saga_desk import SagaDesk
from integrations.aws import Aws
from integrations.provisioning import Platform
from integrations.sagas import Execution, Sagas
from integrations.settings import AwsSettings, MetricsSettings, ProvisioningSettings
from saga.diagnosis import Case
from saga.effects import Move
from saga.words import Message, RetryOffer, SagaKnowledge, Sign, Source, Via, Where
from tests.conftest import Engine, House, new_namespace
from tests.house.sources import ROOT
from tests.waiting import eventually
from worker.engine import free_port

PAGE = (ROOT / "docs/redrivable-sagas.md").read_text()
OFFER = RetryOffer(
    retry=Message(via=Via.UPDATE, name="retry_step", payload={"step": "{step}"}),
    parked=Sign(source=Source(where=Where.SEARCH_ATTRIBUTE, name="NeedsHuman"), equals="true"),
)


def block(name: str) -> str:
    """The file of that name in the page."""
    found = re.findall(r"^ *```python\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)
    return next(text for text in map(textwrap.dedent, found) if text.startswith(f"# {name}\n"))


def lines(program: str) -> list[list[str]]:
    """What the page tells people to type to it, as words, in order."""
    typed = "\n".join(re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
    return [words for words in map(shlex.split, typed.splitlines()) if words[:1] == [program]]


def loaded(name: str, folder: Path) -> ModuleType:
    """The page's file as a module."""
    path = folder / Path(name).name
    path.write_text(block(name))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ModuleType]:
    """`shop.py`, its provider on a free port."""
    module = loaded("shop.py", tmp_path)
    module.PORT = free_port()
    server = ThreadingHTTPServer(("127.0.0.1", module.PORT), module.Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield module
    server.shutdown()


@pytest.fixture
def knowledge(tmp_path: Path) -> SagaKnowledge:
    told: SagaKnowledge = loaded("runbook/provisioning.py", tmp_path).SAGA
    return told


@dataclass(frozen=True)
class Street:
    """The shop's own namespace, what we know of it, and how to type."""

    engine: Engine
    theirs: Client
    shop: ModuleType
    desk: SagaDesk

    async def type(self, line: list[str], namespace: str) -> str:
        """At the real CLI."""
        env = os.environ | {"TEMPORAL_ADDRESS": self.engine.address, "TEMPORAL_NAMESPACE": namespace}
        process = await asyncio.create_subprocess_exec(
            self.engine.cli, *line[1:], env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return said.decode()

    async def sold(self, customer: str, kind: str = "ProvisionShop") -> str:
        """As `python shop.py <customer>` does it; the saga's id."""
        known = TypedSearchAttributes([SearchAttributePair(self.shop.CUSTOMER, customer)])
        order = {"customer": customer, "paid_gb": 50}
        name = f"shop-{customer}"
        start = functools.partial(self.theirs.start_workflow, kind, order, id=name, task_queue="shop")
        await start(search_attributes=known)
        return name

    async def status(self, name: str) -> WorkflowExecutionStatus | None:
        return (await self.theirs.get_workflow_handle(name).describe()).status

    async def comes_to(self, name: str, wanted: WorkflowExecutionStatus) -> None:
        async def look() -> bool:
            return await self.status(name) is wanted

        await eventually(look, f"{name} is {wanted.name}")

    def owned(self, customer: str) -> list[int]:
        """Deployments, quotas, databases."""
        return [len(things.get(customer, [])) for things in self.shop.Provider.owned.values()]


@pytest.fixture
async def street(engine: Engine, shop: ModuleType, knowledge: SagaKnowledge) -> AsyncIterator[Street]:
    theirs = await new_namespace(engine)
    config = theirs.config()
    config.pop("data_converter")
    plain = Client(**config)
    async with httpx.AsyncClient(timeout=10) as http:
        (told,) = [words[1] for words in lines("export") if "LOOKUPS" in words[1]]
        lookups = json.loads(told.partition("=")[2].replace(":9400/", f":{shop.PORT}/"))
        settings = ProvisioningSettings(temporal_address="as given", schedule_id="", lookups=lookups)
        desk = SagaDesk(sagas=Sagas(plain), platform=Platform(http, settings), knowledge=knowledge)
        street = Street(engine, plain, shop, desk)
        for line in lines("temporal"):
            if "search-attribute" in line:
                await street.type([theirs.namespace if word == "shop" else word for word in line], theirs.namespace)
        yield street


@pytest.fixture
async def working(street: Street) -> AsyncIterator[Street]:
    """The shop works, with its saga as it stands in the page and as one that asks."""
    steps = [street.shop.mint, street.shop.set_quota, street.shop.create_database]
    with ThreadPoolExecutor(4) as threads:
        async with Worker(
            street.theirs,
            task_queue="shop",
            workflows=[street.shop.ProvisionShop, asking(street.shop)],
            activities=steps,
            activity_executor=threads,
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):
            yield street


ASKING = """
from functools import partial

@workflow.defn
class AskingShop(Asking):
    @workflow.run
    async def run(self, order: dict) -> dict:
        steps = ("mint", "set_quota", "create_database")
        return {name: await self.until_done(name, partial(ProvisionShop.step, self, name, order)) for name in steps}
"""


def asking(shop: ModuleType) -> type[Any]:
    """The page's saga with the page's mix-in."""
    names: dict[str, Any] = {"__name__": "asking", "ProvisionShop": shop.ProvisionShop}
    exec(compile(block("asking.py") + ASKING, "asking.py", "exec", dont_inherit=True), names)
    made: type[Any] = names["AskingShop"]
    return made


async def test_what_the_page_says_is_what_happens(working: Street, own_namespace: Client, tmp_path: Path) -> None:
    """Two customers, two plans, two typed yeses, and one of everything for each."""
    street = working
    names = [await street.sold(customer) for customer in ("ada", "bob")]
    for name in names:
        await street.comes_to(name, WorkflowExecutionStatus.FAILED)
    street.shop.call("POST", "mend/all", "")
    outside = Outside(
        http=street.desk.platform.http, aws=Aws(AwsSettings()), apps=(), metrics=MetricsSettings(), sagas=street.desk
    )
    async with House(tmp_path).worker(own_namespace, outside=outside):
        start, approve = [line for line in lines("temporal") if line[1] == "workflow"]
        await street.type(start, own_namespace.namespace)
        incident = own_namespace.get_workflow_handle("incident-ProvisioningJobsStuck")

        async def proposed() -> bool:
            plans = (await incident.query("status"))["proposals"]
            return [p["state"] for p in plans if p["aim"] == "lever"] == ["open", "open"]

        await eventually(proposed, "two plans")
        await street.type(approve, own_namespace.namespace)
        await street.type([w.replace("redrive_step-1", "redrive_step-2") for w in approve], own_namespace.namespace)
        for name in names:
            await street.comes_to(name, WorkflowExecutionStatus.COMPLETED)
    assert [street.owned("ada"), street.owned("bob")] == [[1, 1, 1], [1, 1, 1]]


async def test_a_saga_that_asks_is_told_to_retry(working: Street) -> None:
    """With the page's mix-in nothing is reset: the update is enough, and a wrong one is refused."""
    street = working
    await street.type(
        ["temporal", "operator", "search-attribute", "create", "--name", "NeedsHuman", "--type", "Bool"],
        street.theirs.namespace,
    )
    name = await street.sold("eve", "AskingShop")
    desk = replace(street.desk, knowledge=replace(street.desk.knowledge, workflow_type="AskingShop", offer=OFFER))

    async def parked() -> Any:
        found = await desk.plan(await desk.current(name))
        return found if found.case is Case.PARKED else None

    plan = await eventually(parked, "it asks")
    assert plan.first.move is Move.TELL_RETRY
    street.shop.call("POST", "mend/all", "")
    run = Execution(workflow_id=name, run_id=plan.run.run_id)
    await desk.sagas.update(run, plan.first.telling.name, json.loads(plan.first.telling.payload), key="once")
    await street.comes_to(name, WorkflowExecutionStatus.COMPLETED)
    assert street.owned("eve") == [1, 1, 1]


def test_the_page_names_the_look_ups_its_runbook_asks_for(knowledge: SagaKnowledge) -> None:
    """A look-up that is set nowhere would answer nothing."""
    (told,) = [words[1] for words in lines("export") if "LOOKUPS" in words[1]]
    world = knowledge.world
    wanted = [*(step.reconcile for step in knowledge.steps), world.deployments, world.quota, world.tenant]
    assert {lookup.name for lookup in wanted if lookup} == set(json.loads(told.partition("=")[2]))
