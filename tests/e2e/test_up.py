"""`incidents up` as a process: its end leaves nothing running, and its next start goes on."""

import asyncio
from typing import Any

import pytest

from tests.e2e.stories import Hands, Restarted

pytestmark = pytest.mark.timeout(240)
Stories = dict[str, "asyncio.Task[Any]"]
STORY = ("fires", "page 1 delivered", "mitigate → resolve", "postmortem → closed")
RESTARTED = ["interrupted", "up_killed", "power_cut"]


@pytest.fixture(params=RESTARTED)
async def restarted(request: pytest.FixtureRequest, stories: Stories) -> Restarted:
    told: Restarted = await stories[request.param]
    return told


def test_nothing_is_left_running(restarted: Restarted) -> None:
    """Ctrl-C, `kill -9` of it alone, all killed at once: no process outlives it."""
    assert restarted.left == []


def test_the_next_start_ends_well(restarted: Restarted) -> None:
    """`--once` exits 0 when the drill is over."""
    assert (restarted.second_code, restarted.second) == (0, restarted.second)


def test_the_next_start_goes_on_with_the_same_incident(restarted: Restarted) -> None:
    """Its story begins with the very line that the first start printed."""
    opening = next(line for line in restarted.first.splitlines() if "AppDBDown fires" in line)
    assert opening.split()[0] in restarted.second


def test_it_ends_closed(restarted: Restarted) -> None:
    """One incident, one record."""
    assert restarted.record["incident"]["phase"] == "closed"


def test_the_end_of_once_leaves_nothing_running(restarted: Restarted) -> None:
    """Everything it started, it stopped."""
    assert restarted.left_at_the_end == []


def test_ctrl_c_says_how_to_go_on(interrupted: Restarted) -> None:
    """And is no error."""
    assert "stopped; `incidents up` goes on from here" in interrupted.first
    assert interrupted.first_code == 0


def test_ctrl_c_is_no_traceback(interrupted: Restarted) -> None:
    """Nothing but words for people."""
    assert "Traceback" not in interrupted.first


def test_the_story_is_printed(interrupted: Restarted) -> None:
    """From the alert to the closed incident, in the terminal."""
    told = [
        words
        for words in ("fires", "page 1 delivered", "mitigate → resolve", "postmortem → closed")
        if words in interrupted.second
    ]
    assert told == ["fires", "page 1 delivered", "mitigate → resolve", "postmortem → closed"]


def test_hands_on_waits_for_a_person(hands_on: Hands) -> None:
    """The line is printed, nobody types it, and the second page goes out."""
    assert "--name ack" in hands_on.before
    assert "ana acknowledged" not in hands_on.before


def test_every_printed_line_can_be_typed_as_it_stands(hands_on: Hands) -> None:
    """Copied from the terminal into a shell."""
    assert hands_on.failed == []


def test_hands_on_ends_when_the_person_is_done(hands_on: Hands) -> None:
    """Closed by what was typed, exit code 0."""
    assert (hands_on.code, "postmortem → closed" in hands_on.text) == (0, True)
