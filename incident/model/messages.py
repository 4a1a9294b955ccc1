"""What people and machines may tell an incident: the payloads of design §5's signals and updates.

Lenient on purpose: every field that can have a default has one, unknown fields are ignored, text is trimmed. What is
still wrong is explained with `expected`.
"""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, StringConstraints

from incident.model.incident import Criterion, Role
from incident.model.severity import Severity

Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
RequiredText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
WebUrl = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^https?://[^\s<>|]+$")]


class Message(BaseModel):
    """Base of all. `bare` names the field a bare JSON string stands for."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    bare: ClassVar[str] = "by"
    expected: ClassVar[str] = '{"by": "ana"}'
    by: Short = "someone"


class Ack(Message):
    expected: ClassVar[str] = 'nothing, "ana" or {"by": "ana"}'


class Resolve(Message):
    expected: ClassVar[str] = '{"by": "ana", "note": "pool rebuilt"}'
    note: Text = ""


class Note(Message):
    bare: ClassVar[str] = "text"
    expected: ClassVar[str] = '{"text": "what you saw", "by": "ana", "hypothesis": false}'
    text: RequiredText
    hypothesis: bool = False


class SetSeverity(Message):
    bare: ClassVar[str] = "severity"
    expected: ClassVar[str] = '{"severity": "SEV-1", "why": "money at risk", "by": "ana"} (SEV-1, SEV-2 or SEV-3)'
    severity: Severity
    why: RequiredText


class Assign(Message):
    bare: ClassVar[str] = "role"
    expected: ClassVar[str] = '{"role": "ic", "to": "ana", "by": "bo"} (ic, scribe, comms or responder)'
    role: Role
    to: Short


class Approve(Message):
    expected: ClassVar[str] = '{"proposal": "redeploy_app-1", "by": "ana", "why": "safe now"}'
    proposal: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    why: Text = ""


class Reject(Approve):
    pass


class Mitigated(Message):
    expected: ClassVar[str] = '{"by": "ana", "how": "rolled back the last deploy"}'
    how: Text = ""


class Confirm(Message):
    bare: ClassVar[str] = "criterion"
    expected: ClassVar[str] = (
        '{"criterion": "durable", "evidence": "how you know", "by": "ana"} '
        "(alert_clear, impact_gone, data_reconciled or durable)"
    )
    criterion: Criterion
    evidence: RequiredText


class Postmortem(Message):
    bare: ClassVar[str] = "url"
    expected: ClassVar[str] = '{"url": "https://…", "by": "ana"}'
    url: WebUrl


class FileActionItem(Message):
    bare: ClassVar[str] = "what"
    expected: ClassVar[str] = (
        '{"what": "alert on deep readiness", "owner": "ana", "due": "2026-07-01", "url": "https://…"}'
    )
    what: RequiredText
    owner: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    due: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""
    url: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""


MESSAGES: dict[str, type[Message]] = {
    "ack": Ack,
    "resolve": Resolve,
    "note": Note,
    "severity": SetSeverity,
    "assign": Assign,
    "approve": Approve,
    "reject": Reject,
    "mitigated": Mitigated,
    "confirm": Confirm,
    "postmortem": Postmortem,
    "action_item": FileActionItem,
}
"""Name of the signal (and update) → its payload. Field docs: design §5."""
