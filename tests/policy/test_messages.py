"""What people may type: lenient where it can be, exact about what is missing (design §5)."""

import pytest
from pydantic import ValidationError

from incident.model.messages import MESSAGES, Ack, FileActionItem, Message, Note, Resolve
from incident.model.role import Role

WORKING = {
    "ack": {},
    "unack": {"why": "my train"},
    "escalate": {"why": "it needs DNS"},
    "resolve": {},
    "note": {"text": "pool is empty"},
    "take": {"role": "scribe"},
    "severity": {"severity": "SEV-1", "why": "money"},
    "assign": {"role": "ic", "to": "ana"},
    "approve": {},
    "reject": {},
    "mitigated": {},
    "confirm": {"criterion": "durable", "evidence": "patched"},
    "postmortem": {"url": "https://wiki.example/pm"},
    "action_item": {"what": "alert on deep readiness"},
    "customers": {},
    "refund": {"answer": "credited"},
}
"""The least each message needs: the fields marked * in design §5."""


def test_every_message_of_the_contract_exists():
    """The human messages, by these names (design §5)."""
    assert set(WORKING) == set(MESSAGES)


@pytest.mark.parametrize("name", WORKING)
def test_a_message_needs_only_its_starred_fields(name):
    """Every other field has a default; without a sender it is `someone` (design §5)."""
    assert MESSAGES[name].model_validate(WORKING[name]).by == "someone"


@pytest.mark.parametrize(("name", "missing"), [(n, field) for n, fields in WORKING.items() for field in fields])
def test_a_starred_field_cannot_be_left_out(name, missing):
    """Without it the message has no meaning (design §5)."""
    given = {field: value for field, value in WORKING[name].items() if field != missing}

    with pytest.raises(ValidationError, match=missing):
        MESSAGES[name].model_validate(given)


@pytest.mark.parametrize(
    ("given", "text", "guess"),
    [
        pytest.param({"text": "pool is empty", "hypothesis": True}, "pool is empty", "pool is empty", id="a flag"),
        pytest.param({"text": "pool is empty", "hypothesis": False}, "pool is empty", "", id="a flag that says no"),
        pytest.param({"text": "x", "hypothesis": "true"}, "x", "x", id="a flag typed into a form"),
        pytest.param({"hypothesis": "pool exhausted"}, "pool exhausted", "pool exhausted", id="in words"),
        pytest.param({"text": "x", "hypothesis": " pool exhausted "}, "x", "pool exhausted", id="beside a note"),
    ],
)
def test_a_hypothesis_is_a_flag_or_words(given, text, guess):
    """`note {"hypothesis": …}`: what the IC thinks, for the next update (runbook §7)."""
    note = Note.model_validate(given)

    assert (note.text, note.guess) == (text, guess)


@pytest.mark.parametrize(
    "given", [{"hypothesis": True}, {"hypothesis": ""}, {"hypothesis": 3, "text": "x"}, {"text": " "}]
)
def test_a_note_says_something(given):
    """A flag alone is no hypothesis (design §5)."""
    with pytest.raises(ValidationError, match=r"text|hypothesis"):
        Note.model_validate(given)


@pytest.mark.parametrize("role", ["ic", "IC", " Scribe ", "COMMS"])
def test_a_role_is_typed_in_any_letters(role):
    """`IC` is how people write it (design §5)."""
    assert MESSAGES["take"].model_validate({"role": role}).role in Role


@pytest.mark.parametrize("name", WORKING)
def test_unknown_fields_are_ignored(name):
    """A message of next year still means what it says (design §5)."""
    message = MESSAGES[name].model_validate(WORKING[name] | {"colour": "red"})

    assert not hasattr(message, "colour")


@pytest.mark.parametrize("name", WORKING)
def test_a_bare_string_stands_for_one_of_the_message_s_own_fields(name):
    """`ack --input '"ana"'` works because each message says which field a bare string is (design §5)."""
    assert MESSAGES[name].bare in MESSAGES[name].model_fields


@pytest.mark.parametrize("name", WORKING)
def test_what_was_expected_names_every_starred_field(name):
    """Who got it wrong is shown what would have been right (design §5)."""
    assert [field for field in WORKING[name] if f'"{field}"' not in MESSAGES[name].expected] == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        pytest.param("severity", {"severity": "SEV-0"}, id="no such severity"),
        pytest.param("severity", {"severity": "critical"}, id="the alert's label is not a severity"),
        pytest.param("severity", {"why": "   "}, id="a reason of blanks is none"),
        pytest.param("assign", {"role": "boss"}, id="no such role"),
        pytest.param("confirm", {"criterion": "done"}, id="no such criterion"),
        pytest.param("confirm", {"evidence": ""}, id="an attestation without evidence"),
        pytest.param("note", {"text": ""}, id="an empty note"),
        pytest.param("postmortem", {"url": "javascript:alert(1)"}, id="not a web address"),
        pytest.param("postmortem", {"url": "https://a b"}, id="blanks in an address"),
        pytest.param("postmortem", {"url": "https://x|evil"}, id="a bar would break the chat's link"),
        pytest.param("ack", {"by": ""}, id="a sender without a name"),
        pytest.param("ack", {"by": "a" * 201}, id="a name longer than 200 characters"),
        pytest.param("note", {"text": "a" * 4001}, id="a note longer than 4000 characters"),
    ],
)
def test_a_message_that_makes_no_sense_is_not_accepted(name, change):
    """It is told, with what was expected; it never changes an incident (design §5)."""
    with pytest.raises(ValidationError):
        MESSAGES[name].model_validate(WORKING[name] | change)


def test_texts_are_trimmed():
    """Blanks around a name would make two people of one (design §5)."""
    assert (Ack(by=" ana ").by, Note(text=" pool\n").text) == ("ana", "pool")


@pytest.mark.parametrize("message", [Resolve(), FileActionItem(what="x")])
def test_a_message_cannot_be_changed_once_read(message: Message):
    """What was said stays as it was said (design §3)."""
    with pytest.raises(ValidationError, match="frozen"):
        message.by = "bo"
