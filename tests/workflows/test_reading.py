"""From what people and machines send to the words we know: a sentence for everything else, never an exception."""

import json

import pytest
from temporalio.api.common.v1 import Payload

from incident.model.alert import AlertStatus
from incident.model.messages import MESSAGES, Ack, Assign, Note
from incident.model.role import Role
from incident.model.severity import Severity
from workflows.contract import DATA_CONVERTER, IncidentInput, Unreadable
from workflows.reading import EXPECTED_START, Misread, read_alert, read_message, read_start

PLAIN = {"encoding": b"json/plain"}


def decoded(data: bytes, metadata: dict[str, bytes]) -> object:
    """What a handler of `*args: Any` is given."""
    return DATA_CONVERTER.payload_converter.from_payloads([Payload(metadata=metadata, data=data)])[0]


UNREADABLE: dict[str, tuple[bytes, dict[str, bytes]]] = {
    "broken JSON": (b"{nonsense", PLAIN),
    "nothing at all": (b"", PLAIN),
    "not UTF-8": (b'"\xff"', PLAIN),
    "half a character": (b'"\\ud800"', PLAIN),
    "a thousand brackets": (b"[" * 1000 + b"]" * 1000, PLAIN),
    "no encoding": (b'"ana"', {}),
    "an unknown encoding": (b'"ana"', {"encoding": b"binary/unheard-of"}),
    "an encoding that is no text": (b'"ana"', {"encoding": b"\xff"}),
    "a protobuf of no type": (b"x", {"encoding": b"binary/protobuf"}),
    "a protobuf of an unknown type": (b"x", {"encoding": b"binary/protobuf", "messageType": b"no.Such"}),
    "a broken protobuf": (b"\xff", {"encoding": b"binary/protobuf", "messageType": b"temporal.api.common.v1.Payload"}),
    "a broken JSON protobuf": (
        b'{"x": 1}',
        {"encoding": b"json/protobuf", "messageType": b"temporal.api.common.v1.Payload"},
    ),
    "a protobuf whose type is no text": (b"x", {"encoding": b"binary/protobuf", "messageType": b"\xff"}),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_nobody_can_decode_is_a_value(what):
    """An exception here would make the SDK drop the signal with a log line only (temporal-guide §1.4)."""
    assert isinstance(decoded(*UNREADABLE[what]), Unreadable)


def test_one_unreadable_input_does_not_hide_that_there_were_two():
    """Each payload is read by itself."""
    payloads = [Payload(metadata=PLAIN, data=b"{"), Payload(metadata=PLAIN, data=b'"bo"')]
    first, second = DATA_CONVERTER.payload_converter.from_payloads(payloads)

    assert (type(first), second) == (Unreadable, "bo")


def test_what_is_typed_is_decoded_as_pydantic_does():
    """Activities and outcomes keep their types."""
    payload = DATA_CONVERTER.payload_converter.to_payloads([Ack(by="ana")])[0]

    assert DATA_CONVERTER.payload_converter.from_payloads([payload], [Ack]) == [Ack(by="ana")]


@pytest.mark.parametrize(
    ("name", "inputs", "message"),
    [
        ("ack", (), Ack()),
        ("ack", (None,), Ack()),
        ("ack", ({},), Ack()),
        ("ack", (" ana ",), Ack(by="ana")),
        ("ack", ({"by": "ana", "colour": "red"},), Ack(by="ana")),
        ("note", ("seen",), Note(text="seen")),
        ("note", ({"text": "seen", "hypothesis": "true"},), Note(text="seen", hypothesis=True)),
        ("assign", ({"role": "ic", "to": "ana"},), Assign(role=Role.IC, to="ana")),
    ],
)
def test_what_is_understood(name, inputs, message):
    """Nothing, a word, or an object with more in it than we know."""
    assert read_message(name, inputs) == message


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ((7,), "a number"),
        ((7.5,), "a number"),
        ((True,), "true or false"),
        ((["ana"],), "a list"),
        ((b"\xff",), "bytes"),
        (("ana", "bo"), "2 inputs"),
        ((Unreadable("it is not readable JSON"),), "it is not readable JSON"),
        (({"by": 7},), "by: Input should be a valid string"),
        (({"by": ""},), "by: String should have at least 1 character"),
        (({"by": "x" * 201},), "by: String should have at most 200 characters"),
    ],
)
def test_what_is_not_understood_is_said_in_words(inputs, why):
    """Which part is wrong, in a person's words."""
    with pytest.raises(Misread) as misread:
        read_message("ack", inputs)

    assert (misread.value.why, misread.value.expected) == (why, Ack.expected)


@pytest.mark.parametrize("name", MESSAGES)
def test_what_is_expected_is_what_would_be_understood(name):
    """The example in each refusal can be typed as it stands."""
    example = MESSAGES[name].expected
    start = example.index("{")
    typed, _ = json.JSONDecoder().raw_decode(example[start:])

    assert read_message(name, (typed,)).by in ("ana", "bo", "fin", "someone")


def test_what_was_sent_is_not_repeated():
    """It may hold a secret."""
    with pytest.raises(Misread) as misread:
        read_message("severity", ({"severity": "hunter2", "why": {"password": "hunter2"}},))

    assert "hunter2" not in str(misread.value)


@pytest.mark.parametrize(
    ("typed", "alert", "severity"),
    [
        ("AppDBDown", "AppDBDown", None),
        (" AppDBDown ", "AppDBDown", None),
        ({"alert": "AppDBDown", "severity": "SEV-1"}, "AppDBDown", Severity.SEV1),
        ({"alert": {"name": "AppDBDown"}}, "AppDBDown", None),
    ],
)
def test_what_starts_an_incident(typed, alert, severity):
    """Only the alert's name is needed (design §5)."""
    start = read_start((typed,))

    assert (start.alert.name, start.severity) == (alert, severity)


@pytest.mark.parametrize(
    "inputs",
    [
        (),
        (None,),
        ("",),
        (" ",),
        ({},),
        ({"alert": ""},),
        ({"alert": {"name": ""}},),
        ({"alert": {"name": 1}},),
        ("a", 1),
    ],
)
def test_what_starts_nothing(inputs):
    """With what would."""
    with pytest.raises(Misread) as misread:
        read_start(inputs)

    assert misread.value.expected == EXPECTED_START


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("firing", AlertStatus.FIRING),
        ("resolved", AlertStatus.RESOLVED),
        ({}, AlertStatus.FIRING),
        ({"status": "resolved", "labels": {}}, AlertStatus.RESOLVED),
    ],
)
def test_what_an_alert_may_say(told, status):
    """A vendor's own, or a word typed by hand; the name is the incident's own."""
    alert = read_alert((told,), "AppDBDown")

    assert (alert.name, alert.status) == ("AppDBDown", status)


@pytest.mark.parametrize("told", [None, 7, "cleared", {"status": "gone"}, {"starts_at": "yesterday"}, ["resolved"]])
def test_what_an_alert_may_not_say(told):
    """Neither fires nor cleared: nothing is guessed."""
    with pytest.raises(Misread):
        read_alert((told,), "AppDBDown")


def test_what_is_typed_by_hand_is_cut_to_what_an_incident_can_carry() -> None:
    """A pasted log must not wedge an incident: payloads end at 2 MiB (temporal-guide §4)."""
    start = read_start([{"alert": "A", "summary": "s" * 10**6, "labels": {f"l{n}": "v" * 10**5 for n in range(99)}}])

    assert isinstance(start, IncidentInput)
    assert len(str(start.alert)) < 200_000


def test_a_link_that_is_no_web_address_is_dropped() -> None:
    """It would end up in chat and Web UI."""
    assert read_alert([{"link": "javascript:alert(1)"}], "A").link == ""
