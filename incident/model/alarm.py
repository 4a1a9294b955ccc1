"""An alarm: what a provider that keeps an incident of its own (PagerDuty) keeps of ours, by its name there.

Once it is acknowledged there, nothing rings under its name again. So each acknowledgement of ours begins a new turn: a
page after it, because somebody gave the incident back or because the owner is called, opens an alarm of another name.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Alarm:
    person: str
    """Key of the one who is paged by it."""
    name: str


def alarm_name(incident_key: str, turn: int) -> str:
    """The incident's own key in its first turn, which is nearly always the only one."""
    return f"{incident_key}/{turn}" if turn else incident_key


def incident_key_of(alarm: str) -> str:
    """The key of the incident (`Incident.key`) whose alarm has this name."""
    return re.sub(r"(?<=Z)/\d+$", "", alarm)
