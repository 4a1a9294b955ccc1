"""Everything that can happen to an incident (past tense): alerts, people's messages, deadlines, outcomes."""

from dataclasses import dataclass

from incident.model.alert import Alert
from incident.model.already_paged import EarlierPage
from incident.model.identity import Voice
from incident.model.incident import Due
from incident.model.messages import Message
from incident.model.outcomes import Outcome
from incident.model.playbook import Playbook
from incident.model.response_policy import ResponsePolicy
from incident.model.severity import Severity


@dataclass(frozen=True, kw_only=True)
class Declared:
    """The incident began. Playbook and policy came along, or are looked up first; `severity` is a person's choice."""

    severity: Severity | None = None
    playbook: Playbook | None = None
    policy: ResponsePolicy | None = None


@dataclass(frozen=True, kw_only=True)
class AlertTold:
    """The vendor told the alert again: it fires, or it cleared."""

    alert: Alert


@dataclass(frozen=True, kw_only=True)
class AlreadyPaged:
    """People were paged by the bridge's second path, while the orchestrator could not do it."""

    pages: tuple[EarlierPage, ...]


@dataclass(frozen=True, kw_only=True)
class Said:
    """A person said one of the messages of design §5. `voice`: whose word it is; None: only the message's own claim."""

    message: Message
    voice: Voice | None = None

    @property
    def spoken(self) -> Voice:
        """Whose word it is."""
        return self.voice or Voice(by=self.message.by)


@dataclass(frozen=True, kw_only=True)
class NotUnderstood:
    """A signal that made no sense. `expected` says what would have."""

    signal: str
    why: str
    expected: str


@dataclass(frozen=True, kw_only=True)
class CameDue:
    what: Due


@dataclass(frozen=True, kw_only=True)
class Continuing:
    """The run's history is long: the incident goes on in a new run, after it has been archived."""


Event = Continuing | Declared | AlertTold | AlreadyPaged | Said | NotUnderstood | CameDue | Outcome
