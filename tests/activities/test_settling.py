"""Telling PagerDuty: at every address the person has there, and nobody else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.settling import SettlingActivities
from gameday.receivers.desk import Fault
from incident.model.alarm import Alarm
from incident.model.effects import Settle, Standing
from incident.model.outcomes import Settled
from integrations.pagers.pagerduty import PagerDuty
from integrations.ports import Channels
from integrations.wording import alarm_of
from oncall.schedule import Contact, Person, Schedule
from tests.fakes import FakePager
from tests.integrations.contract_pager import CLICK, PAGE
from tests.integrations.receiving import Served, receiving

TEAM, ANAS = "t" * 32, "a" * 32
ANA = Person(contacts=(Contact(channel="ntfy"), Contact(channel="pagerduty", to=SecretStr(ANAS))))
NAME = alarm_of(PAGE)
SETTLE = Settle(key="k", standing=Standing.ACKNOWLEDGED, alarms=(Alarm(person="ana", name=NAME),))


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with receiving(tmp_path) as everybody:
        yield everybody


def pagerduty(served: Served) -> PagerDuty:
    return PagerDuty(httpx.AsyncClient(timeout=20), f"{served.url}/pagerduty/v2/enqueue", SecretStr(TEAM))


async def settle(served: Served, effect: Settle = SETTLE, **people: Person) -> Settled:
    channels = Channels(pagers={"ntfy": FakePager(), "pagerduty": pagerduty(served)}, team=("ntfy", "pagerduty"))
    activities = SettlingActivities(channels, Schedule(people=people))
    return await ActivityEnvironment().run(activities.settle, effect)


def told(served: Served) -> list[tuple[str, str]]:
    arrivals = served.receivers.pagerduty.desk.arrivals
    return [(arrival.body["event_action"], arrival.to) for arrival in arrivals]


async def test_a_persons_own_service_is_told(served: Served) -> None:
    """And what they have elsewhere is left alone."""
    settled = await settle(served, ana=ANA)

    assert told(served) == [("acknowledge", ANAS)]
    assert settled == Settled(standing=Standing.ACKNOWLEDGED, channels=("pagerduty",))


@pytest.mark.parametrize("people", [{}, {"ana": Person()}])
async def test_the_teams_service_is_told_for_whom_has_none(served: Served, people: dict[str, Person]) -> None:
    """That is where their page went."""
    await settle(served, **people)

    assert told(served) == [("acknowledge", TEAM)]


async def test_a_service_that_two_people_share_is_told_once(served: Served) -> None:
    """It has one incident."""
    await settle(
        served, replace(SETTLE, alarms=tuple(Alarm(person=who, name=NAME) for who in ("ana", "bo"))), ana=ANA, bo=ANA
    )

    assert told(served) == [("acknowledge", ANAS)]


async def test_what_rang_is_silent_and_then_over(served: Served) -> None:
    """By the key with which it was opened."""
    await pagerduty(served).page(PAGE, to=ANAS, click=CLICK)
    theirs = served.receivers.pagerduty.incidents
    statuses = [theirs[0].status]
    for standing in Standing:
        await settle(served, replace(SETTLE, standing=standing), ana=ANA)
        statuses.append(theirs[0].status)

    assert (statuses, len(theirs)) == (["triggered", "acknowledged", "resolved"], 1)


@pytest.mark.parametrize(("fault", "final"), [(Fault.DOWN, False), (Fault.REFUSE, True)])
async def test_a_failure_says_whether_trying_again_helps(served: Served, fault: Fault, final: bool) -> None:
    """And never tells the service's key."""
    served.receivers.pagerduty.desk.faults.add(fault)
    with pytest.raises(ApplicationError) as failed:
        await settle(served, ana=ANA)

    assert failed.value.non_retryable is final
    assert ANAS not in str(failed.value)
