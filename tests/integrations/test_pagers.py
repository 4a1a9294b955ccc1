"""The one contract of all ways to reach a person, against each with its receiver, and against the fake alike."""

from dataclasses import replace

import pytest

from gameday.receivers.desk import RETRY_AFTER_S, Fault
from incident.model.effects import Page
from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.ports import Button, Receipt
from integrations.reach import all_ways
from tests.integrations.contract_pager import ACK, CLICK, MINE, NAMES, PAGE, RUNBOOK, Way, ways
from tests.integrations.receiving import Served


@pytest.fixture(params=NAMES)
def way(request: pytest.FixtureRequest, served: Served) -> Way:
    return ways(served)[request.param]()


SILENT = (Fault.HANG, Fault.LOST_ANSWER)


async def paged(way: Way, page: Page = PAGE, to: str | None = None) -> Receipt:
    pager = way.hasty if way.desk.faults & set(SILENT) else way.pager
    return await pager.page(page, to=way.to if to is None else to, click=CLICK, buttons=(ACK, MINE, RUNBOOK))


async def failed(way: Way, to: str | None = None) -> IntegrationError:
    with pytest.raises(IntegrationError) as raised:
        await paged(way, to=to)
    return raised.value


def test_every_way_is_held_to_the_contract() -> None:
    """A new file in `integrations/pagers` has a row in it."""
    assert set(all_ways()) == set(NAMES) - {"fake"}


async def test_a_page_arrives_once(way: Way) -> None:
    """One page, one ring."""
    receipt = await paged(way)

    assert (way.rings(), receipt.repeat) == (1, False)


async def test_a_person_sees_what_it_is_about(way: Way) -> None:
    """Severity, what, impact, which incident, and the runbook."""
    await paged(way)

    for words in (PAGE.title, "Customers cannot work.", "incident-A", RUNBOOK.url):
        assert words in way.seen()


@pytest.mark.parametrize("button", [ACK, MINE], ids=["acts", "opens a page that acts"])
async def test_a_link_that_acts_reaches_its_person_and_nobody_else(way: Way, button: Button) -> None:
    """In a channel that others read, everybody would be that person."""
    await paged(way)

    assert (button.url in way.seen()) is not way.shared


async def test_a_text_of_any_length_arrives_with_what_one_needs_to_act(way: Way) -> None:
    """Cut from the least important end; the receivers refuse what is too long."""
    await paged(way, replace(PAGE, text="\n".join(["é" * 6000, *PAGE.text.splitlines()[-2:]]), title="€" * 3000))

    assert "Ack: incidents ack incident-A" in way.seen() or ACK.url in way.seen()
    assert "Page 2 of incident-A," in way.seen()


async def test_what_arrived_is_found_or_nobody_claims_to_know(way: Way) -> None:
    """A provider that cannot tell says so by finding nothing."""
    await paged(way)

    found = await way.pager.find(PAGE, to=way.to)

    assert (found is not None and found.repeat) is way.looks_up


async def test_what_never_arrived_is_not_found(way: Way) -> None:
    """It would never be sent."""
    assert await way.pager.find(PAGE, to=way.to) is None


@pytest.mark.parametrize(
    "other", [{"number": 3, "key": "incident-A@1/page/3/ana"}, {"incident_id": "incident-B", "key": "b"}]
)
async def test_another_page_is_not_taken_for_it(way: Way, other: dict[str, object]) -> None:
    """Nor is the same page of another incident."""
    await paged(way)

    assert await way.pager.find(replace(PAGE, **other), to=way.to) is None


async def test_a_second_try_after_a_lost_answer_rings_nobody_twice_unless_it_says_so(way: Way) -> None:
    """As the paging activity does it: look, then send again; what nobody can look up is announced as a repeat."""
    way.desk.faults.add(Fault.LOST_ANSWER)
    await failed(way)
    way.desk.wake()
    found = await way.pager.find(PAGE, to=way.to)
    if found is None:
        await paged(way)

    assert way.rings() == 1 or not way.pager.remembers


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.HANG, Fault.LOST_ANSWER])
async def test_who_is_away_may_come_back(way: Way, fault: Fault) -> None:
    """Tried again."""
    way.desk.faults.add(fault)

    assert type(await failed(way)) is Unreachable


async def test_a_refusal_is_told_from_being_away_where_the_vendor_does(way: Way) -> None:
    """The next channel is tried at once."""
    way.desk.faults.add(Fault.REFUSE)

    assert type(await failed(way)) is (Refused if way.says_no else Unreachable)


async def test_who_asks_for_patience_gets_it(way: Way) -> None:
    """As long as the vendor says."""
    way.desk.faults.add(Fault.RATE_LIMIT)
    failure = await failed(way)

    if way.says_when:
        assert isinstance(failure, RateLimited)
        assert failure.retry_after_s == RETRY_AFTER_S
    else:
        assert type(failure) is Unreachable


async def test_a_request_that_arrives_twice_is_no_failure(way: Way) -> None:
    """What a network does to a request on its way is not ours: it has arrived."""
    way.desk.faults.add(Fault.TWICE)

    assert (await paged(way)).repeat is False


@pytest.mark.parametrize("fault", [Fault.REFUSE, Fault.DOWN, Fault.HANG, Fault.RATE_LIMIT, Fault.LOST_ANSWER])
async def test_no_failure_tells_a_secret(way: Way, fault: Fault) -> None:
    """Its text goes into history, log and chat; so does what is chained to it."""
    way.desk.faults.add(fault)
    failure = await failed(way)
    told = f"{failure!r} {failure.__cause__!r} {'' if failure.__suppress_context__ else failure.__context__!r}"

    assert [secret for secret in (*way.secrets, ACK.url) if secret in told] == []


async def test_an_address_that_is_none_is_refused_and_not_told(way: Way) -> None:
    """Trying again does not help, and it may be a good address with a typing error in it."""
    failures = [await failed(way, to) for to in way.wrong]

    assert [type(failure) for failure in failures] == [Refused] * len(failures)
    assert not [failure for failure in failures if "hush" in str(failure)]


async def test_nobody_was_reached_by_an_address_that_is_none(way: Way) -> None:
    """Not even somebody else."""
    for to in way.wrong:
        await failed(way, to)

    assert way.rings() == 0
