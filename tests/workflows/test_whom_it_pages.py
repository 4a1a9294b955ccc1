"""People of `incidents.toml` on a real engine: who is reached, where, and what an incident never learns of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from integrations.errors import Refused
from oncall.schedule import Schedule
from tests.conftest import Engine, House, new_namespace
from tests.workflows.case import Case, open_incident
from tests.workflows.policies import blind, quick, seconds

SECRET = "hush"
PEOPLE = Schedule.model_validate(
    {
        "people": {
            name: {"contacts": [{"channel": "ntfy", "to": f"{SECRET}-{name}"}, {"channel": "chat"}]}
            for name in ("ana", "bo", "kim")
        },
        "rotations": {"default": {"members": ["ana"], "starts": "2026-01-05"}},
        "owners": {"database": ["bo"]},
    }
)


@dataclass(frozen=True)
class Office:
    """A worker that knows people, and what their phones have received."""

    house: House

    def rang(self, case: Case) -> list[tuple[int, str]]:
        """Number of the page, and whose phone."""
        sent = [s for s in self.house.pager.sent if s.page.incident_id == case.id]
        return [(s.page.number, s.to.removeprefix(f"{SECRET}-")) for s in sent]


@pytest.fixture(scope="module")
async def office(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Office, object]]:
    client = await new_namespace(engine)
    house = House(tmp_path_factory.mktemp("office"), schedule=PEOPLE)
    async with house.worker(client):
        yield Office(house), client


async def opened(office, name: str, **changes: object) -> Case:
    _, client = office
    return await open_incident(client, f"incident-AppDBDown-{name}", playbook=blind(), policy=quick(**changes))


async def test_first_who_is_on_call_then_the_owner_too(office):
    """By their own address, one after the other (runbook §2, §6)."""
    case = await opened(office, "climbs", ack_within=seconds(2))
    await case.said("page 2 delivered to bo by ntfy")
    await case.dropped()

    assert office[0].rang(case)[:1] == [(1, "ana")]
    assert sorted(office[0].rang(case)[1:3]) == [(2, "ana"), (2, "bo")]


async def test_giving_it_back_pages_again(office):
    """The update is answered, and somebody is woken (runbook §2)."""
    case = await opened(office, "given-back")
    await case.said("page 1 delivered to ana")
    await case.ask("ack", "ana")
    answer = await case.ask("unack", {"why": "my train", "by": "ana"})
    await case.said("page 2 delivered to ana")
    await case.dropped()

    assert (answer.startswith("yes"), office[0].rang(case)) == (True, [(1, "ana"), (2, "ana")])


async def test_a_person_is_woken_because_another_asks(office):
    """At any time, whoever has it (runbook §2, §6)."""
    case = await opened(office, "asked-for")
    await case.said("page 1 delivered to ana")
    await case.ask("ack", "ana")
    await case.ask("escalate", {"why": "it needs DNS", "to": "kim", "by": "ana"})
    await case.said("page 2 delivered to kim by ntfy")
    await case.dropped()

    assert office[0].rang(case) == [(1, "ana"), (2, "kim")]


async def test_whoever_has_it_is_not_called_to_their_own_escalation(office):
    """Not mitigated in time: the owner is called, and the one at work is left to work (runbook §6)."""
    case = await opened(office, "left-alone", escalate_unmitigated_after=seconds(2))
    await case.said("page 1 delivered to ana")
    await case.ask("ack", "ana")
    await case.said("page 2 delivered to bo by ntfy")
    await case.dropped()

    assert office[0].rang(case) == [(1, "ana"), (2, "bo")]


async def test_the_only_one_there_is_is_called_and_reads_why(office):
    """There is nobody else to ask."""
    case = await opened(office, "alone")
    await case.said("page 1 delivered to ana")
    await case.ask("ack", "bo")
    await case.ask("escalate", {"why": "it needs DNS", "to": "owner", "by": "kim"})
    told = await case.said("page 2 delivered to bo by ntfy")
    await case.dropped()

    assert told["because"] == "they have it already, and nobody else is there to call"


async def test_who_is_nobody_becomes_everyone_at_once(office):
    """The one who asked needs help now; everyone is the team's own topic too."""
    case = await opened(office, "nobody")
    await case.said("page 1 delivered to ana")
    await case.ask("ack", "ana")
    await case.ask("escalate", {"why": "it needs DNS", "to": "zoe", "by": "ana"})
    await case.said("page 3 delivered to kim")
    await case.dropped()

    assert sorted(office[0].rang(case)[1:]) == [(3, ""), (3, "bo"), (3, "kim")]


async def test_an_incident_never_learns_an_address(office):
    """Contacts stay on the worker: not in history, whatever became of the page."""
    office[0].house.pager.fails = lambda page: Refused("403") if page.incident_id.endswith("secret") else None
    case = await opened(office, "secret")
    await case.said("page 1 delivered to ana by chat")
    history = "".join(str(event) for event in await case.events())
    await case.dropped()

    assert ("ana" in history, SECRET in history) == (True, False)
