"""A provider that keeps an incident of its own (PagerDuty): what the second path opened there ends with the outage."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from activities.ledger import Ledger
from bridge.intake import incident_of
from bridge.second_path.delivering import Delivering
from bridge.second_path.wording import page_for
from gameday.receivers.desk import Fault
from incident.model.alarm import Alarm, incident_key_of, second_path_alarm
from incident.model.effects import Standing
from integrations.pagers.pagerduty import PagerDuty
from integrations.ports import Channels
from oncall.schedule import Schedule
from tests.bridge.second_path.desk import NOON, Desk, database_down
from tests.bridge.second_path.test_delivering import MISSED
from tests.integrations.receiving import Served, receiving

SHOP, OTHER = (incident_of(database_down(app)) for app in ("shop", "other"))
RINGS = second_path_alarm(SHOP, NOON)


@pytest.fixture
def ringing(desk: Desk) -> Desk:
    desk.woken.rings = True
    return desk


async def over(desk: Desk, *apps: str) -> None:
    for app in apps:
        await desk.takes(database_down(app))
        await desk.path.is_over(incident_of(database_down(app)))


async def test_it_is_ended_when_the_outage_is_over(ringing: Desk) -> None:
    """Once, however often it was paged."""
    await ringing.misses(database_down())
    await ringing.after(hours=2.5)
    assert ringing.woken.settled == []
    await over(ringing, "shop")
    assert ringing.woken.settled == [(RINGS, Standing.RESOLVED)]


async def test_a_bridge_that_was_killed_meanwhile_still_ends_it(ringing: Desk) -> None:
    """It is on disk."""
    await ringing.misses(database_down())
    await ringing.after(minutes=2)
    await ringing.restarts()
    await over(ringing, "shop")
    assert ringing.woken.settled == [(RINGS, Standing.RESOLVED)]


async def test_what_rings_for_two_ends_with_the_second(ringing: Desk) -> None:
    """They share a page, and so an incident there."""
    await ringing.misses(database_down(), database_down("other"))
    await ringing.after(minutes=2)
    shared = {alarm.name for missed in ringing.path.remembered.all() for alarm in missed.alarms}
    await over(ringing, "shop")
    assert ringing.woken.settled == []
    await over(ringing, "other")
    assert ringing.woken.settled == [(name, Standing.RESOLVED) for name in shared]


async def test_its_end_by_page_does_not_ring_anew(ringing: Desk) -> None:
    """Without a chat the end is paged: first that, then the provider's own end."""
    ringing.woken.speechless = "no chat is set"
    await ringing.misses(database_down())
    await ringing.after(minutes=2)
    await over(ringing, "shop")
    assert (ringing.newest.alarm, ringing.woken.settled) == (RINGS, [(RINGS, Standing.RESOLVED)])


async def test_one_that_cannot_be_ended_is_said(ringing: Desk) -> None:
    """Somebody has to do it by hand."""
    ringing.woken.deaf = "PagerDuty did not answer"
    await ringing.misses(database_down())
    await ringing.after(minutes=2)
    await over(ringing, "shop")
    assert ringing.woken.said[-1].endswith("could not be ended, end it there (PagerDuty did not answer)")


async def test_who_has_it_is_not_rung_by_the_provider_s_own_rules(ringing: Desk) -> None:
    """Told until it has heard, then no more."""
    await ringing.misses(database_down())
    await ringing.after(minutes=2)
    await ringing.path.quiet()
    await ringing.path.acked(SHOP, "ana", "link")
    ringing.woken.deaf = "PagerDuty did not answer"
    await ringing.path.quiet()
    assert ringing.woken.settled == []
    ringing.woken.deaf = ""
    await ringing.path.quiet()
    await ringing.path.quiet()
    assert ringing.woken.settled == [(RINGS, Standing.ACKNOWLEDGED)]


@pytest.mark.parametrize("incident", [SHOP, "incident-Odd@2026-06-16"])
def test_its_name_leads_back_to_the_incident(incident: str) -> None:
    """An ack there comes back with nothing but this name."""
    assert incident_key_of(second_path_alarm(incident, NOON)) == incident


def test_every_bridge_that_misses_it_that_day_gives_it_the_same_name() -> None:
    """However long each of them has waited; another day is another one."""
    later = (NOON + timedelta(minutes=1), NOON + timedelta(days=1))
    assert [second_path_alarm(SHOP, at) == RINGS for at in later] == [True, False]


# ── PagerDuty ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with receiving(tmp_path) as vendors:
        yield vendors


@pytest.fixture
async def delivering(served: Served, tmp_path: Path) -> AsyncIterator[Delivering]:
    """By the team's own service."""
    ledger = Ledger(tmp_path / "second_path.db")
    async with httpx.AsyncClient(timeout=2) as http:
        url, key = f"{served.url}/pagerduty/v2/enqueue", SecretStr("0123456789abcdef0123456789abcdef")
        channels = Channels(pagers={"pagerduty": PagerDuty(http, url, key)}, team=("pagerduty",))
        yield Delivering(channels=channels, schedule=Schedule(), memory=ledger, click="")
    ledger.close()


async def test_pagerduty_s_incident_is_acknowledged_and_resolved(served: Served, delivering: Delivering) -> None:
    """The very one that the page opened."""
    (delivery,) = await delivering(page_for((MISSED,), 1), again=False)
    alarms = [Alarm(person=delivery.person, name=delivery.alarm)]
    (theirs,) = served.receivers.pagerduty.incidents
    told = [await delivering.settle(alarms, standing) for standing in Standing]

    assert (theirs.dedup_key, theirs.log, theirs.status) == (RINGS, ["trigger", "acknowledge", "resolve"], "resolved")
    assert told == ["", ""]


async def test_a_pagerduty_that_refuses_is_told_by_its_words(served: Served, delivering: Delivering) -> None:
    """At once: asking again cannot help."""
    served.receivers.pagerduty.desk.faults.add(Fault.REFUSE)
    assert "400" in await delivering.settle([Alarm(person="on-call", name=RINGS)], Standing.RESOLVED)
