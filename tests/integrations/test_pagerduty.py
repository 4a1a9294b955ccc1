"""PagerDuty: one incident of theirs for each of ours, from the first page to its end."""

from dataclasses import replace

import httpx
import pytest
from pydantic import SecretStr

from gameday.receivers.pagerduty import MOST_DEDUP_KEY
from incident.model.severity import Severity
from integrations.errors import Refused
from integrations.pagers.pagerduty import PagerDuty, dedup_key
from integrations.wording import incident_key_of
from tests.integrations.contract_pager import ACK, CLICK, PAGE, RUNBOOK
from tests.integrations.receiving import Served

SERVICE, OTHER = "s" * 32, "o" * 32
OURS = incident_key_of(PAGE)


@pytest.fixture
def pager(served: Served) -> PagerDuty:
    return PagerDuty(httpx.AsyncClient(timeout=20), f"{served.url}/pagerduty/v2/enqueue", SecretStr(SERVICE))


async def page(pager: PagerDuty, number: int = 1, to: str = "") -> None:
    again = replace(PAGE, number=number, key=f"{OURS}/page/{number}")
    await pager.page(again, to=to, click=CLICK, buttons=(ACK, RUNBOOK))


def statuses(served: Served) -> list[str]:
    return [incident.status for incident in served.receivers.pagerduty.incidents]


async def test_all_pages_of_an_incident_are_one_of_theirs(served: Served, pager: PagerDuty) -> None:
    """Their own rules ring again; our second page is an entry in its log."""
    await page(pager, 1)
    await page(pager, 2)

    (theirs,) = served.receivers.pagerduty.incidents
    assert (theirs.dedup_key, theirs.rings, theirs.log) == (OURS, 1, ["trigger", "trigger"])


async def test_somebodys_own_service_is_another_incident(served: Served, pager: PagerDuty) -> None:
    """An incident of theirs lives under its service."""
    await page(pager)
    await page(pager, to=OTHER)

    assert [incident.service for incident in served.receivers.pagerduty.incidents] == [SERVICE, OTHER]


async def test_an_ack_here_stops_the_ringing_there(served: Served, pager: PagerDuty) -> None:
    """`acknowledge` with the same key, to the same service."""
    await page(pager)
    await pager.acknowledged(OURS, to="")

    assert statuses(served) == ["acknowledged"]


async def test_what_is_resolved_here_is_resolved_there(served: Served, pager: PagerDuty) -> None:
    """And the same alert next week is a new incident of theirs."""
    await page(pager)
    await pager.resolved(OURS, to="")
    await page(pager, 2)

    assert statuses(served) == ["resolved", "triggered"]


async def test_settling_twice_is_harmless(served: Served, pager: PagerDuty) -> None:
    """An attempt whose answer was lost is made again."""
    await page(pager)
    for _ in range(2):
        await pager.resolved(OURS, to="")

    assert statuses(served) == ["resolved"]


async def test_settling_what_they_never_had_is_harmless(served: Served, pager: PagerDuty) -> None:
    """They drop it."""
    await pager.acknowledged(OURS, to=OTHER)

    assert statuses(served) == []


@pytest.mark.parametrize(
    ("ours", "theirs"), [(Severity.SEV1, "critical"), (Severity.SEV2, "error"), (Severity.SEV3, "warning")]
)
async def test_their_severity_follows_ours(served: Served, pager: PagerDuty, ours: Severity, theirs: str) -> None:
    """Their rules for urgency hang on it."""
    await pager.page(replace(PAGE, severity=ours), to="", click=CLICK)

    assert served.receivers.pagerduty.desk.arrivals[0].body["payload"]["severity"] == theirs


@pytest.mark.parametrize("length", [10, 255, 256, 1000])
def test_a_key_of_any_length_is_taken(length: int) -> None:
    """Within their limit, and still one key for one incident."""
    one, other = dedup_key("k" * length + "1"), dedup_key("k" * length + "2")

    assert one != other
    assert max(len(one), len(other)) <= MOST_DEDUP_KEY


async def test_without_any_service_the_missing_setting_is_named(pager: PagerDuty) -> None:
    """The next channel is tried at once."""
    with pytest.raises(Refused, match="INCIDENTS_PAGER__PAGERDUTY_ROUTING_KEY"):
        await page(replace(pager, routing_key=None))


async def test_a_refusal_is_told_in_their_words(pager: PagerDuty) -> None:
    """Whoever reads the timeline must know what to mend."""
    with pytest.raises(Refused, match=r"PagerDuty answered 400: invalid event: Length of 'routing_key' is incorrect"):
        await page(pager, to="short")


async def test_some_other_sites_yes_wakes_nobody() -> None:
    """A 200 of a web site is no event taken."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, text="<html>It works!")))
    with pytest.raises(Refused, match="is this its address"):
        await page(PagerDuty(http, "https://events.example.org", SecretStr(SERVICE)))


async def test_a_page_after_an_ack_rings_by_another_name(served: Served, pager: PagerDuty) -> None:
    """Under the first one nothing would (`incident/model/alarm.py`)."""
    await page(pager)
    await pager.acknowledged(OURS, to="")
    await pager.page(replace(PAGE, alarm=f"{OURS}/1"), to="", click=CLICK)

    assert statuses(served) == ["acknowledged", "triggered"]
