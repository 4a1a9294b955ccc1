"""Who does what in an incident (runbook §2)."""

from enum import StrEnum


class Role(StrEnum):
    IC = "ic"
    """Incident Commander: decides, and owns the comms cadence (runbook §7)."""
    SCRIBE = "scribe"
    """Keeps the timeline: the postmortem needs it (runbook §2.2)."""
    COMMS = "comms"
    """Speaks with customers and the status page (runbook §7)."""
    RESPONDER = "responder"
    """The single responder of a SEV-2 or SEV-3."""

    @property
    def called(self) -> str:
        """As people say it."""
        return "IC" if self is Role.IC else self.value

    @property
    def leads(self) -> bool:
        """Does whoever has it own the incident?"""
        return self in (Role.IC, Role.RESPONDER)
