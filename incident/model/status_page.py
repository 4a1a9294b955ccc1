"""What the public status page says of an incident: one status incident for each of ours (runbook §7)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Shown(StrEnum):
    """The states of a status incident, in the words of Atlassian's Statuspage. `identified` would claim a cause."""

    INVESTIGATING = "investigating"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Leave(StrEnum):
    """May we post? The first post of an episode is approved by a person, what follows from it is not asked again."""

    NOT_ASKED = "not asked"
    ASKED = "asked"
    GIVEN = "given"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One version of the text on the page."""

    state: Shown
    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class StatusPage:
    leave: Leave = Leave.NOT_ASKED
    episode: int = 1
    """Whose leave that is."""
    notices: int = 0
    sending: Notice | None = None
    """On its way: the next one waits for its answer, so that an older text never replaces a newer one."""
    shown: Notice | None = None
    waiting: Notice | None = None
    """What the page should say next."""
    id: str = ""
    """The page's own id of our status incident; empty: there is none yet."""
    shown_at: datetime | None = None
    trouble: str = ""
    """Why the page could not be set; empty: it could."""
