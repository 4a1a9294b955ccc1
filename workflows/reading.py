"""From whatever people and machines send to the words we know; never an exception that could stop an incident."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from incident.model.alert import Alert, AlertStatus
from incident.model.already_paged import MOST, bounded_pages, readable
from incident.model.bounded import bounded
from incident.model.events import AlertTold, AlreadyPaged
from incident.model.messages import MESSAGES, Message
from workflows.contract import IncidentInput, Unreadable
from workflows.starts import ALERT, EARLIER_PAGES, Continued, TypedStart

EXPECTED_START = (
    '"AppDBDown" or {"alert": "AppDBDown", "severity": "SEV-2", "labels": {}, "summary": "", "description": ""} '
    "(only the alert's name is needed)"
)
EXPECTED_ALERT = '"firing", "resolved" or {"name": "AppDBDown", "status": "resolved"}'
EARLIER = "already_paged"
"""Field of the bridge's `alert`: who was paged by its second path. Alone, it says nothing of the alert itself."""
EXPECTED_EARLIER = '"already_paged": [{"at": "2026-06-16T03:28:05Z", "channel": "ntfy", "person": "ana"}]'
SIGNALS = ("alert", *MESSAGES)


@dataclass(frozen=True)
class Misread(Exception):
    """It made no sense: why, and what would have."""

    why: str
    expected: str

    def __str__(self) -> str:
        return f"{self.why}; expected {self.expected}"


def read_start(args: Sequence[Any]) -> IncidentInput | Continued:
    """What a run begins with. Raises Misread."""
    given = _single(args, EXPECTED_START)
    try:
        if isinstance(given, str):
            return _typed(TypedStart(alert=given))
        if not isinstance(given, dict):
            raise Misread(_what(given), EXPECTED_START)
        if "incident" in given:
            return Continued.model_validate(given)
        if isinstance(given.get("alert"), dict):
            return _named(IncidentInput.model_validate(given))
        return _typed(TypedStart.model_validate(given))
    except ValidationError as error:
        raise Misread(explain(error), EXPECTED_START) from None


def _typed(start: TypedStart) -> IncidentInput:
    alert = Alert(name=start.alert, labels=start.labels, summary=start.summary, description=start.description)
    return _named(IncidentInput(alert=alert, severity=start.severity))


def _named(start: IncidentInput) -> IncidentInput:
    if not start.alert.name.strip():
        raise Misread("the alert has no name", EXPECTED_START)
    return start.model_copy(update={"alert": bounded(start.alert, None)})


def read_alert(args: Sequence[Any], name: str) -> Alert:
    """What a vendor, or a person, tells about the alert. `name` is the incident's own alert. Raises Misread."""
    given = _single(args, EXPECTED_ALERT)
    if isinstance(given, str):
        given = {"status": given}
    if not isinstance(given, dict):
        raise Misread(_what(given), EXPECTED_ALERT)
    try:
        return bounded(ALERT.validate_python({"name": name, "status": AlertStatus.FIRING} | given), None)
    except ValidationError as error:
        raise Misread(explain(error), EXPECTED_ALERT) from None


def read_told(args: Sequence[Any], name: str) -> AlertTold | None:
    """The alert of a signal `alert`. None: it only tells who was paged. Raises Misread."""
    if len(args) == 1 and isinstance(args[0], dict) and args[0].keys() == {EARLIER}:
        return None
    return AlertTold(alert=read_alert(args, name))


def read_already_paged(args: Sequence[Any], name: str) -> AlreadyPaged | None:
    """Who was paged without us, where a signal `alert` tells it. Raises Misread."""
    given = args[0].get(EARLIER) if len(args) == 1 and isinstance(args[0], dict) else None
    if not given:
        return None
    try:
        pages = EARLIER_PAGES.validate_python(given[:MOST] if isinstance(given, list) else given)
    except ValidationError as error:
        raise Misread(explain(error), EXPECTED_EARLIER) from None
    return AlreadyPaged(pages=bounded_pages(tuple(map(readable, pages))))


def read_message(name: str, args: Sequence[Any]) -> Message:
    """What a person said. No input is an empty message; a bare string is its main field. Raises Misread."""
    model = MESSAGES[name]
    given = _single(args, model.expected) if args else {}
    if given is None:
        given = {}
    if isinstance(given, str):
        given = {model.bare: given}
    if not isinstance(given, dict):
        raise Misread(_what(given), model.expected)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Misread(explain(error), model.expected) from None


def _single(args: Sequence[Any], expected: str) -> Any:
    if len(args) != 1:
        raise Misread("no input" if not args else f"{len(args)} inputs", expected)
    if isinstance(args[0], Unreadable):
        raise Misread(args[0].why, expected)
    return args[0]


WORDS: dict[type, str] = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    bytes: "bytes",
}


def _what(given: object) -> str:
    return WORDS.get(type(given), "something else")


def explain(error: ValidationError) -> str:
    """Which field is wrong and why, in one line, without repeating what was sent (it may hold a secret)."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(str(part) for part in p['loc']) or 'input'}: {p['msg']}" for p in problems[:5])
