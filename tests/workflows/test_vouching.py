"""Whose word it is: claimed, or vouched for by the bridge and nobody else (docs/decisions/0016)."""

import copy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident.model.identity import Voice
from incident.model.incident import Incident
from incident.model.timeline import Kind
from integrations.witness import Witness
from runbook.response import RESPONSE
from tests.policy.story import NOON, Story
from workflows.reading import Misread
from workflows.vouching import listen

BRIDGE = Witness("a secret of at least thirty-two characters")
STRANGER = Witness("the secret of somebody who is not the bridge")
POLICY = replace(RESPONSE, witnesses=(BRIDGE.public,))


def incident() -> Incident:
    return Story(policy=POLICY).incident


def vouched(witness: Witness = BRIDGE, name: str = "ack", **more: Any) -> dict[str, Any]:
    """What the bridge sends for ana, who came by a link."""
    said = {"by": "ana"} | more.pop("said", {})
    told = {"incident": incident().key, "via": "link", "once": "m1", "at": NOON, "until": NOON + timedelta(hours=1)}
    return witness.vouched(name, said, **(told | more))


def heard(payload: Any, name: str = "ack", now: datetime = NOON, of: Incident | None = None) -> Voice:
    return listen(name, [payload], of or incident(), now).spoken


def doubt(payload: Any, name: str = "ack", now: datetime = NOON, of: Incident | None = None) -> str:
    with pytest.raises(Misread) as misread:
        heard(payload, name, now, of)
    return misread.value.why


def test_what_the_bridge_vouches_for_is_verified() -> None:
    """With the door it came through."""
    assert heard(vouched()).how == "verified by link"


def test_what_is_typed_is_claimed() -> None:
    """Whoever may write to the namespace may say any name."""
    assert heard({"by": "ana"}).how == "claimed"


@pytest.mark.parametrize("payload", [{}, "ana", {"by": "ana", "verified": True, "via": "slack"}, {"vouch": None}])
def test_nobody_makes_themselves_verified_by_a_field(payload: Any) -> None:
    """Only a signature does."""
    assert not heard(payload).verified


def test_somebody_the_bridge_does_not_know_is_claimed_by_the_door() -> None:
    """A signed link that went to a whole topic names nobody."""
    assert heard(vouched(known=False)).how == "claimed by link"


def test_groups_count_only_where_the_bridge_knows_the_person() -> None:
    """Nobody we do not know is of finance."""
    assert heard(vouched(known=False, groups=("finance",))).groups == ()


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        pytest.param(vouched(STRANGER), "no bridge that this incident knows has signed it", id="another key"),
        pytest.param(vouched(incident="incident-ShopDown-b"), "it was made for another incident", id="another id"),
        pytest.param(
            vouched(incident="incident-ShopDown-a@20250616T120000.000000Z"),
            "it was made for another incident",
            id="an earlier one of the same id",
        ),
        pytest.param(vouched(until=NOON - timedelta(seconds=1)), "it has expired", id="too old"),
        pytest.param(vouched(at=NOON + timedelta(minutes=6)), "it comes from the future", id="too new"),
    ],
)
def test_a_proof_that_does_not_hold_is_refused(payload: dict[str, Any], why: str) -> None:
    """Not taken as claimed: whoever sends it tries something."""
    assert doubt(payload) == f"the proof of who said it does not hold: {why}"


@pytest.mark.parametrize("vouch", ["x", 7, [], {}, {"incident": "i"}, {"signature": "é"}])
def test_a_proof_nobody_can_read_is_refused(vouch: Any) -> None:
    """Garbage never stops an incident."""
    assert doubt({"by": "ana", "vouch": vouch}) == "the proof of who said it is not readable"


def test_a_proof_for_one_message_is_none_for_another() -> None:
    """An ack's signature approves nothing."""
    assert "no bridge" in doubt(vouched(name="ack"), name="resolve")


def test_without_a_key_everybody_is_a_claim() -> None:
    """An incident that was opened before there was a bridge with a key: its links still work."""
    assert heard(vouched(), of=Story().incident).how == "claimed"


@given(st.data())
def test_whatever_is_changed_breaks_the_signature(data: st.DataObject) -> None:
    """Name, door, group, time: all of it is signed."""
    payload = copy.deepcopy(vouched(name="approve", said={"proposal": "restart-1", "why": "safe"}))
    where = data.draw(st.sampled_from([payload, payload["vouch"]]))
    field = data.draw(st.sampled_from(sorted(where.keys() - {"vouch", "signature"})))
    changed = {"known": False, "groups": ["finance"]}.get(field, "2026-06-16T12:30:00Z")
    where[field] = changed
    assert "no bridge" in doubt(payload, name="approve") or "not readable" in doubt(payload, name="approve")


def test_a_proof_counts_once() -> None:
    """Whoever reads the history cannot send it again."""
    story = Story(policy=POLICY)
    payload = vouched()
    story.takes(listen("ack", [payload], story.incident, story.now))
    assert doubt(payload, of=story.incident).endswith("it was used already")


def test_marks_are_forgotten_once_they_cannot_count_any_more() -> None:
    """An incident stays small."""
    story = Story(policy=POLICY)
    story.takes(listen("ack", [vouched()], story.incident, story.now)).after(hours=2)
    later = vouched(once="m2", at=story.now, until=story.now + timedelta(hours=1))
    story.takes(listen("ack", [later], story.incident, story.now))
    assert list(story.incident.marks) == ["m2"]


def test_the_timeline_says_how_we_know() -> None:
    """`ana, verified by link`, `bo (claimed)`."""
    story = Story(policy=POLICY)
    for payload in (vouched(), {"by": "bo"}):
        story.takes(listen("ack", [payload], story.incident, story.now))
    people = [e.who for e in story.incident.timeline if e.kind is Kind.PERSON]
    assert people == ["ana, verified by link", "bo (claimed)"]
