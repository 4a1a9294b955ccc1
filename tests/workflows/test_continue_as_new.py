"""A long incident goes on in a new run, and nobody notices (design §3): an engine that suggests it after 60 events."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from incident.model.severity import Severity
from integrations.clock import utc_now
from tests.conftest import House
from tests.waiting import eventually
from tests.workflows.case import Case, fires, open_incident
from tests.workflows.conftest import Town
from tests.workflows.drill import goes_dark, play
from tests.workflows.engines import another_engine
from tests.workflows.policies import blind, quick, seconds
from tests.workflows.street import Street

SUGGESTS = "limit.historyCount.suggestContinueAsNew=60"


@pytest.fixture(scope="module")
async def brisk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A town on an engine that suggests a new run every 60 events."""
    home = tmp_path_factory.mktemp("brisk")
    async with another_engine(home, SUGGESTS) as client:
        house, street = House(home / "house"), Street()
        async with house.worker(client, outside=street.outside()):
            yield Town(client, house, street)


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
    policy = quick(ack_within=seconds(60))
    case = await open_incident(brisk.client, "incident-AppDBDown-moved", alert=alert, playbook=blind(), policy=policy)
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

    assert kept == {"acked_by": "ana", "severity": "SEV-2", "roles": {"ic": "ana"}, "hypothesis": "the pool"}
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


async def test_a_deadline_survives(brisk):
    """The ack clock that began in the first run rings in a later one, once."""
    policy = quick(ack_within=seconds(8), repage_every=seconds(60))
    case = await open_incident(brisk.client, "incident-AppDBDown-clock", playbook=blind(), policy=policy)
    await case.said("page 1 delivered")
    await goes_on(case)
    before = utc_now()
    await case.said("page 2 delivered")
    opened = datetime.fromisoformat((await case.status())["open_since"])
    second = next(e for e in await case.timeline() if e["what"].startswith("page 2 delivered"))

    assert before.timestamp() - opened.timestamp() < 8, "it went on too late to prove anything"
    assert 8 <= (datetime.fromisoformat(second["at"]) - opened).total_seconds() < 12


async def test_an_unacknowledged_incident_pages_each_number_once(brisk):
    """Re-pages and new runs do not disturb each other."""
    policy = quick(ack_within=seconds(0.3), repage_every=seconds(0.3))
    case = await open_incident(brisk.client, "incident-AppDBDown-insistent", playbook=blind(), policy=policy)
    await case.said("page 9 delivered")
    numbers = [p.number for p in brisk.house.pager.of(case.id)]

    assert await runs(case) >= 2
    assert numbers == list(range(1, len(numbers) + 1))


async def test_signals_that_race_the_new_runs_are_not_lost(brisk):
    """200 numbered notes from several hands, all of them on the timeline, each exactly once."""
    case = await open_incident(brisk.client, "incident-AppDBDown-race", playbook=blind())
    hands = asyncio.Semaphore(8)

    async def note(n: int) -> None:
        async with hands:
            await case.tell("note", f"note {n}")

    await asyncio.gather(*(note(n) for n in range(200)))

    async def all_there() -> Counter[str] | None:
        told = Counter(line for line in await case.lines() if line.startswith("note "))
        return told if len(told) == 200 else None

    told = await eventually(all_there, "all 200 notes are on the timeline")

    assert await runs(case) >= 2
    assert set(told.values()) == {1}


async def test_updates_that_race_the_new_runs_are_answered(brisk):
    """A yes is a yes: what was answered is on the timeline, once."""
    case = await open_incident(brisk.client, "incident-AppDBDown-answers", playbook=blind())
    hands = asyncio.Semaphore(4)

    async def note(n: int) -> str:
        async with hands:
            return await case.ask("note", f"note {n}")

    answers = await asyncio.gather(*(note(n) for n in range(80)))
    told = Counter(line for line in await case.lines() if line.startswith("note "))

    assert await runs(case) >= 2
    assert answers == [f"yes: note {n}" for n in range(80)]
    assert told == {f"note {n}": 1 for n in range(80)}


async def test_nothing_is_posted_twice(brisk):
    """What waited in the outbox goes along, and is not done again (design §6)."""
    case = await open_incident(brisk.client, "incident-AppDBDown-posts", playbook=blind(severity=Severity.SEV2))
    for n in range(40):
        await case.tell("severity", {"severity": "SEV-3" if n % 2 else "SEV-1", "why": f"change {n}"})
    await case.said("change 39")
    keys = lambda: Counter(p.key for p in brisk.house.chat.of(case.id))  # noqa: E731 - read twice below

    async def all_posted() -> bool:
        return sum("now SEV" in p.title for p in brisk.house.chat.of(case.id)) >= 40

    await eventually(all_posted, "every change was posted")

    assert await runs(case) >= 2
    assert set(keys().values()) == {1}


async def test_a_whole_incident_in_many_runs_pulls_its_lever_once(brisk):
    """From the alert to the record, with a crowd talking all the while."""
    shop = brisk.street.vacant()
    case = await open_incident(brisk.client, "incident-AppDBDown-crowd", alert=goes_dark(shop))

    async def crowd() -> None:
        for n in range(60):
            await case.tell("note", f"crowd {n}")

    talking = asyncio.create_task(crowd())
    await talking
    result = await play(case)

    assert await runs(case) >= 2
    assert (result["phase"], len(shop.redeployed)) == ("closed", 1)


async def test_a_crowded_incidents_record_has_every_line(brisk):
    """Of all its runs."""
    record = next((brisk.house.home / "records" / "incident-AppDBDown-crowd").glob("*.json"))
    lines = Counter(e["what"] for e in json.loads(record.read_text())["incident"]["timeline"])

    assert {f"crowd {n}": 1 for n in range(60)}.items() <= lines.items()
