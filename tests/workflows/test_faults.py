"""Whole incidents while activities fail at random: before they do anything, or after, when only the answer is lost.

What may never happen, whatever the seed: an incident that does not end, a page that arrives twice under one key, a
lever that is pulled twice.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.chatting import REPEAT
from incident.model.effects import Page
from integrations.errors import Unreachable
from integrations.ports import Button, Receipt
from tests.conftest import Engine, House, new_namespace
from tests.fakes import FakePager
from tests.waiting import eventually
from tests.workflows.case import Case, open_incident
from tests.workflows.drill import FOLLOW_UP, POSTMORTEM, goes_dark
from tests.workflows.policies import quick, seconds
from tests.workflows.street import Shop, Street

pytestmark = pytest.mark.timeout(300)

SEEDS = range(20)
BEFORE, AFTER = 0.15, 0.15
"""How often an attempt fails before it did anything, and how often its answer is lost."""


def chance(*of: object) -> float:
    """The same for the same attempt, in whatever order things happen."""
    return random.Random("/".join(map(str, of))).random()


class Faults(ClientInterceptor, Interceptor):
    """Makes activities fail; workers inherit it from their client. `happened` counts what was done to them."""

    def __init__(self) -> None:
        self.happened: Counter[str] = Counter()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Faulty(next, self.happened)


class _Faulty(ActivityInboundInterceptor):
    def __init__(self, after: ActivityInboundInterceptor, happened: Counter[str]) -> None:
        super().__init__(after)
        self._happened = happened

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        info = activity.info()
        luck = chance(info.workflow_id, info.activity_type, info.activity_id, info.attempt)
        if luck < BEFORE:
            self._happened[f"{info.activity_type} failed"] += 1
            raise RuntimeError("fault: it never began")
        answer = await super().execute_activity(input)
        if luck > 1 - AFTER:
            self._happened[f"{info.activity_type} lost"] += 1
            raise RuntimeError("fault: its answer was lost")
        return answer


@dataclass
class Mumbling(FakePager):
    """Takes pages, and now and then the connection breaks before it says so."""

    mumbled: Counter[str] = field(default_factory=Counter)

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        receipt = await super().page(page, to=to, click=click, buttons=buttons)
        if chance(page.key, self.mumbled[page.key]) < AFTER:
            self.mumbled[page.key] += 1
            raise Unreachable("connection reset")
        return receipt


@dataclass
class Played:
    """What is left of twenty incidents."""

    house: House
    faults: Faults
    cases: list[Case]
    shops: list[Shop]


async def respond(case: Case, shop: Shop) -> None:
    """A responder who looks again and again, and does what is wanted; a lever that failed is replaced by hand."""

    async def closed() -> bool:
        status = await case.status()
        if status["phase"] == "closed":
            return True
        if not status["acked_by"] and status["pages_delivered"]:  # an ack before would make the page a stale one
            await case.tell("ack", "ana")
        if any(p["state"] == "open" and p["aim"] == "lever" for p in status["proposals"]):
            await case.tell("approve")
        if status["phase"] == "mitigate" and any("no lever is left" in line for line in await case.lines()):
            shop.serves = True
        if shop.serves and status["phase"] == "resolve":
            await case.tell("alert", case.cleared)
        if not status["action_items"]:
            await case.tell("action_item", FOLLOW_UP)
        if status["phase"] == "postmortem":
            await case.tell("postmortem", POSTMORTEM)
        await asyncio.sleep(0.7)  # a person's pace, so that twenty of them do not flood two cores
        return False

    await eventually(closed, f"{case.id} is closed", within_s=240)
    await case.ended()


@pytest.fixture(scope="module")
async def played(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Twenty incidents, side by side, to their end."""
    plain, faults, street = await new_namespace(engine), Faults(), Street(len(SEEDS))
    client = Client(**{**plain.config(), "interceptors": [faults]})
    house = House(tmp_path_factory.mktemp("faults"), pager=Mumbling())
    shops = [street.vacant() for _ in SEEDS]
    policy = quick(ack_within=seconds(3), verify_patience=seconds(20))
    async with house.worker(client, outside=street.outside()):
        opening = [
            open_incident(plain, f"incident-AppDBDown-seed-{n}", alert=goes_dark(shop), policy=policy)
            for n, shop in zip(SEEDS, shops, strict=True)
        ]
        cases = list(await asyncio.gather(*opening))
        await asyncio.gather(*(respond(case, shop) for case, shop in zip(cases, shops, strict=True)))
    return Played(house, faults, cases, shops)


def test_there_were_faults_of_every_kind(played):
    """Else this file would prove nothing."""
    kinds = played.faults.happened

    wanted = ("page", "brief", "look", "post", "plan_lever", "apply_lever", "write_record")

    assert [kind for kind in wanted if not kinds[f"{kind} failed"] or not kinds[f"{kind} lost"]] == []
    assert played.house.pager.mumbled.total() > 0


@pytest.mark.parametrize("seed", SEEDS)
async def test_each_incident_came_to_its_end(played, seed):
    """Closed, with its record on disk."""
    case = played.cases[seed]

    assert list((played.house.home / "records" / case.id).glob("*.json"))


def test_no_page_arrived_twice(played):
    """By a provider that can be asked what it took (design §6)."""
    arrived = Counter(page.key for page in played.house.pager.pages)

    assert {key: n for key, n in arrived.items() if n > 1} == {}


def test_somebody_was_paged_for_each_incident(played):
    """By one channel or another."""
    pagers = (played.house.pager, played.house.chat_pager)
    silent = [c.id for c in played.cases if not any(pager.of(c.id) for pager in pagers)]

    assert silent == []


def test_no_lever_was_pulled_twice(played):
    """App Runner takes no client token: we look before we act (design §7)."""
    assert {shop.name: len(shop.redeployed) for shop in played.shops if len(shop.redeployed) > 1} == {}


def test_most_levers_were_pulled(played):
    """Failing all attempts is rare: else the line above would prove little."""
    assert sum(len(shop.redeployed) for shop in played.shops) >= len(SEEDS) * 3 // 4


def test_a_post_that_may_be_a_repeat_says_so(played):
    """A webhook cannot be asked what it took, so a second try is honest about itself."""
    seen: set[str] = set()
    dishonest = []
    for post in played.house.chat.posts:
        if post.key in seen and REPEAT not in post.lines:
            dishonest.append(post.key)
        seen.add(post.key)

    assert dishonest == []
