"""Whoever has an incident is not called to it again, unless nobody else is there (issue 5 §1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncall.audience import Recipient
from oncall.schedule import Schedule
from oncall.sparing import ALONE, YOU_ALONE, without

CREW = Schedule.model_validate({"people": {"ana": {"name": "Ana Lima"}, "bo": {}, "kim": {"name": "Kim"}}})
KEYS = st.sampled_from(["ana", "bo", "kim"])


def called(people: list[str], spared: list[str]) -> list[str]:
    return [one.person for one in without(CREW, [Recipient(person=key, ways=()) for key in people], spared)]


@pytest.mark.parametrize(
    ("people", "spared", "expected"),
    [
        (["ana", "bo"], ["ana"], ["bo"]),
        (["ana", "bo"], [], ["ana", "bo"]),
        (["ana", "bo"], ["kim"], ["ana", "bo"]),
        (["ana", "bo"], [" ANA "], ["bo"]),
        (["ana", "bo"], ["Ana Lima"], ["bo"]),
        (["ana", "bo", "kim"], ["ana", "kim"], ["bo"]),
        (["ana"], ["ana"], ["ana"]),
        (["ana", "bo"], ["bo", "ana"], ["ana", "bo"]),
        (["on-call"], ["ana"], ["on-call"]),
        ([], ["ana"], []),
        (["ana"], [""], ["ana"]),
    ],
)
def test_others_are_called(people: list[str], spared: list[str], expected: list[str]) -> None:
    """By key or name, however it was typed; the team's own channel rings for whoever is left."""
    assert called(people, spared) == expected


def test_the_only_one_there_is_reads_why() -> None:
    """On the timeline, and in their page."""
    (one,) = without(CREW, [Recipient(person="ana", ways=(), why="a source is silent")], ["ana"])

    assert (one.why, one.doubt) == (f"a source is silent; {ALONE}", YOU_ALONE)


@given(people=st.lists(KEYS, unique=True), spared=st.lists(KEYS))
def test_a_page_for_somebody_always_calls_somebody(people: list[str], spared: list[str]) -> None:
    """And whoever is spared only where all of them are."""
    found = called(people, spared)

    assert bool(found) == bool(people)
    assert set(found).isdisjoint(spared) or set(people) <= set(spared)
