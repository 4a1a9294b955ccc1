"""Buttons in Slack messages: what a tap stands for comes back as it went out."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident.model.effects import Act, Post
from incident.model.severity import Severity
from integrations.slack_buttons import FIELDS, MOST_BUTTONS, MOST_LABEL, Tap, button, tapped
from integrations.slack_webhook import MOST_BLOCKS, message_of

KEY = "incident-A@20260616T032800.000000Z"
AT = datetime(2026, 6, 16, 3, 28, tzinfo=UTC)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz_-0123456789", max_size=60)


def post(*acts: Act, lines: tuple[str, ...] = ()) -> Post:
    return Post(
        key=f"{KEY}/post/1", incident_id="incident-A", title="t", lines=lines, acts=acts, severity=Severity.SEV1
    )


def blocks(said: Post, *, buttons: bool = True) -> list[dict[str, Any]]:
    return list(message_of(said, "https://ui.example.org", buttons=buttons)["blocks"])


@given(action=st.sampled_from(sorted(FIELDS)), incident=NAMES.filter(bool), about=NAMES)
def test_a_tap_comes_back_as_it_went_out(**told: str) -> None:
    """Whatever incidents and plans are called."""
    assert tapped(button("x", Tap(**told))) == Tap(**told)


def test_what_waits_for_a_tap_has_a_button() -> None:
    """Bound to this incident, and to this plan."""
    said = post(
        Act(action="ack"), Act(action="approve", proposal="restart-1"), Act(action="reject", proposal="restart-1")
    )
    (row,) = [block for block in blocks(said) if block["type"] == "actions"]
    assert [tapped(element) for element in row["elements"]] == [
        Tap(action="ack", incident=KEY),
        Tap(action="approve", incident=KEY, about="restart-1"),
        Tap(action="reject", incident=KEY, about="restart-1"),
    ]
    assert [element["text"]["text"] for element in row["elements"]] == ["I have it", "Yes: restart-1", "No: restart-1"]


def test_each_button_of_a_row_has_an_id_of_its_own() -> None:
    """Slack refuses a block with two that are the same."""
    said = post(*(Act(action=action, proposal=f"p-{n}") for n in range(3) for action in ("approve", "reject")))
    ids = [
        element["action_id"] for block in blocks(said) if block["type"] == "actions" for element in block["elements"]
    ]
    assert len(set(ids)) == len(ids) == 6


@pytest.mark.parametrize("said", [post(), post(Act(action="ack"))])
def test_without_interactivity_there_are_no_buttons(said: Post) -> None:
    """One that leads nowhere shows a warning sign at 3 a.m."""
    assert [block["type"] for block in blocks(said, buttons=False)].count("actions") == 0


def test_a_row_stays_within_slack_s_limits() -> None:
    """25 buttons, 75 characters each, 50 blocks."""
    said = post(*(Act(action="approve", proposal="p" * 100 + f"-{n}") for n in range(40)), lines=("x",) * 80)
    (row,) = [block for block in blocks(said) if block["type"] == "actions"]
    assert (len(row["elements"]), len(blocks(said)) <= MOST_BLOCKS) == (MOST_BUTTONS, True)
    assert all(len(element["text"]["text"]) <= MOST_LABEL for element in row["elements"])
