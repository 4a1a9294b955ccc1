"""What the runbook says to do for one alert. It travels with the incident, so that no edit disturbs a running one."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from incident.model.severity import Severity


class Approval(StrEnum):
    """Who may set a lever in motion (design §7)."""

    AUTOMATIC = "automatic"
    APPROVAL = "approval"
    TWO_PEOPLE = "two_people"
    MANUAL = "manual"


@dataclass(frozen=True, kw_only=True)
class LeverUse:
    lever: str
    approval: Approval = Approval.APPROVAL
    per_subject: bool = False
    """Planned for each subject that the impact check names, not for the alert as a whole."""
    at_once: int = 1
    """Most proposals of it alive at the same time."""
    needs: tuple[str, ...] = ()
    """Who may decide on it: groups or roles (`Proposal.needs`); empty: anybody on the team."""


@dataclass(frozen=True, kw_only=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Playbook:
    """One alert's entry. Names of checks and levers are file names in `activities/checks` and `activities/levers`."""

    alert: str
    severity: Severity
    domain: str
    owner: str
    """Whom escalation widens to (runbook §6)."""
    means: str
    """One sentence: what is broken for whom."""
    first_actions: tuple[str, ...] = ()
    runbook: Link | None = None
    dashboards: tuple[Link, ...] = ()
    identity_labels: tuple[str, ...] | None = None
    """Which labels tell two subjects apart; None: every label but the common ones."""
    checks: tuple[str, ...] = ()
    impact_check: str | None = None
    """The check that says whether customers are still hurt; None: only people can say."""
    automation_check: str | None = None
    """The check that says whether an automation of the organisation is already at work."""
    automation_lever: str | None = None
    """Our lever that does the same as that automation: what it has just done is not worth doing again."""
    levers: tuple[LeverUse, ...] = ()
    """Fastest safe one first (runbook §2.2)."""
    journey_check: str | None = None
    data_check: str | None = None
    customer_visible: bool = False
    """Customers see it: it belongs on the status page (runbook §7)."""
    component: str = ""
    """What the status page calls the part that is broken; empty: the page as a whole."""
    plainly: str = ""
    """What customers notice, in words they may read: one sentence for mails and the status page."""
    plainly_past: str = ""
    """The same once it has stopped: "For a while you could not sign in." Empty: a person words those mails."""
    prices: dict[str, str] = field(default_factory=dict)
    """Plan → what it costs, for finance; a plan that is missing is told without."""
    sla: timedelta | None = None
    """How long a customer may wait before people must tell them and finance is asked (runbook §3.1); None: no such."""
    known: bool = True
    """False: the runbook has no entry for this alert."""
