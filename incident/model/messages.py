"""What people and machines may tell an incident: the payloads of design §5's signals and updates.

Lenient on purpose: every field that can have a default has one, unknown fields are ignored, text is trimmed. What is
still wrong is explained with `expected`.
"""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from incident.model.customers import MOST_AFFECTED
from incident.model.incident import Criterion
from incident.model.refund import RefundAnswer
from incident.model.role import Role
from incident.model.severity import Severity

Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
RequiredText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
WebUrl = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^https?://[^\s<>|]+$")]
SOMEONE = "someone"
"""Who did not say who they are: they may own an incident, but nobody can turn to them."""
YES, NO = frozenset({"true", "yes"}), frozenset({"false", "no", ""})


def _small(value: object) -> object:
    """`IC` is typed as often as `ic`."""
    return value.strip().lower() if isinstance(value, str) else value


def _yes_no_or_words(value: object) -> object:
    """A flag in a form's text field is still a flag."""
    word = value.strip().lower() if isinstance(value, str) else value
    return True if word in YES else False if word in NO else value


SomeRole = Annotated[Role, BeforeValidator(_small)]
CustomerKey = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^@\s,;<>]+$")
]
"""The organisation's own short name of a customer. No blanks, and no `@`: an address would stay in history for good."""


def _listed(given: object) -> object:
    """`acme, globex` is a list too."""
    return [part for part in given.replace(",", " ").split() if part] if isinstance(given, str) else given


CustomerKeys = Annotated[tuple[CustomerKey, ...], BeforeValidator(_listed), Field(max_length=MOST_AFFECTED)]


class Message(BaseModel):
    """Base of all. `bare` names the field a bare JSON string stands for."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    bare: ClassVar[str] = "by"
    expected: ClassVar[str] = '{"by": "ana"}'
    by: Short = SOMEONE


class Ack(Message):
    expected: ClassVar[str] = 'nothing, "ana" or {"by": "ana"}'


class Resolve(Message):
    expected: ClassVar[str] = '{"by": "ana", "note": "pool rebuilt"}'
    note: Text = ""


class Note(Message):
    bare: ClassVar[str] = "text"
    expected: ClassVar[str] = '{"text": "what you saw", "by": "ana"} or {"hypothesis": "pool exhausted", "by": "ana"}'
    text: RequiredText
    hypothesis: Annotated[bool | RequiredText, BeforeValidator(_yes_no_or_words)] = False
    """`true`: the text is the team's working hypothesis. In words: that is it, and `text` may be left out."""

    @model_validator(mode="before")
    @classmethod
    def _words_are_text_too(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("text") is not None:
            return given
        words = _yes_no_or_words(given.get("hypothesis"))
        return {**given, "text": words} if isinstance(words, str) else given

    @property
    def guess(self) -> str:
        """The hypothesis it carries; empty: none."""
        return self.hypothesis if isinstance(self.hypothesis, str) else self.text if self.hypothesis else ""


class SetSeverity(Message):
    bare: ClassVar[str] = "severity"
    expected: ClassVar[str] = '{"severity": "SEV-1", "why": "money at risk", "by": "ana"} (SEV-1, SEV-2 or SEV-3)'
    severity: Severity
    why: RequiredText


class Assign(Message):
    bare: ClassVar[str] = "role"
    expected: ClassVar[str] = '{"role": "ic", "to": "ana", "by": "bo"} (ic, scribe, comms or responder)'
    role: SomeRole
    to: Short


class Take(Message):
    bare: ClassVar[str] = "role"
    expected: ClassVar[str] = '{"role": "scribe", "by": "ana"} (ic, scribe, comms or responder)'
    role: SomeRole


class Unack(Message):
    bare: ClassVar[str] = "why"
    expected: ClassVar[str] = '{"why": "my train goes into a tunnel", "by": "ana"}'
    why: RequiredText


class Escalate(Message):
    bare: ClassVar[str] = "why"
    expected: ClassVar[str] = (
        '{"why": "it needs somebody who knows DNS", "to": "owner", "by": "ana"} '
        "(owner, everyone, rotation:<name>, or a person's key)"
    )
    why: RequiredText
    to: Short = "owner"


class Approve(Message):
    expected: ClassVar[str] = '{"proposal": "redeploy_app-1", "by": "ana", "why": "safe now"}'
    proposal: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    why: Text = ""
    of: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    """For whom `by` speaks, where a plan is for one group to decide: `finance`. A claim, like `by`."""


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


class TellCustomers(Message):
    bare: ClassVar[str] = "affected"
    expected: ClassVar[str] = (
        '{"affected": ["acme", "globex"], "by": "ana"}, {"count": 40}, {"text": "what the next mail says"}, '
        '{"again": ["acme"]}, {"told": ["acme"]} or {"bounced": ["acme"], "mail": "mail-1", "code": "5.1.1"} '
        "(customers by key, never by address)"
    )
    affected: CustomerKeys = ()
    count: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""
    again: CustomerKeys = ()
    told: CustomerKeys = ()
    bounced: CustomerKeys = ()
    """Whose mail came back."""
    mail: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^(mail-[1-9]\d{0,8})?$")] = ""
    """Which one; empty: the newest that went out."""
    code: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^([245](\.\d{1,3}){2})?$")] = ""
    """Why (RFC 3463). Nothing else: a mail server's words may repeat an address."""


class AnswerRefund(Message):
    bare: ClassVar[str] = "answer"
    expected: ClassVar[str] = (
        '{"proposal": "refund_path-1", "answer": "refunded", "reference": "INV-12", "by": "fin", "of": "finance"} '
        "(refunded, credited or declined)"
    )
    proposal: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    answer: RefundAnswer
    reference: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    of: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    """For whom `by` speaks: `finance`. A claim, like `by`."""


MESSAGES: dict[str, type[Message]] = {
    "ack": Ack,
    "unack": Unack,
    "escalate": Escalate,
    "resolve": Resolve,
    "note": Note,
    "severity": SetSeverity,
    "take": Take,
    "assign": Assign,
    "approve": Approve,
    "reject": Reject,
    "mitigated": Mitigated,
    "confirm": Confirm,
    "postmortem": Postmortem,
    "action_item": FileActionItem,
    "customers": TellCustomers,
    "refund": AnswerRefund,
}
"""Name of the signal (and update) → its payload. Field docs: design §5."""
