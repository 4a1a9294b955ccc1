"""What an incident is: one frozen value that holds everything that must survive any crash."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from incident.model.alarm import Alarm
from incident.model.alert import Alert
from incident.model.already_paged import EarlierPage
from incident.model.customers import Customers
from incident.model.escalation import Call, Calling
from incident.model.finding import Finding
from incident.model.lever import LeverPlan
from incident.model.playbook import Approval, Playbook
from incident.model.refund import Refund
from incident.model.response_policy import ResponsePolicy
from incident.model.role import Role
from incident.model.severity import Severity
from incident.model.status_page import StatusPage
from incident.model.timeline import Entry


class Phase(StrEnum):
    """Where the runbook stands (runbook §2)."""

    TRIAGE = "triage"
    MITIGATE = "mitigate"
    RESOLVE = "resolve"
    POSTMORTEM = "postmortem"
    CLOSED = "closed"


class Due(StrEnum):
    """What may come due. At most one deadline of each kind."""

    ACK = "ack"
    REPAGE = "repage"
    RETRY = "retry"
    """A call for somebody else reached nobody: make it again. Sorts after REPAGE, whose page may speak for it."""
    NIGHT = "night"
    CADENCE = "cadence"
    UPDATE_NEAR = "update_near"
    """The next update is near: whoever owns the cadence is reminded."""
    CARD = "card"
    """Show the live card anew: a few seconds after the last time."""
    ROLES = "roles"
    """A role is still empty: remind."""
    UNMITIGATED = "unmitigated"
    QUIET = "quiet"
    LOOK = "look"
    """Look at the world again: renewed after each look, so a lost one is never the last."""
    LEVER = "lever"
    POSTMORTEM = "postmortem"
    MISUNDERSTOOD = "misunderstood"
    SLA_NEAR = "sla_near"
    """Most of the time that a paid customer may wait is gone."""
    SLA = "sla"
    APPROVAL = "approval"
    """A plan, or a yes to one, is too old to count."""
    CUSTOMERS = "customers"
    """The next mail to customers has to be on the table, or the one there promises too little time."""
    PROMISE = "promise"
    """Customers were promised a mail by now."""
    MAIL_AGAIN = "mail_again"
    RETURNED = "returned"
    """Mails came back since the thread last asked for somebody."""
    STATUS_PAGE = "status_page"
    """Try again to set a status page that could not be reached."""
    REFUND = "refund"
    """Ask finance again for an answer."""
    RECORD = "record"
    """Write the closed incident's record again: the disk did not take it."""


class Criterion(StrEnum):
    """The runbook's four resolve criteria (runbook §2.3), and one for incidents that outlast the provisioning SLA."""

    ALERT_CLEAR = "alert_clear"
    IMPACT_GONE = "impact_gone"
    DATA_RECONCILED = "data_reconciled"
    DURABLE = "durable"
    REFUND = "refund"
    """Finance has answered (runbook §3.1). Only where finance was asked."""


class ProposalState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    APPLIED = "applied"
    VERIFIED = "verified"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    """Nobody decided in time."""
    WITH_PEOPLE = "with_people"
    """Approved, and people carry it out."""
    SENT = "sent"
    """Approved, and on its way to those outside."""


class Aim(StrEnum):
    """What a yes sets in motion."""

    LEVER = "lever"
    MAIL = "mail"
    STATUS_PAGE = "status_page"
    REFUND = "refund"


SPEAKERS = (Role.IC.value, Role.RESPONDER.value, Role.COMMS.value)
"""Whose yes what customers read takes (runbook §7): IC or comms, or the single responder."""
FINANCE = "finance"
"""Whose yes money takes (runbook §3.1, §6): the people of the rotation of this name."""


@dataclass(frozen=True, kw_only=True)
class Yes:
    """One person's yes to a plan."""

    by: str
    at: datetime
    how: str = ""
    """How we know who that was: `verified by slack`, `claimed`; empty: the runbook itself."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A lever's plan, waiting for people or already on its way. `id` is short enough to type: `redeploy_app-1`."""

    id: str
    plan: LeverPlan
    approval: Approval
    state: ProposalState = ProposalState.OPEN
    proposed_at: datetime
    proposed_by: str = ""
    """The person who proposed it; empty: the orchestrator."""
    proposed_verified: bool = False
    """We know for sure that it was them."""
    needs: tuple[str, ...] = ()
    """Only one of these may decide: a group (a rotation's name, such as `finance`) or a role in the incident."""
    aim: Aim = Aim.LEVER
    approved_by: tuple[str, ...] = ()
    yeses: tuple[Yes, ...] = ()
    """The same, with when and how we know."""
    applied_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Attestation:
    """A person's word that a criterion holds."""

    by: str
    evidence: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ActionItem:
    what: str
    owner: str = ""
    due: str = ""
    url: str = ""
    by: str = "someone"


@dataclass(frozen=True, kw_only=True)
class Incident:
    """All of it. Deadlines are absolute instants, aware UTC."""

    id: str
    opened_at: datetime
    alert: Alert
    severity: Severity
    severity_chosen: bool = False
    """A person chose it: the runbook's own severity no longer counts."""
    phase: Phase = Phase.TRIAGE
    playbook: Playbook | None = None
    policy: ResponsePolicy | None = None

    firing: dict[str, datetime | None] = field(default_factory=dict)
    """Subject that fires now → since when, as its vendor says."""
    seen: tuple[str, ...] = ()
    """Ring of notifications already taken, so that repeats are one line at most."""
    cleared_at: datetime | None = None

    acked_by: str = ""
    acked_at: datetime | None = None
    acked_how: str = ""
    """How we know who that was: `verified by slack`, `claimed`."""
    roles: dict[Role, str] = field(default_factory=dict)
    role_since: dict[Role, datetime] = field(default_factory=dict)
    """Since when whoever has the role has had it (aware UTC)."""
    declared: tuple[Role, ...] = ()
    """Roles that the present severity asks for; the first of them leads."""
    role_reminders: int = 0
    """Reminders of a role that is empty, since somebody last took one."""
    hypothesis: str = ""
    hypothesis_at: datetime | None = None
    told: str = ""
    """Mark of what the last update told, to be honest when nothing has changed since."""
    told_at: datetime | None = None
    """Since when that has been so."""

    pages: int = 0
    """Pages asked for so far; each has a number, which is its key."""
    pages_delivered: int = 0
    paged_at: datetime | None = None
    """When the newest page was asked for."""
    already_paged: tuple[EarlierPage, ...] = ()
    """Pages that went out by the second path, while we could not send any."""
    covered: int = 0
    """Pages up to this number need not go out: the second path had paged for the same reason before."""
    alarms: tuple[Alarm, ...] = ()
    """What providers keep of it, and have to be told how it stands."""
    turn: int = 0
    """How often it was acknowledged; names the alarms of later pages."""
    settles: int = 0
    calls: dict[Call, Calling] = field(default_factory=dict)
    """The newest page of each kind: what silences one leaves the others standing."""
    unheard: tuple[int, ...] = ()
    """Numbers of pages that reached nobody, and whose calls are made again."""
    rung: int = 0
    """Of the escalation ladder, from 1; one past its last: everyone. 0: it was not climbed yet."""
    repeats: int = 0
    """How often the last rung was paged again."""
    unreached: bool = False
    """The thread was told that nobody could be paged, and nobody has been since."""
    episode: int = 1
    """1, and one more at each reopening."""
    widened: bool = False
    """Escalation has widened to the domain owner."""
    briefed: bool = False
    thread: str = ""
    """The chat's own name of this incident's thread; empty: it has none, or it is not open."""
    card: str = ""
    """Mark of what the thread's first message shows; empty: nobody knows."""
    card_at: datetime | None = None
    """When it was last shown."""
    cards: int = 0
    showing: int = 0
    """Number of the card on its way; 0: none."""
    posts: int = 0
    looks: int = 0
    looking: int = 0
    """Number of the look under way; 0: none."""
    plans: int = 0
    records: int = 0

    findings: dict[str, Finding] = field(default_factory=dict)
    proposals: tuple[Proposal, ...] = ()
    planning: str = ""
    """Lever whose plan is being made."""
    levers_tried: tuple[str, ...] = ()
    """In this episode, in order."""
    handed_over: tuple[str, ...] = ()
    """Subjects whose lever was refused, failed or impossible: people look after them."""
    held_back: tuple[str, ...] = ()
    """Subjects whose lever must not be pulled just now: planned again when the time for it has come."""
    sla_warned_for: datetime | None = None
    sla_told_for: datetime | None = None
    """Since when the customer waits for whom people were last asked: the next one starts a clock of its own."""
    automation_seen_at: datetime | None = None
    """Since when we hold back for an automation in this episode."""
    impact_since: datetime | None = None
    """What automations did before is old news: the impact came back after it. None: it never came back."""
    mitigated_at: datetime | None = None
    mitigated_how: str = ""

    customers: Customers = field(default_factory=Customers)
    status_page: StatusPage = field(default_factory=StatusPage)
    refunds: tuple[Refund, ...] = ()

    criteria_met: tuple[Criterion, ...] = ()
    """As last written on the timeline."""
    attested: dict[Criterion, Attestation] = field(default_factory=dict)
    action_items: tuple[ActionItem, ...] = ()
    items_before: int = 0
    """Follow-ups filed in earlier episodes: that fix was not durable."""
    resolve_asked_by: str = ""
    resolve_note: str = ""
    resolved_at: datetime | None = None
    postmortem_due: datetime | None = None
    postmortem_url: str = ""
    closed_recorded: bool = False
    """The record of the closed incident is on disk: the run may end."""

    marks: dict[str, datetime] = field(default_factory=dict)
    """Proofs of identity that were used → until when that must be remembered."""
    misunderstood: int = 0
    """Messages that made no sense since the last chat line about them."""
    due: dict[Due, datetime] = field(default_factory=dict)
    timeline: tuple[Entry, ...] = ()
    archiving: int = 0
    """Oldest lines of the timeline that are on their way to disk."""
    archived: int = 0
    """Lines that are on disk and no longer here: a story may be longer than the engine carries."""

    @property
    def key(self) -> str:
        """Prefix of every effect's key. The workflow id alone comes back when the same alert fires next week."""
        return f"{self.id}@{self.opened_at:%Y%m%dT%H%M%S.%fZ}"

    @property
    def empty_roles(self) -> tuple[Role, ...]:
        """Wanted, and nobody has it."""
        return tuple(role for role in self.declared if role not in self.roles)

    @property
    def lead(self) -> str:
        """Who owns the cadence: IC or responder, else whoever has acknowledged; empty: nobody yet."""
        return (self.roles.get(self.declared[0], "") if self.declared else "") or self.acked_by

    @property
    def open_proposals(self) -> tuple[Proposal, ...]:
        """Levers first: what stops the bleeding is read before what is said about it (runbook's golden rule)."""
        waiting = (p for p in self.proposals if p.state is ProposalState.OPEN)
        return tuple(sorted(waiting, key=lambda p: p.aim is not Aim.LEVER))

    @property
    def needs_human(self) -> bool:
        """Nobody owns it, a plan waits for a yes, a customer was not reached, the postmortem or the record is late."""
        match self.phase:
            case Phase.CLOSED:
                return Due.RECORD in self.due
            case Phase.POSTMORTEM:
                late = self.postmortem_due is not None and Due.POSTMORTEM not in self.due
                return late or self._customers_wait
        return not self.acked_by or self._customers_wait

    @property
    def _customers_wait(self) -> bool:
        """For a yes, or for somebody to call them."""
        return bool(self.open_proposals or self.customers.unreached)
