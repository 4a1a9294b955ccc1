"""What came of an effect. Past tense; the only way the world talks back to the decider."""

from dataclasses import dataclass
from enum import StrEnum

from incident.model.customers import Fate
from incident.model.effects import Purpose, RecordKind, Standing
from incident.model.finding import Finding
from incident.model.lever import LeverPlan, LeverReport
from incident.model.playbook import Playbook
from incident.model.response_policy import ResponsePolicy


@dataclass(frozen=True, kw_only=True)
class Consulted:
    playbook: Playbook
    policy: ResponsePolicy


class Arrival(StrEnum):
    """What came of one way to reach one person."""

    DELIVERED = "delivered"
    """The provider took it."""
    REFUSED = "refused"
    """The provider said no: the next way was tried at once."""
    UNREACHABLE = "unreachable"
    """Nobody answered, however patiently it was asked."""
    NOBODY = "nobody"
    """There is nobody to page, or no way to reach them now; `person` is the target nobody stands for."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """`person` is a key of the people we know, or `on-call` for the team's own channels."""

    person: str
    channel: str = ""
    outcome: Arrival
    receipt: str = ""
    """The provider's own id of the message."""
    repeat: bool = False
    """An earlier attempt had already delivered it: nothing was sent twice."""
    alarm: str = ""
    """Name of the incident its provider keeps of ours now, which has to end with it (`Settle`); empty: none."""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Paged:
    """A page had its turn. Whether it reached anybody is in its deliveries, in the order in which they were tried."""

    number: int
    deliveries: tuple[Delivery, ...] = ()
    overtaken: str = ""
    """Why no further message of it went out: it was no longer true. Empty: everybody had their turn."""

    @property
    def arrived(self) -> bool:
        """Did it reach anybody?"""
        return any(delivery.outcome is Arrival.DELIVERED for delivery in self.deliveries)


@dataclass(frozen=True, kw_only=True)
class PageFailed:
    """A page that had no turn at all."""

    number: int
    why: str
    late: bool = False
    """Nobody took it in time, nothing was sent: the world may have moved on, so it is decided anew (design §6)."""


@dataclass(frozen=True, kw_only=True)
class Settled:
    standing: Standing
    channels: tuple[str, ...]
    """Which were told."""


@dataclass(frozen=True, kw_only=True)
class SettleFailed:
    standing: Standing
    why: str


@dataclass(frozen=True, kw_only=True)
class Posted:
    key: str


@dataclass(frozen=True, kw_only=True)
class PostFailed:
    key: str
    title: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Looked:
    number: int
    purpose: Purpose
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class Briefed:
    """`not_posted` says why the thread could not be opened; empty: it is open."""

    not_posted: str
    findings: tuple[Finding, ...]
    number: int
    thread: str = ""
    """The chat's own name of the thread; empty: the chat has none, or it is not open."""


@dataclass(frozen=True, kw_only=True)
class CardShown:
    number: int
    thread: str
    """The chat's own name of the thread; empty: the chat has none."""


@dataclass(frozen=True, kw_only=True)
class CardFailed:
    number: int
    why: str


@dataclass(frozen=True, kw_only=True)
class LookFailed:
    number: int
    purpose: Purpose
    why: str


@dataclass(frozen=True, kw_only=True)
class LeverPlanned:
    plan: LeverPlan
    more: tuple[LeverPlan, ...] = ()
    """Of the other subjects that were asked for."""


@dataclass(frozen=True, kw_only=True)
class LeverPlanFailed:
    lever: str
    why: str


@dataclass(frozen=True, kw_only=True)
class LeverApplied:
    proposal: str
    report: LeverReport


@dataclass(frozen=True, kw_only=True)
class Recorded:
    reason: RecordKind
    path: str


@dataclass(frozen=True, kw_only=True)
class RecordFailed:
    reason: RecordKind
    why: str


@dataclass(frozen=True, kw_only=True)
class CustomersMailed:
    version: int
    fates: dict[str, Fate]
    """Customer → what became of their mail; customers that are missing were not tried."""
    why: str = ""
    """What the mail server said of those that were not sent: codes, never an address."""


@dataclass(frozen=True, kw_only=True)
class StatusPageSet:
    number: int
    id: str
    """The page's own id of our status incident."""
    repeat: bool = False
    """It was there already."""


@dataclass(frozen=True, kw_only=True)
class StatusPageNotSet:
    number: int
    why: str
    for_good: bool = False
    """Trying again cannot help: no page is set, or it refuses us."""


Outcome = (
    Consulted
    | Paged
    | PageFailed
    | Settled
    | SettleFailed
    | Posted
    | PostFailed
    | Looked
    | LookFailed
    | Briefed
    | CardShown
    | CardFailed
    | LeverPlanned
    | LeverPlanFailed
    | LeverApplied
    | Recorded
    | RecordFailed
    | CustomersMailed
    | StatusPageSet
    | StatusPageNotSet
)
