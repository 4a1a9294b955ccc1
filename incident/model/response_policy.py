"""The numbers of the response: clocks, cadences and page rules. Values live in `runbook/response.py`."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum

from incident.model.customers import CustomerRules
from incident.model.escalation import Ladder
from incident.model.role import Role
from incident.model.severity import Severity
from incident.model.zones import is_within


class PageWhen(StrEnum):
    ALWAYS = "always"
    OVERNIGHT = "overnight"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class SeverityRule:
    page: PageWhen
    cadence: timedelta | None
    """Time between thread updates; None: only at resolution."""
    postmortem: bool
    roles: tuple[Role, ...] = (Role.RESPONDER,)
    """Who is wanted; the first of them leads, and is whoever acknowledges first until someone takes it."""
    remind_roles_every: timedelta = timedelta(hours=2)
    """While one of them is empty."""


@dataclass(frozen=True, kw_only=True)
class Overnight:
    """The hours in which nobody watches chat. `starts` may be later than `ends`: the window then spans midnight."""

    zone: str
    starts: time
    ends: time


@dataclass(frozen=True, kw_only=True)
class ResponsePolicy:
    """All durations are already divided by `speed`; calendar days are divided where they are turned into instants."""

    rules: dict[Severity, SeverityRule]
    ack_within: timedelta
    repage_every: timedelta
    retry_undelivered_page_after: timedelta
    escalate_unmitigated_after: timedelta
    repeat_interval: timedelta
    """How long the alert must stay clear (runbook §2.3)."""
    probe_every: timedelta
    greens_in_a_row: int
    """How many successive green looks count as green."""
    look_patience: timedelta
    """Longest single look that waits for a change; then it is renewed."""
    automation_patience: timedelta
    """How long we hold back for an automation that is at work."""
    verify_patience: timedelta
    """How long after a lever its effect may take to show."""
    levers_per_hour: int
    hour: timedelta
    postmortem_business_days: int
    overnight: Overnight
    ladders: dict[str, dict[Severity, Ladder]]
    """Domain → severity → whom an unacknowledged incident is carried to; `default`: for all that have none here."""
    next_contact_after: timedelta
    """How long an urgent page waits for one way to reach a person before it tries the next one beside it."""
    same_page_within: timedelta = timedelta(minutes=1)
    """Nobody is paged again so soon after a page of the bridge's second path."""
    page_fresh_for: timedelta = timedelta(seconds=5)
    """A page so young is true without asking: its first message goes out at once."""
    misunderstood_post_every: timedelta
    retry_record_every: timedelta
    proposal_valid_for: timedelta = timedelta(hours=1)
    """How long a plan waits for a yes before it is made anew."""
    yes_valid_for: timedelta = timedelta(minutes=30)
    """How long a yes waits for the second one, or for a worker that carries it out."""
    must_be_verified: tuple[str, ...] = ()
    """Approvals (`two_people`) and groups (`finance`) that only count from verified people."""
    link_valid_for: timedelta = timedelta(hours=24)
    """How long a link that acts (in a page, a mail) is good."""
    witnesses: tuple[str, ...] = ()
    """Public keys (Ed25519, base64url) of the bridges whose word makes a person verified; none: all are claimed."""
    remind_before_update: timedelta = timedelta(minutes=5)
    """How long before an update is due whoever owns the cadence is reminded."""
    customers: CustomerRules = field(default_factory=CustomerRules)
    card_every: timedelta = timedelta(seconds=5)
    """Shortest time between two edits of the live card."""
    speed: float = 1.0

    def pages_at(self, severity: Severity, at: datetime) -> bool:
        """Does the page policy of this severity page at this instant? (runbook §1)"""
        match self.rule(severity).page:
            case PageWhen.ALWAYS:
                return True
            case PageWhen.OVERNIGHT:
                return is_within(at, self.overnight.zone, self.overnight.starts, self.overnight.ends)
            case PageWhen.NEVER:
                return False

    def rule(self, severity: Severity) -> SeverityRule:
        return self.rules[severity]

    def ladder(self, domain: str, severity: Severity) -> Ladder:
        """The domain's own, else the one of `default`."""
        return self.ladders.get(domain, {}).get(severity) or self.ladders["default"][severity]
