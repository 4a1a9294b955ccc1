"""A drill is faster than the night it practises, but the world in it is not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from runbook.response import LEAST_TO_SHOW, RESPONSE, at_speed


def test_people_have_less_time_in_a_drill() -> None:
    assert at_speed(RESPONSE, 60).ack_within == RESPONSE.ack_within / 60


@pytest.mark.parametrize("speed", [1, 10, 60, 3600])
def test_what_a_lever_did_has_time_to_show(speed: float) -> None:
    assert at_speed(RESPONSE, speed).verify_patience >= LEAST_TO_SHOW


def test_a_lever_is_watched_for_no_longer_than_the_runbook_says() -> None:
    assert at_speed(RESPONSE, 1.1).verify_patience <= RESPONSE.verify_patience


def test_a_short_patience_stays_short() -> None:
    """Whoever sets less than what is least in a drill means it."""
    short = replace(RESPONSE, verify_patience=timedelta(seconds=2))
    assert at_speed(short, 60).verify_patience == timedelta(seconds=2)
