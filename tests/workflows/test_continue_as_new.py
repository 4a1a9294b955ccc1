"""A long incident goes on in a new run, and nobody notices (design §3): an engine that suggests it after 60 events."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from incident.model.severity import Severity
from runbook.response import RESPONSE
from tests.conftest import House
from tests.waiting import eventually
from tests.workflows.case import Case, fires, open_incident
from tests.workflows.conftest import Town
from tests.workflows.drill import POSTMORTEM, goes_dark, play_until_postmortem
from tests.workflows.engines import another_engine
from tests.workflows.policies import blind, quick, seconds
from tests.workflows.street import Shop, Street

UNHURRIED = RESPONSE
"""Nothing comes due while a test lasts."""
SUGGESTS = "limit.historyCount.suggestContinueAsNew=60"


@pytest.fixture(scope="module")
async def brisk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A town on an engine that suggests a new run every 60 events."""
    home = tmp_path_factory.mktemp("brisk")
    async with another_engine(home, SUGGESTS) as client:
        house, street = House(home / "house"), Street()
        async with house.worker(client, outside=street.outside()):
            yield Town(client, house, street)


@pytest.fixture
async def crowded(brisk: Town, request: pytest.FixtureRequest) -> AsyncIterator[Callable[..., Awaitable[Case]]]:
    """Opens the incident of a test there; dropped after it."""
    name = "incident-AppDBDown-" + request.node.name.removeprefix("test_").replace("_", "-")

    async def open_one(**given: Any) -> Case:
        return await open_incident(brisk.client, name, **given)

    yield open_one
    await Case(brisk.client, name).dropped()


async def again(case: Case) -> bool:
    """Whether it goes on in a new run, now or a little later: first its record is written."""

    async def look() -> bool:
        return await runs(case) >= 2

    return await eventually(look, f"{case.id} goes on in a new run")


async def runs(case: Case) -> int:
    """How many runs this incident has had."""
    return len(await case.histories())


async def goes_on(case: Case, at_least: int = 2) -> None:
    """Say things until the incident is in its n-th run."""
    for n in range(300):
        await case.tell("note", f"filler {n}")
        if n % 10 == 9:
            await case.status()
            if await runs(case) >= at_least:
                return
    raise AssertionError(f"{case.id} stayed in one run")


@pytest.fixture(scope="module")
async def moved(brisk: Town) -> Case:
    """An incident with a past that is in its second run; it has been told everything there is to tell."""
    alert = fires(instance="shop-x.test")
    case = await open_incident(
        brisk.client, "incident-AppDBDown-moved", alert=alert, playbook=blind(), policy=UNHURRIED
    )
    await case.tell("severity", {"severity": "SEV-2", "why": "few customers", "by": "ana"})
    await case.tell("assign", {"role": "ic", "to": "ana"})
    await case.tell("note", {"text": "the pool", "hypothesis": True})
    await case.tell("action_item", {"what": "alert on it"})
    await case.tell("confirm", {"criterion": "data_reconciled", "evidence": "ledger is zero", "by": "ana"})
    await case.tell("ack", "ana")
    await case.stands(acked_by="ana")
    await goes_on(case)
    return case


async def test_what_people_said_survives(moved):
    """Owner, severity, roles, hypothesis, follow-ups."""
    status = await moved.status()
    kept = {name: status[name] for name in ("acked_by", "severity", "roles", "hypothesis")}

    assert kept == {
        "acked_by": "ana",
        "severity": "SEV-2",
        "roles": {"ic": "ana", "responder": "ana"},
        "hypothesis": "the pool",
    }
    assert [item["what"] for item in status["action_items"]] == ["alert on it"]


async def test_what_was_attested_survives(moved):
    """A person's word is not asked for twice."""
    met = {c["name"] for c in await moved.criteria() if c["met"]}

    assert met == {"data_reconciled", "durable"}


async def test_the_timeline_survives_from_its_first_line(moved):
    """One story, however many runs."""
    assert (await moved.lines())[0] == "AppDBDown fires"


async def test_open_since_is_the_first_runs(moved):
    """The incident did not begin anew."""
    began = datetime.fromisoformat((await moved.status())["open_since"])
    second_run = (await moved.handle.describe()).start_time

    assert began < second_run


async def test_search_attributes_and_memo_survive(moved):
    """Lists of open incidents do not lose any."""
    described = await moved.handle.describe()
    attributes = {p.key.name: p.value for p in described.typed_search_attributes}

    assert (attributes["IncidentSeverity"], attributes["IncidentAcked"], await described.memo()) == (
        "SEV-2",
        True,
        {"alert": "AppDBDown"},
    )


async def test_a_repeat_of_an_old_notification_is_still_recognised(moved):
    """The ring of what was seen travels along: a repeat is no re-fire."""
    await moved.tell("alert", moved.alert)
    await moved.tell("note", "after the repeat")
    await moved.said("after the repeat")

    assert [e["what"] for e in await moved.timeline() if e["kind"] == "alert"] == ["AppDBDown fires"]


async def test_a_record_of_what_was_is_on_disk(moved, brisk):
    """The engine forgets closed runs after a while; we do not."""
    record = next((brisk.house.home / "records" / moved.id).glob("*.json"))
    told = json.loads(record.read_text())

    assert (told["reason"], told["incident"]["acked_by"]) == ("continued", "ana")


async def test_a_deadline_survives(crowded, brisk):
    """It is an instant, not a duration that begins anew."""
    case = await crowded(playbook=blind(), policy=UNHURRIED)
    before = (await case.status())["next_update_at"]
    await goes_on(case)

    assert (await case.status())["next_update_at"] == before


async def test_an_unacknowledged_incident_pages_each_number_once(crowded, brisk):
    """Re-pages and new runs do not disturb each other."""
    policy = quick(ack_within=seconds(1), repage_every=seconds(1))
    case = await crowded(playbook=blind(), policy=policy)
    await case.said("page 9 delivered")
    numbers = [p.number for p in brisk.house.pager.of(case.id)]

    assert await again(case)
    assert numbers == sorted(set(numbers))


async def test_signals_that_race_the_new_runs_are_not_lost(crowded, brisk):
    """200 numbered notes from several hands, all of them on the timeline, each exactly once."""
    case = await crowded(playbook=blind())
    hands = asyncio.Semaphore(8)

    async def note(n: int) -> None:
        async with hands:
            await case.tell("note", f"note {n}")

    await asyncio.gather(*(note(n) for n in range(200)))

    async def all_there() -> Counter[str] | None:
        told = Counter(line for line in await case.lines() if line.startswith("note "))
        return told if len(told) == 200 else None

    told = await eventually(all_there, "all 200 notes are on the timeline")

    assert await again(case)
    assert set(told.values()) == {1}


async def test_updates_that_race_the_new_runs_are_answered(crowded, brisk):
    """A yes is a yes: what was answered is on the timeline, once."""
    case = await crowded(playbook=blind())
    hands = asyncio.Semaphore(4)

    async def note(n: int) -> str:
        async with hands:
            return await case.ask("note", f"note {n}")

    answers = await asyncio.gather(*(note(n) for n in range(80)))
    told = Counter(line for line in await case.lines() if line.startswith("note "))

    assert await again(case)
    assert answers == [f"yes: note {n}" for n in range(80)]
    assert told == {f"note {n}": 1 for n in range(80)}


async def test_nothing_is_posted_twice(crowded, brisk):
    """What waited in the outbox goes along, and is not done again (design §6)."""
    case = await crowded(playbook=blind(severity=Severity.SEV2))
    for n in range(40):
        await case.tell("severity", {"severity": "SEV-3" if n % 2 else "SEV-1", "why": f"change {n}"})
    await case.said("change 39")

    async def all_posted() -> bool:
        return sum("now SEV" in p.title for p in brisk.house.chat.of(case.id)) >= 40

    await eventually(all_posted, "every change was posted")

    assert await again(case)
    assert set(Counter(p.key for p in brisk.house.chat.of(case.id)).values()) == {1}


@dataclass(frozen=True)
class Crowd:
    """A whole incident, from the alert to the record, with a crowd talking all the while."""

    case: Case
    shop: Shop
    said: set[str]


@pytest.fixture(scope="module")
async def crowd(brisk: Town) -> Crowd:
    shop, said = brisk.street.vacant(), {f"crowd {n}" for n in range(80)}
    case = await open_incident(brisk.client, "incident-AppDBDown-crowd", alert=goes_dark(shop))

    async def talk() -> None:
        for line in sorted(said):
            await case.tell("note", line)

    talking = asyncio.create_task(talk())
    await play_until_postmortem(case)
    await talking
    await case.tell("postmortem", POSTMORTEM)
    await case.ended()
    return Crowd(case, shop, said)


async def test_a_whole_incident_in_many_runs_ends(crowd):
    """Closed, after several of them."""
    assert await runs(crowd.case) >= 2


def test_a_lever_is_pulled_once_in_many_runs(crowd):
    """What was approved in one run is not approved again in the next."""
    assert len(crowd.shop.redeployed) == 1


def test_the_record_has_every_line_of_every_run(crowd, brisk):
    """Once."""
    record = next((brisk.house.home / "records" / crowd.case.id).glob("*.json"))
    lines = Counter(e["what"] for e in json.loads(record.read_text())["incident"]["timeline"])

    assert {line: lines[line] for line in crowd.said} == dict.fromkeys(crowd.said, 1)
