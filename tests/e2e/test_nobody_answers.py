"""The first on call never answers; the second one acknowledges on the phone, by a real link."""

import asyncio
from typing import Any

import pytest

from tests.e2e.stories import Quiet

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
async def nobody_answers(stories: dict[str, "asyncio.Task[Any]"]) -> Quiet:
    """`incidents up --scenario nobody-answers`."""
    told: Quiet = await stories["nobody_answers"]
    return told


@pytest.fixture
def timeline(nobody_answers: Quiet) -> list[dict[str, str]]:
    told: list[dict[str, str]] = nobody_answers.record["incident"]["timeline"]
    return told


def test_the_first_on_call_was_paged_first_and_alone(timeline: list[dict[str, str]]) -> None:
    """Page 1 went to ana and to nobody else."""
    first = [entry["what"] for entry in timeline if entry["what"].startswith("page 1 delivered")]
    assert first
    assert [what for what in first if " to ana " not in what] == []


def test_the_second_was_woken_because_nobody_acknowledged(timeline: list[dict[str, str]]) -> None:
    """And not before."""
    told = [entry["what"] for entry in timeline]
    widened = next(i for i, what in enumerate(told) if "widened" in what or "everyone" in what)
    to_ben = next(i for i, what in enumerate(told) if "delivered to ben" in what)
    assert widened < to_ben


def test_the_thumb_is_the_ack_and_it_is_verified(timeline: list[dict[str, str]]) -> None:
    """Nobody typed it: it came through the signed link, so we know that it was ben."""
    (ack,) = [entry for entry in timeline if entry["what"].endswith("acknowledged") and entry["kind"] == "person"]
    assert (ack["by"], ack["via"], ack["verified"]) == ("ben", "link", True)


def test_after_the_ack_nobody_is_paged(timeline: list[dict[str, str]]) -> None:
    """The pager stops for both of them."""
    told = [entry["what"] for entry in timeline]
    acked = told.index("ben acknowledged")
    assert [what for what in told[acked:] if what.startswith("paging again")] == []


def test_whoever_acknowledged_leads(nobody_answers: Quiet) -> None:
    """The first who acknowledges is IC until someone takes it (runbook §2)."""
    assert nobody_answers.status["roles"]["ic"] == "ben"


def test_the_phones_show_who_slept(nobody_answers: Quiet) -> None:
    """Ana's messages are unanswered; on ben's stands what came of his."""
    assert nobody_answers.phones["ana"]
    assert [message["said"] for message in nobody_answers.phones["ana"] if message["said"]] == []
    assert [message["said"] for message in nobody_answers.phones["ben"] if message["done"]] == [
        f"yes: {nobody_answers.status['id']} is yours"
    ]


def test_the_terminal_tells_what_each_of_them_saw(nobody_answers: Quiet) -> None:
    """As it happens, and in the end all at once."""
    wanted = ("Ana Lima does not stir", "Ben Osei presses [Ack]", "Ana Lima: ", "Ben Osei: 1 message; pressed [Ack]")
    assert [words for words in wanted if words not in nobody_answers.text] == []


def test_no_address_and_no_token_is_in_the_record(nobody_answers: Quiet) -> None:
    """Only the keys of people are."""
    told = str(nobody_answers.record)
    assert [words for words in ("@practice.example.org", "/act/") if words in told] == []


def test_it_ends_closed(nobody_answers: Quiet) -> None:
    """Like any other incident."""
    assert nobody_answers.record["incident"]["phase"] == "closed"
