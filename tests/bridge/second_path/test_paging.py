"""Who is paged by the bridge itself, when, and how often (runbook §1; issue 5 §6)."""

import asyncio
from pathlib import Path

import pytest

from bridge.intake import incident_of
from tests.bridge.second_path.desk import NIGHT, NOON, Desk, alert, database_down
from tests.waiting import eventually


async def test_a_sev1_the_engine_does_not_take_is_paged_after_a_minute(desk: Desk) -> None:
    """Measured from its first 503, not from the last."""
    for _ in range(3):
        await desk.misses(database_down())
        await desk.after(seconds=30)
    assert desk.minutes == [1]


async def test_an_engine_that_is_back_in_time_pages_nobody(desk: Desk) -> None:
    """Alertmanager sends again, and the incident pages as ever."""
    await desk.misses(database_down())
    await desk.after(seconds=50)
    await desk.takes(database_down())
    await desk.after(minutes=10)
    assert desk.minutes == []


async def test_it_pages_hourly_while_it_lasts(desk: Desk) -> None:
    """The runbook's own rule: hourly re-page (runbook §1)."""
    await desk.misses(database_down())
    await desk.after(hours=2.5)
    assert desk.minutes == [1, 61, 121]


async def test_nobody_reached_is_tried_again_soon_and_said(desk: Desk) -> None:
    """Nobody knows yet: an hour would be too long."""
    desk.woken.asleep = "ntfy did not answer"
    await desk.misses(database_down())
    await desk.after(minutes=4)
    assert (desk.minutes, "nobody could be paged" in desk.woken.said[0]) == ([1, 3], True)


async def test_a_sev2_is_paged_at_night_only(tmp_path: Path) -> None:
    """The page policy is the runbook's, whoever pages (runbook §1)."""
    by_day, by_night = Desk(tmp_path / "day", NOON), Desk(tmp_path / "night", NIGHT)
    for desk in (by_day, by_night):
        await desk.misses(alert("RDSStorageLow", severity="warning"))
        await desk.after(minutes=5)
    assert (by_day.minutes, by_night.minutes) == ([], [1])


async def test_a_sev2_of_the_day_is_paged_when_night_falls(desk: Desk) -> None:
    """Nobody reads the channel then (runbook §1)."""
    await desk.misses(alert("RDSStorageLow", severity="warning"))
    await desk.after(hours=11)
    assert desk.minutes == [600, 660]


async def test_a_sev3_is_not_even_remembered(desk: Desk) -> None:
    """It never pages (runbook §1)."""
    await desk.misses(alert("JourneyVantageChallenged", severity="info"))
    assert desk.path.remembered.all() == ()


async def test_what_cleared_before_anybody_was_paged_is_forgotten(desk: Desk) -> None:
    """Nobody is woken for what is over."""
    await desk.misses(database_down(), database_down(cleared=True))
    await desk.after(minutes=5)
    assert (desk.minutes, desk.path.remembered.all()) == ([], ())


async def test_what_cleared_after_the_page_is_not_paged_again(desk: Desk) -> None:
    """The hourly page is for what lasts."""
    await desk.misses(database_down())
    await desk.after(minutes=2)
    await desk.misses(database_down(cleared=True))
    await desk.after(hours=2)
    assert desk.minutes == [1]


async def test_a_storm_is_one_page_that_names_the_others(desk: Desk) -> None:
    """An outage of ours is one thing to wake somebody for."""
    await desk.misses(*(database_down(f"shop-{n}") for n in range(40)))
    await desk.after(minutes=5)
    assert (desk.minutes, "Also firing: AppDBDown and 34 more." in desk.newest.text) == ([1], True)


async def test_who_was_paged_a_moment_ago_is_not_paged_for_the_next_subject_at_once(desk: Desk) -> None:
    """What comes in one by one is told together, a minute later."""
    for n in range(6):
        await desk.misses(database_down(f"shop-{n}"))
        await desk.after(seconds=5)
    await desk.after(minutes=5)
    assert desk.minutes == [1, 2]


async def test_another_domain_has_somebody_else_on_call(desk: Desk) -> None:
    """A page each: the database's people do not mend the ledger."""
    await desk.misses(database_down(), alert("ProvisioningJobsStuck"))
    await desk.after(minutes=2)
    assert sorted(page.domain for _, page in desk.paged) == ["database", "provisioning"]


async def test_the_page_says_what_is_wrong_with_us_and_what_is_firing(desk: Desk) -> None:
    """In the issue's own words."""
    await desk.misses(database_down())
    await desk.after(minutes=1)
    assert desk.newest.text.startswith("Orchestrator unreachable; AppDBDown is firing.\n")


async def test_nothing_of_the_alert_is_on_the_lock_screen(desk: Desk) -> None:
    """It may name a customer (issue 5 §2)."""
    told = alert("AppDBDown", instance="https://shop.test/api/ready", customer="acme-corp")
    await desk.misses(told)
    await desk.after(minutes=1)
    assert "acme" not in desk.newest.title + desk.newest.text


# ── killed in between ────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_bridge_that_starts_again_knows_whom_it_has_paged(desk: Desk) -> None:
    """Once per subject, whatever becomes of the bridge."""
    await desk.misses(database_down())
    await desk.after(minutes=2)
    await desk.restarts()
    await desk.after(minutes=30)
    assert desk.minutes == [1]


async def test_the_minute_runs_on_while_the_bridge_is_away(desk: Desk) -> None:
    """From the first 503, which is on disk."""
    await desk.misses(database_down())
    await desk.after(seconds=40)
    await desk.restarts()
    await desk.after(seconds=25)
    assert desk.minutes == [1]


async def test_a_page_that_was_on_its_way_when_the_bridge_was_killed_is_taken_up_under_its_key(desk: Desk) -> None:
    """Written before it is sent; whoever sends asks the provider first, or says that it may be a repeat."""
    desk.woken.hangs = True
    await desk.misses(database_down(), database_down("other"))
    dying = asyncio.create_task(desk.after(minutes=2))
    await eventually(lambda: _sent(desk), "a page is on its way")
    again = Desk(desk.home, at=desk.at)
    await again.path.take_up()
    await again.after(minutes=30)
    dying.cancel()
    assert ([page.key for page in again.woken.repeats], again.woken.pages) == ([desk.newest.key], [])


async def _sent(desk: Desk) -> bool:
    return bool(desk.paged)


async def test_a_provider_that_fails_in_an_unknown_way_does_not_end_the_paging(desk: Desk) -> None:
    """What is still called on its way would never be paged for again."""
    desk.woken.breaks = True
    await desk.misses(database_down())
    with pytest.raises(ZeroDivisionError):
        await desk.after(minutes=1)
    desk.woken.breaks = False
    await desk.after(minutes=3)
    assert desk.minutes == [1, 3]


async def test_a_disk_that_cannot_be_written_keeps_nobody_asleep(tmp_path: Path) -> None:
    """Then it is remembered in memory, and said where people look."""
    (tmp_path / "second_path.db").mkdir()
    desk = Desk(tmp_path)
    await desk.misses(database_down())
    await desk.after(minutes=2)
    assert (desk.minutes, "a restart forgets" in desk.path.remembered.lost) == ([1], True)


# ── it is over ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_incident_hears_who_was_paged_by_what_and_when(desk: Desk) -> None:
    """It pages nobody again for the same minute (issue 5 §6)."""
    await desk.misses(database_down())
    await desk.after(minutes=3)
    (told,) = await desk.takes(database_down())
    assert (told.person, told.channel, (told.at - NOON).seconds) == ("ana", "ntfy", 60)


async def test_its_end_is_said_once_and_only_to_those_who_were_woken(desk: Desk) -> None:
    """One line."""
    await desk.misses(database_down(), database_down("other"))
    await desk.after(minutes=3)
    for app in ("shop", "other"):
        await desk.takes(database_down(app))
        await desk.path.is_over(incident_of(database_down(app)))
    assert [line.partition(";")[0] for line in desk.woken.said] == [
        "SEV-1 AppDBDown shop.test: the orchestrator is back after 3 min",
        "SEV-1 AppDBDown other.test: the orchestrator is back after 3 min",
    ]


async def test_without_a_chat_its_end_reaches_them_as_they_were_woken(desk: Desk) -> None:
    """Nobody stays up for what is over; it is not urgent."""
    desk.woken.speechless = "no chat is set"
    await desk.misses(database_down())
    await desk.after(minutes=3)
    await desk.takes(database_down())
    await desk.path.is_over(incident_of(database_down()))
    assert (desk.newest.title, desk.newest.urgent) == ("SEV-1 AppDBDown shop.test: the orchestrator is back", False)


async def test_an_ack_ends_the_hourly_page(desk: Desk) -> None:
    """No page after an ack."""
    await desk.misses(database_down())
    await desk.after(minutes=3)
    await desk.takes(database_down())
    await desk.path.acked(incident_of(database_down()))
    await desk.after(hours=3)
    assert desk.minutes == [1]


async def test_an_ack_is_for_all_that_the_page_named(desk: Desk) -> None:
    """They came with one page, and one tap answers it."""
    await desk.misses(database_down(), database_down("other"))
    await desk.after(minutes=3)
    await desk.path.acked(incident_of(database_down()), "ana", "link")
    await desk.after(hours=3)
    assert desk.minutes == [1]


async def test_an_ack_for_what_nobody_misses_is_not_kept(desk: Desk) -> None:
    """Whoever sent it has to send it again."""
    assert not await desk.path.acked("incident-Nothing", "ana", "link")
