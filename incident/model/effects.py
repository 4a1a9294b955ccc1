"""Everything we may ask of the world. Imperative; each carries its business key, and comes back as an outcome event."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from incident.model.alarm import Alarm
from incident.model.alert import Alert
from incident.model.card import Card, Thread
from incident.model.customers import Moment
from incident.model.incident import Incident
from incident.model.lever import LeverPlan
from incident.model.playbook import Link
from incident.model.severity import Severity
from incident.model.status_page import Notice


@dataclass(frozen=True, kw_only=True)
class ConsultRunbook:
    """Look the alert up: playbook and response policy."""

    alert: Alert
    key: str
    kind: Literal["consult_runbook"] = "consult_runbook"


@dataclass(frozen=True, kw_only=True)
class Page:
    """Reach people, whoever they are just then. `title` begins with severity and alert; `text` holds incident id and
    page number (design §5).

    `targets` say whom: `on-call`, `owner`, `rotation:<name>`, `person:<key>`, `everyone`. Who that is, and how they are
    reached, is found out when the page goes out: an incident knows keys of people, never their addresses.
    """

    key: str
    """Of the page; each send has its own below it: `<key>/<person>/<channel>`."""
    incident_id: str
    number: int
    rung: int = 1
    """Of the escalation ladder, from 1."""
    targets: tuple[str, ...] = ("on-call",)
    domain: str
    severity: Severity
    title: str
    text: str
    audience: str
    """The targets in words, for people."""
    spared: tuple[str, ...] = ()
    """Who has it already, or asks for others: they are called only if nobody else is there. Keys or names of people."""
    urgent: bool
    next_contact_after: timedelta = timedelta(seconds=10)
    """An urgent page waits so long for one way to reach a person before it tries the next one beside it."""
    not_before: datetime
    """When this page was first asked for (aware UTC): an older message is another one's."""
    fresh_until: datetime | None = None
    """Until then it cannot be out of date (aware UTC): its first message goes out unasked. None: it may be old."""
    plans: tuple[str, ...] = ()
    """Levers' plans that wait for a yes or a no of anybody on the team."""
    because: str
    alarm: str = ""
    """Name of the alarm it opens where a provider keeps one; empty: the incident's key."""
    kind: Literal["page"] = "page"


class Standing(StrEnum):
    """How an incident stands, for those who only ring."""

    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True)
class Settle:
    """Tell providers that keep an incident of their own how ours stands."""

    key: str
    standing: Standing
    alarms: tuple[Alarm, ...]
    kind: Literal["settle"] = "settle"


@dataclass(frozen=True, kw_only=True)
class Act:
    """What a person could do by one tap: a message's name, and the plan it is about where there is one."""

    action: str
    proposal: str = ""


@dataclass(frozen=True, kw_only=True)
class Post:
    """Say something in the incident's thread. `lines` are chat markdown; `commands` are shown as copyable code."""

    key: str
    incident_id: str
    title: str
    lines: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    acts: tuple[Act, ...] = ()
    """The same as `commands` for a chat with buttons, as far as a tap says enough."""
    severity: Severity
    broadcast: bool = False
    """Wake the channel (`@channel`), where the runbook says so."""
    mentions: tuple[str, ...] = ()
    """People by name whom this concerns; a chat that knows them calls them."""
    thread: Thread | None = None
    """Where it is said, in a chat that has threads; None: it belongs to no incident."""
    kind: Literal["post"] = "post"


class Purpose(StrEnum):
    TRIAGE = "triage"
    HOLD = "hold"
    """Wait for an automation at work."""
    VERIFY = "verify"
    """See whether a lever stopped the impact."""
    CRITERIA = "criteria"


@dataclass(frozen=True, kw_only=True)
class Look:
    """Run checks; with patience, keep looking until one of them differs from `known`, then report all of them."""

    key: str
    incident_id: str
    number: int
    purpose: Purpose
    checks: tuple[str, ...]
    alert: Alert
    opened_at: datetime
    since: datetime
    """Work of automations before this instant is old news (aware UTC)."""
    known: dict[str, str] = field(default_factory=dict)
    """Check → `Status` (plus `+acting`) as the incident knows it; empty: report at once."""
    greens: int = 1
    """How many looks in a row must be ok before a check's answer is ok."""
    every: timedelta
    patience: timedelta = timedelta(0)
    kind: Literal["look"] = "look"


@dataclass(frozen=True, kw_only=True)
class Brief:
    """Open the thread and take the first look: one activity, because each history event costs (design §9)."""

    key: str
    post: Post
    look: Look | None
    card: Card | None = None
    """The thread's first message, in a chat that has threads; the post is then the first one in it."""
    kind: Literal["brief"] = "brief"


@dataclass(frozen=True, kw_only=True)
class ShowCard:
    """Bring the thread's first message up to date; where there is no thread yet, open it."""

    key: str
    incident_id: str
    number: int
    card: Card
    thread: Thread
    kind: Literal["show_card"] = "show_card"


@dataclass(frozen=True, kw_only=True)
class PlanLever:
    key: str
    incident_id: str
    lever: str
    alert: Alert
    since: datetime
    because: str = ""
    subjects: tuple[str, ...] = ()
    """For whom a plan is wanted, one each; empty: for the alert as a whole."""
    kind: Literal["plan_lever"] = "plan_lever"


@dataclass(frozen=True, kw_only=True)
class ApplyLever:
    key: str
    incident_id: str
    proposal: str
    plan: LeverPlan
    alert: Alert
    approved_at: datetime
    """Work seen on the target since this instant is this very application (aware UTC)."""
    approved_by: tuple[str, ...] = ()
    patience: timedelta = timedelta(minutes=10)
    """How long its effect may take to show, where the lever looks for itself."""
    every: timedelta = timedelta(seconds=15)
    """Between two of those looks."""
    within: timedelta = timedelta(minutes=30)
    """How long the yes waits for a worker that carries it out: after that it no longer counts."""
    kind: Literal["apply_lever"] = "apply_lever"


class RecordKind(StrEnum):
    DRAFT = "draft"
    CONTINUED = "continued"
    CLOSED = "closed"
    PART = "part"
    """The older lines of a long timeline, on their way out of the engine."""


@dataclass(frozen=True, kw_only=True)
class WriteRecord:
    """Archive the incident on disk, independent of the engine's retention."""

    key: str
    number: int
    """Counts this incident's records: an older one never replaces a newer one."""
    reason: RecordKind
    incident: Incident
    """For a part: with the lines that leave, and no others."""
    markdown: str
    """For a part: the rows of those lines."""
    earlier_row: str = ""
    """The row of `markdown` that stands for the lines which left before; empty: none did."""
    kind: Literal["write_record"] = "write_record"


@dataclass(frozen=True, kw_only=True)
class MailCustomers:
    """One mail to each of these customers, once per customer and version; the activity knows their addresses."""

    key: str
    incident_id: str
    mail_key: str
    """Prefix of each mail's own key: the same in every round of one version."""
    version: int
    round: int
    """1, and one more for each time those who could not be reached are tried again."""
    moment: Moment
    subject: str
    text: str
    customers: tuple[str, ...]
    kind: Literal["mail_customers"] = "mail_customers"


@dataclass(frozen=True, kw_only=True)
class SetStatusPage:
    """Have the status page show `notice`, as the one status incident of ours."""

    key: str
    incident_id: str
    number: int
    mark: str
    """By which our status incident is found again: the incident's own key."""
    known_id: str
    """The page's id of it; empty: not known, so it is looked for before one is made."""
    component: str
    notice: Notice
    severity: Severity
    kind: Literal["set_status_page"] = "set_status_page"


Told = Page | Settle | Post | Brief | ShowCard | MailCustomers | SetStatusPage
"""What people read."""
Effect = ConsultRunbook | Told | Look | PlanLever | ApplyLever | WriteRecord
StoredEffect = Annotated[Effect, Field(discriminator="kind")]
"""An effect that waits through continue-as-new."""
