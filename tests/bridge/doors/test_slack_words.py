"""What is typed behind `/incident`, as a message: the incident may be left out while only one is open."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.finding import NotOne
from bridge.slack_words import READERS, Mistyped, read

ONE = ["incident-AppDBDown-app.tlsstress.art"]
TWO = [*ONE, "incident-ProvisioningJobsStuck"]


def who(user: str) -> str:
    return {"U0ANA": "ana"}.get(user, "")


@pytest.mark.parametrize(
    ("text", "ids", "word", "incident", "payload"),
    [
        pytest.param("ack", ONE, "ack", ONE[0], {}, id="the only one"),
        pytest.param("ACK appdb", TWO, "ack", ONE[0], {}, id="a part of an id, in any case"),
        pytest.param("note pool is empty", ONE, "note", ONE[0], {"text": "pool is empty"}, id="words for the only one"),
        pytest.param(
            "note appdbdown pool is empty", TWO, "note", ONE[0], {"text": "pool is empty"}, id="words for one"
        ),
        pytest.param("note app is down", ONE, "note", ONE[0], {"text": "app is down"}, id="a word that is in an id"),
        pytest.param("take appdb scribe", TWO, "take", ONE[0], {"role": "scribe"}, id="a role"),
        pytest.param("assign IC <@U0ANA|ana.l>", ONE, "assign", ONE[0], {"role": "ic", "to": "ana"}, id="a mention"),
        pytest.param("assign ic @bo", ONE, "assign", ONE[0], {"role": "ic", "to": "bo"}, id="a name"),
        pytest.param(
            "assign ic <@U0EVE>", ONE, "assign", ONE[0], {"role": "ic", "to": "<@U0EVE>"}, id="nobody of ours"
        ),
        pytest.param("approve", ONE, "approve", ONE[0], {}, id="the only plan"),
        pytest.param(
            "approve appdb redeploy_app-1", TWO, "approve", ONE[0], {"proposal": "redeploy_app-1"}, id="a plan"
        ),
        pytest.param(
            "reject redeploy_app-1 self-heal is at it",
            ONE,
            "reject",
            ONE[0],
            {"proposal": "redeploy_app-1", "why": "self-heal is at it"},
            id="a plan, and why",
        ),
        pytest.param("reject not now", ONE, "reject", ONE[0], {"why": "not now"}, id="only why"),
        pytest.param("escalate needs DNS", ONE, "escalate", ONE[0], {"why": "needs DNS"}, id="for the owner"),
        pytest.param("unack a tunnel ahead", ONE, "unack", ONE[0], {"why": "a tunnel ahead"}, id="giving it back"),
        pytest.param("resolve", ONE, "resolve", ONE[0], {}, id="nothing more to say"),
        pytest.param("refund declined", ONE, "refund", ONE[0], {"answer": "declined"}, id="finance's no"),
        pytest.param(
            "refund appdb refund_path-1 Refunded INV 12",
            TWO,
            "refund",
            ONE[0],
            {"proposal": "refund_path-1", "answer": "refunded", "reference": "INV 12"},
            id="finance's answer, and where it is booked",
        ),
    ],
)
def test_a_command_is_a_message(text: str, ids: list[str], word: str, incident: str, payload: dict[str, Any]) -> None:
    """As people type on a phone."""
    typed = read(text, ids, who)
    assert (typed.word, typed.incident, typed.payload) == (word, incident, payload)


@pytest.mark.parametrize("text", ["ack", "note pool is empty", "ack incident-", "status nowhere"])
def test_which_one_is_asked_for_where_several_are_open(text: str) -> None:
    """With their names."""
    with pytest.raises(NotOne, match=r"which one\?[\s\S]*AppDBDown"):
        read(text, TWO, who)


def test_that_nothing_is_open_is_said() -> None:
    """Instead of a riddle."""
    with pytest.raises(NotOne, match="no incident is open"):
        read("ack", [], who)


@pytest.mark.parametrize(
    "text", ["", "dance", "note", "assign", "assign boss @ana", "assign ic", "take boss", "refund maybe"]
)
def test_what_is_missing_is_said(text: str) -> None:
    """Before anything reaches an incident."""
    with pytest.raises(Mistyped):
        read(text, ONE, who)


@given(word=st.sampled_from([*READERS, "dance"]), rest=st.text(max_size=80), ids=st.sampled_from([[], ONE, TWO]))
def test_whatever_is_typed_is_understood_or_answered(word: str, rest: str, ids: list[str]) -> None:
    """Never an error of ours."""
    try:
        typed = read(f"{word} {rest}", ids, who)
    except (Mistyped, NotOne):
        return
    assert typed.incident in ids
