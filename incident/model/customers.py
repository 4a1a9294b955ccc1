"""Customers an incident hurts, and what we write to them (runbook §7). Keys and counts: addresses never come here."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from incident.model.language import Vocabulary
from incident.model.playbook import Approval

MOST_AFFECTED = 1000
"""Customers one incident names one by one; more are a count, and a matter for the status page."""


@dataclass(frozen=True, kw_only=True)
class Affected:
    """One customer, as the saga knows them. `key` is the organisation's own short name for them."""

    key: str
    plan: str = ""
    paid: str = ""
    where: str = ""
    """Job and step they are stuck at; for finance, never for the customer."""


class Moment(StrEnum):
    """Which mail of the three kinds it is."""

    FIRST = "first"
    FOLLOW_UP = "follow-up"
    LAST = "last"


class Stage(StrEnum):
    """What a mail says of the impact. One that was written for another stage is not sent."""

    HURTING = "hurting"
    STOPPED = "stopped"
    OVER = "over"


class Fate(StrEnum):
    """What became of one customer's mail."""

    SENT = "sent"
    REFUSED = "refused"
    """Every address was refused for good (5xx)."""
    UNREACHABLE = "unreachable"
    """Not taken yet (4xx, no answer before the text): nothing was sent."""
    UNKNOWN = "unknown"
    """The text was given away and no answer came, or we were killed over it: never sent again by itself."""
    NO_ADDRESS = "no address"
    BOUNCED = "came back"
    """It was taken, and returned later (RFC 3464)."""


@dataclass(frozen=True, kw_only=True)
class Template:
    """`{affected}` is the playbook's plain sentence; the text ends where the promise begins."""

    subject: str
    text: str


@dataclass(frozen=True, kw_only=True)
class CustomerRules:
    """How and when we write. Values live in `runbook/messages.py`; durations are already divided by the speed."""

    next_update_after: timedelta = timedelta(hours=2)
    """What a mail promises."""
    draft_ahead: timedelta = timedelta(minutes=20)
    """The next draft is on the table so long before the promise."""
    renew_before: timedelta = timedelta(minutes=45)
    """A draft that nobody approved promises anew when so little of its own promise is left."""
    remind_every: timedelta = timedelta(minutes=30)
    """Between two reminders of a promise that was not kept."""
    mail_again_after: timedelta = timedelta(minutes=5)
    rounds: int = 4
    """How often a mail that could not be delivered yet is tried, before people are asked."""
    refund_remind_every: timedelta = timedelta(hours=4)
    show_again_after: timedelta = timedelta(minutes=5)
    """Between two tries at a status page that cannot be reached."""
    approval: Approval = Approval.APPROVAL
    """Who may let a mail go: one person, or `two_people`; whoever wrote its words is then the first of the two."""
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    templates: dict[str, Template] = field(default_factory=dict)
    """`first/hurting`, … (`Moment/Stage`) → text; none: people write it."""
    promise: str = "We will write to you again by {at}."
    signature: str = ""
    notices: dict[str, Template] = field(default_factory=dict)
    """State of the status page → its text."""


class LetterState(StrEnum):
    OPEN = "open"
    SENDING = "sending"
    SENT = "sent"
    """Every customer's mail has a fate, good or bad."""
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One version of one text, to the customers it is for. Its proposal is `mail-<version>`."""

    version: int
    moment: Moment
    stage: Stage
    subject: str
    text: str
    """Whole, as it is mailed."""
    promises: datetime | None = None
    """By when we write again (aware UTC)."""
    to: tuple[str, ...] = ()
    state: LetterState = LetterState.OPEN
    round: int = 0
    waiting: tuple[str, ...] = ()
    """Customers who are tried again in the next round."""

    @property
    def proposal(self) -> str:
        return f"mail-{self.version}"


@dataclass(frozen=True, kw_only=True)
class Customers:
    """Who is hurt, who was written to, what they were promised."""

    affected: dict[str, Affected] = field(default_factory=dict)
    count: int = 0
    """How many, as a person says, where nobody can say who."""
    episode: int = 1
    """What follows is about this episode of the incident."""
    versions: int = 0
    letters: tuple[Letter, ...] = ()
    """The newest few; what was sent stands on the timeline."""
    written: tuple[str, ...] = ()
    """Customers whose mail was approved in this episode."""
    unreached: dict[str, Fate] = field(default_factory=dict)
    """Customers a mail did not reach, or may not have reached: people look after them."""
    returned: dict[str, int] = field(default_factory=dict)
    """Customer's key → version of the newest mail that came back from there."""
    returned_untold: tuple[str, ...] = ()
    """Customers whose mail came back since the thread last asked for somebody."""
    promised: datetime | None = None
    """By when the customers expect the next mail."""
    wanted_text: bool = False
    """A draft was rejected: the next one is a person's."""
    text: str = ""
    """A person's words for the next draft."""
    text_by: str = ""
    """Whose words those are."""
    last_done: bool = False
    """The mail at resolution was approved, or people decided against it."""

    @property
    def open_letter(self) -> Letter | None:
        return next((letter for letter in self.letters if letter.state is LetterState.OPEN), None)

    @property
    def how_many(self) -> int:
        return max(self.count, len(self.affected))
