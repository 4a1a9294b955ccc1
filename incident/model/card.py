"""An incident's live card: what the first message of its thread shows, and keeps showing as things change."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Thread:
    """Where an incident is talked about, in a chat that has threads."""

    key: str
    """The incident's own key: what its first message is found by."""
    since: datetime
    """When the incident was opened (aware UTC): an older message is another one's."""
    at: str = ""
    """The chat's own name of it; empty: it is not open yet, or nobody knows."""


@dataclass(frozen=True, kw_only=True)
class Press:
    """A button. `action` is the name of the message it stands for: `ack`, `take`, `approve`, …"""

    action: str
    label: str
    about: str = ""
    """Which plan, or which role."""
    main: bool = False
    """The one that would help most."""
    no: bool = False
    """It turns something down."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """`lines` are chat markdown. There is no line for a root cause (runbook §7)."""

    incident_id: str
    title: str
    lines: tuple[str, ...]
    presses: tuple[Press, ...] = ()
