"""Workers come and go; the incident goes on, and nothing is done twice (design §6)."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from incident.model.effects import Page
from integrations.clock import utc_now
from integrations.ports import Button, Receipt
from runbook.response import RESPONSE
from tests.conftest import House
from tests.fakes import FakePager
from tests.waiting import eventually
from tests.workflows.case import Case, open_incident
from tests.workflows.drill import goes_dark, play, play_until_proposed
from tests.workflows.policies import blind, quick, seconds
from tests.workflows.street import Street
from workflows import contract


@dataclass
class Speechless(FakePager):
    """Takes the first page, and never says so."""

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        receipt = await super().page(page, to=to, click=click, buttons=buttons)
        if len(self.pages) == 1:
            await asyncio.Event().wait()
        return receipt


@pytest.fixture
def town_house(tmp_path: Path) -> House:
    return House(tmp_path)


async def passes(duration: timedelta) -> None:
    """Time in which nobody works: what waits for the clock comes due."""
    until = utc_now() + duration

    async def over() -> bool:
        return utc_now() > until

    await eventually(over, "time passes")


# A worker that remembers nothing leaves no sticky queue behind, which would keep its successor waiting for 10 s.
FORGETS = 0


@contextmanager
def took(limit: timedelta) -> Iterator[None]:
    """The block ends within `limit`."""
    began = utc_now()
    yield
    assert utc_now() - began < limit


async def test_a_page_whose_answer_was_lost_with_its_worker_is_not_sent_again(own_namespace, tmp_path):
    """The next worker finds a row that was begun and asks the provider."""
    pager = Speechless()
    house = House(tmp_path, pager=pager)
    case = await open_incident(own_namespace, "incident-AppDBDown-lost", playbook=blind(), policy=RESPONSE)

    async def sent() -> bool:
        return bool(pager.pages)

    async with house.worker(own_namespace):
        await eventually(sent, "the page was sent")
    async with house.worker(own_namespace):
        await case.said("page 1 delivered by ntfy (it had already arrived)")

    assert [p.number for p in pager.pages] == [1]


async def test_a_deadline_that_passed_without_a_worker_is_met_by_the_next_one(own_namespace, town_house):
    """Deadlines are data; the timer is only an alarm."""
    policy = quick(ack_within=seconds(1), repage_every=seconds(60))
    case = await open_incident(own_namespace, "incident-AppDBDown-late", playbook=blind(), policy=policy)
    async with town_house.worker(own_namespace):
        await case.said("page 1 delivered")
    await passes(seconds(1.5))
    async with town_house.worker(own_namespace):
        await case.said("page 2 delivered")

    assert [p.number for p in town_house.pager.pages] == [1, 2]


async def test_an_outage_is_followed_by_one_page_not_by_a_backlog(own_namespace, town_house):
    """Three re-pages were due meanwhile: one tells it all, and the next one comes at its usual distance."""
    every = seconds(1)
    policy = quick(ack_within=every, repage_every=every)
    case = await open_incident(own_namespace, "incident-AppDBDown-backlog", playbook=blind(), policy=policy)
    async with town_house.worker(own_namespace):
        await case.said("page 2 delivered")
    await passes(3.5 * every)
    async with town_house.worker(own_namespace):
        again = await eventually(
            partial(_paged_again, case, 3), "it was paged again before the outage and twice after it"
        )

    assert min(later - sooner for sooner, later in pairwise(again)) >= every


async def _paged_again(case: Case, times: int) -> list[datetime]:
    """When, once it was that often."""
    at = [datetime.fromisoformat(e["at"]) for e in await case.timeline() if e["what"] == "paging again"]
    return at if len(at) >= times else []


async def test_an_ack_that_came_while_nobody_worked_silences_what_came_due(own_namespace, town_house):
    """State is looked at before a page goes out, not after (design §6)."""
    policy = quick(ack_within=seconds(2), repage_every=seconds(2))
    case = await open_incident(own_namespace, "incident-AppDBDown-owned", playbook=blind(), policy=policy)
    async with town_house.worker(own_namespace):
        await case.said("page 1 delivered")
    await case.tell("ack", "ana")
    await passes(seconds(2.5))
    async with town_house.worker(own_namespace):
        heard = (await case.said("ana acknowledged"))["at"]
        await case.ask("note", "after the ack")
        since = [e["what"] for e in await case.timeline() if e["at"] >= heard]

    assert [line for line in since if line.startswith("paging again")] == []


async def test_an_incident_that_began_while_nobody_worked_pages_once(own_namespace, town_house):
    """However often its alert was repeated meanwhile."""
    for _ in range(3):
        case = await open_incident(own_namespace, "incident-AppDBDown-dark", playbook=blind(), policy=RESPONSE)
    async with town_house.worker(own_namespace):
        await case.said("thread opened")

    assert [p.number for p in town_house.pager.pages] == [1]


async def test_an_incident_that_was_acknowledged_before_anybody_worked_pages_nobody(own_namespace, town_house):
    """State is looked at before a page goes out (design §6): somebody has it already."""
    case = await open_incident(own_namespace, "incident-AppDBDown-early", playbook=blind(), policy=RESPONSE)
    await case.tell("ack", "ana")
    async with town_house.worker(own_namespace):
        await case.said("thread opened")

    assert town_house.pager.pages == []


async def test_a_hand_typed_start_waits_for_a_worker(own_namespace, town_house):
    """The engine keeps it."""
    await own_namespace.start_workflow(
        contract.WORKFLOW_TYPE, "AppDBDown", id="incident-AppDBDown", task_queue="incidents"
    )
    async with town_house.worker(own_namespace):
        assert await Case(own_namespace, "incident-AppDBDown").said("page 1 delivered")


async def test_a_lever_whose_answer_was_lost_with_its_worker_is_not_pulled_again(own_namespace, town_house):
    """It is seen in the world that it was pulled (design §7)."""
    street = Street(1)
    shop = street.vacant()
    shop.answers_lost = 1
    case = await open_incident(own_namespace, "incident-AppDBDown-lever", alert=goes_dark(shop))

    async def pulled() -> bool:
        return bool(shop.redeployed)

    async with town_house.worker(own_namespace, outside=street.outside()):
        await play_until_proposed(case)
        await case.tell("approve")
        await eventually(pulled, "the lever was pulled")
    async with town_house.worker(own_namespace, outside=street.outside()):
        await case.stands(phase="resolve")

    assert len(shop.redeployed) == 1


async def test_a_plan_that_was_approved_while_nobody_worked_is_carried_out(own_namespace, town_house):
    """The yes is in the engine."""
    street = Street(1)
    shop = street.vacant()
    case = await open_incident(own_namespace, "incident-AppDBDown-yes", alert=goes_dark(shop))
    async with town_house.worker(own_namespace, outside=street.outside(), remembered=FORGETS):
        await play_until_proposed(case)
    await case.tell("approve", {"proposal": "redeploy_app-1", "by": "ana"})
    async with town_house.worker(own_namespace, outside=street.outside()):
        await case.stands(phase="resolve")

    assert len(shop.redeployed) == 1


async def test_a_patient_look_is_taken_over_by_the_next_worker(own_namespace, town_house):
    """It ends with its worker and is begun anew: what changed meanwhile is seen at once."""
    street = Street(1)
    shop = street.vacant()
    case = await open_incident(own_namespace, "incident-AppDBDown-look", alert=goes_dark(shop))
    async with town_house.worker(own_namespace, outside=street.outside(), remembered=FORGETS):
        await play_until_proposed(case)
    shop.serves = True
    async with town_house.worker(own_namespace, outside=street.outside()):
        with took(seconds(20)):
            assert await case.said("mitigate → resolve")


async def test_a_worker_that_replays_at_every_task_plays_a_whole_incident(own_namespace, town_house):
    """Nothing in the shell depends on memory (temporal-guide §7.3): the best cheap detector of nondeterminism."""
    street = Street(1)
    shop = street.vacant()
    case = await open_incident(own_namespace, "incident-AppDBDown-forgetful", alert=goes_dark(shop))
    async with town_house.worker(own_namespace, outside=street.outside(), remembered=FORGETS):
        result = await play(case)

    assert (result["phase"], len(shop.redeployed)) == ("closed", 1)
