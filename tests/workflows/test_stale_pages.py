"""Pages on a real engine that are no longer true when their turn comes: the incident itself is asked (issue 5 §2)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.provide import provide
from incident.model.effects import Page
from incident.model.response_policy import PageWhen
from incident.model.severity import Severity
from integrations.errors import IntegrationError, Refused, Unreachable
from integrations.one_send import OUT_OF_DATE
from integrations.ports import Button, Receipt
from tests.conftest import Engine, House, new_namespace
from tests.fakes import FakePager
from tests.waiting import eventually
from tests.workflows.case import Case, open_incident
from tests.workflows.policies import blind, quick, seconds
from worker.sandbox import sandbox
from workflows.contract import TASK_QUEUE
from workflows.incident import IncidentWorkflow


@dataclass
class SlowPager(FakePager):
    """A provider that holds a page until the test lets it answer, with an error."""

    answers: IntegrationError = field(default_factory=lambda: Refused("ntfy: 403"))
    tried: list[str] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        self.tried.append(page.key)
        await self.go_on.wait()
        raise self.answers


@dataclass(frozen=True)
class Held:
    """An incident whose first page is in the hands of a slow provider."""

    house: House
    pager: SlowPager
    case: Case

    async def page_is_out(self) -> None:
        async def tried() -> bool:
            return bool(self.pager.tried)

        await eventually(tried, "the provider has the page")

    @property
    def next_way(self) -> list[Page]:
        return self.house.chat_pager.pages


@pytest.fixture
async def own(engine: Engine) -> Client:
    return await new_namespace(engine)


@pytest.fixture
async def held(own: Client, tmp_path) -> AsyncIterator[Held]:
    """Nobody waits for the provider's answer beside it: the next way begins when the first one has refused."""
    pager = SlowPager()
    house = House(tmp_path, pager=pager)
    rules = {severity: replace(rule, page=PageWhen.ALWAYS) for severity, rule in quick().rules.items()}
    policy = quick(rules=rules, next_contact_after=seconds(60), ack_within=seconds(60))
    async with house.worker(own):
        case = await open_incident(own, "incident-AppDBDown-held", playbook=blind(), policy=policy)
        found = Held(house, pager, case)
        await found.page_is_out()
        yield found
        pager.go_on.set()
        await case.dropped()


async def test_the_next_way_is_not_tried_once_somebody_has_it(held: Held) -> None:
    """The ack is older than the message, whatever the engine has told the activity by then."""
    await held.case.ask("ack", "bo")
    held.pager.go_on.set()
    told = await held.case.said("page 1 stopped on its way")

    assert (told["because"], held.next_way) == ("bo has acknowledged", [])


async def test_the_next_attempt_is_not_made_once_somebody_has_it(held: Held) -> None:
    """It would ring a second after the ack."""
    held.pager.answers = Unreachable("ntfy: connection refused")
    await held.case.ask("ack", "bo")
    held.pager.go_on.set()
    await held.case.said("page 1 stopped on its way")

    assert (len(held.pager.tried), held.next_way) == (1, [])


async def test_a_page_still_wanted_goes_on_by_the_next_way(held: Held) -> None:
    """Nobody has it: asking changes nothing."""
    held.pager.go_on.set()
    await held.case.said("page 1 delivered by chat")

    assert [page.text.splitlines()[-1].startswith("Ack:") for page in held.next_way] == [True]


async def test_a_page_whose_severity_has_changed_is_said_anew(held: Held) -> None:
    """Nobody reads a severity that is not so any more; nobody is forgotten either."""
    await held.case.ask("severity", {"severity": "SEV-2", "why": "only one shop", "by": "bo"})
    held.pager.go_on.set()
    await held.case.said("page 1 delivered by chat")

    assert [(page.severity, page.title[:5]) for page in held.next_way] == [(Severity.SEV2, "SEV-2")]


async def test_a_page_of_which_nobody_can_be_asked_goes_out_and_says_so(own: Client, tmp_path) -> None:
    """Its incident's worker is away: better woken for nothing than not at all."""
    house, never_fresh = House(tmp_path), quick(page_fresh_for=seconds(0))
    async with Worker(own, task_queue=TASK_QUEUE, workflows=[IncidentWorkflow], workflow_runner=sandbox()):
        case = await open_incident(own, "incident-AppDBDown-unasked", playbook=blind(), policy=never_fresh)
        await case.stands(pages=1)
    async with house.world() as world, Worker(own, task_queue=TASK_QUEUE, activities=provide(world).hot):

        async def arrived() -> list[Page]:
            return house.pager.of(case.id)

        pages = await eventually(arrived, "the page goes out")
    assert [page.text.splitlines()[-1] for page in pages] == [OUT_OF_DATE]
    await case.dropped()
