"""Two bridges, and one page: on one home by its memory, on homes of their own as far as the channel has a key."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from bridge.second_path.leading import FILE, Lead
from bridge.second_path.missed import began
from bridge.second_path.remembered import Remembered
from tests.bridge.conftest import Bridge, MakeBridge, alert, body
from tests.bridge.second_path.desk import Desk, database_down
from tests.bridge.second_path.test_process import Machine, machine
from tests.integrations.receiving import Served, receiving
from tests.waiting import eventually
from worker.engine import free_port
from workflows.contract import DATA_CONVERTER

ALERT = body(alert("AppDBDown", severity="critical", instance="https://shop.test/api/ready"))
KEY = "0123456789abcdef0123456789abcdef"


# ── one home ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def pair(make_bridge: MakeBridge) -> tuple[Bridge, Bridge]:
    """On one home, without an engine. Nobody is waited for: what is missed is due."""
    client = await Client.connect(f"127.0.0.1:{free_port()}", data_converter=DATA_CONVERTER, lazy=True)
    return tuple(make_bridge(client, second_path_after_s=0, take_within_s=0.2) for _ in range(2))  # type: ignore[return-value]


async def turn(*bridges: Bridge, times: int = 3) -> None:
    for _ in range(times):
        for bridge in bridges:
            await bridge.watch.turn()


async def test_what_both_have_missed_is_paged_once(pair: tuple[Bridge, Bridge]) -> None:
    """The one that leads pages; both have written it down."""
    first, second = pair
    await asyncio.gather(first.post(ALERT), second.post(ALERT))
    await turn(second, first)
    assert [len(bridge.woken.pages) for bridge in (first, second)] == [0, 1]


async def test_what_only_the_other_one_missed_is_paged_too(pair: tuple[Bridge, Bridge]) -> None:
    """By the one that leads: it reads what the other has written."""
    first, second = pair
    await turn(first, second, times=1)
    await second.post(ALERT)
    await turn(second, first)
    assert [len(bridge.woken.pages) for bridge in (first, second)] == [1, 0]


async def test_when_the_one_that_leads_dies_the_other_takes_up_its_page(pair: tuple[Bridge, Bridge]) -> None:
    """Under the same key: it says that it may be a repeat, and the provider is asked."""
    first, second = pair
    first.woken.hangs = True
    await first.post(ALERT)
    dying = asyncio.create_task(turn(first))
    await eventually(lambda: _paging(first), "a page is on its way")
    await turn(second)
    assert (second.woken.pages, second.woken.repeats) == ([], [])

    first.lead.close()  # as the kernel does for whoever is killed
    await turn(second)
    dying.cancel()
    assert [page.key for page in second.woken.repeats] == [first.woken.pages[0].key]


async def _paging(bridge: Bridge) -> bool:
    return bool(bridge.woken.pages)


def test_one_leads_until_it_ends(tmp_path: Path) -> None:
    """And where that cannot be found out, everybody: twice is better than not at all."""
    first, second = Lead(tmp_path / FILE), Lead(tmp_path / FILE)
    assert (first.mine(), second.mine(), first.mine()) == (True, False, True)
    first.close()
    assert second.mine()
    second.close()
    (tmp_path / "home").write_text("")
    assert [Lead(tmp_path / "home" / FILE).mine() for _ in range(2)] == [True, True]


async def test_what_one_writes_down_the_other_changes_and_does_not_overwrite(tmp_path: Path) -> None:
    """Each change is made to what is on disk, not to what somebody remembers."""
    desk = Desk(tmp_path)
    other = Remembered(tmp_path / "second_path.db")
    await desk.misses(database_down())
    (missed,) = desk.path.remembered.all()
    await other.reload()
    await other.change(missed.incident, lambda known: began(known, "a page", desk.at))
    await desk.path.acked(missed.incident, "ana")
    await other.reload()
    (after,) = other.all()
    other.close()
    assert (after.page_key, after.acked_by) == ("a page", "ana")


async def test_a_disk_that_is_full_for_a_while_is_written_when_there_is_room(tmp_path: Path) -> None:
    """A restart then knows what was missed meanwhile."""
    (tmp_path / "second_path.db").mkdir()
    desk = Desk(tmp_path)
    await desk.misses(database_down())
    (tmp_path / "second_path.db").rmdir()
    await desk.misses(database_down("other"))
    await desk.restarts()
    assert (len(desk.path.remembered.all()), desk.path.remembered.lost) == (2, "")


# ── homes of their own ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with receiving(tmp_path) as vendors:
        yield vendors


async def both_page(one: Machine, other: Machine) -> None:
    """Both are sent the alert, and page a moment apart, as their watches turn."""
    other.env["INCIDENTS_BRIDGE__SECOND_PATH_AFTER_S"] = "3"
    with one.bridge(), other.bridge():
        assert [await one.misses(), await other.misses()] == [503, 503]
        await eventually(one.has_paged, "the first has paged")
        await eventually(other.has_paged, "the second knows that somebody is")


def pair_of(tmp_path: Path, **channels: str) -> tuple[Machine, Machine]:
    return machine(tmp_path / "one", **channels), machine(tmp_path / "other", **channels)


async def test_two_homes_page_once_by_ntfy(tmp_path: Path, served: Served) -> None:
    """The topic is asked before anything is sent: a page of the same subject and number is there."""
    await both_page(*pair_of(tmp_path, PAGER__NTFY_URL=f"{served.url}/ntfy/oncall"))
    assert len(served.receivers.ntfy.desk.arrivals) == 1


async def test_two_homes_ring_once_at_pagerduty(tmp_path: Path, served: Served) -> None:
    """Its key is the subject's: the second trigger is an entry in its log."""
    url = f"{served.url}/pagerduty/v2/enqueue"
    settings = {"PAGER__PAGERDUTY_URL": url, "PAGER__PAGERDUTY_ROUTING_KEY": KEY, "PAGER__TEAM": '["pagerduty"]'}
    await both_page(*pair_of(tmp_path, **settings))
    (theirs,) = served.receivers.pagerduty.incidents
    assert (theirs.rings, theirs.log) == (1, ["trigger", "trigger"])
