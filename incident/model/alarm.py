"""An alarm: what a provider that keeps an incident of its own (PagerDuty) keeps of ours, by its name there.

Once it is acknowledged there, nothing rings under its name again. So each acknowledgement of ours begins a new turn: a
page after it, because somebody gave the incident back or because the owner is called, opens an alarm of another name.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

SECOND_PATH = "second-path/"
"""How the name of an alarm begins that the bridge opened by itself."""


@dataclass(frozen=True, kw_only=True)
class Alarm:
    person: str
    """Key of the one who is paged by it."""
    name: str


def alarm_name(incident_key: str, turn: int) -> str:
    """The incident's own key in its first turn, which is nearly always the only one."""
    return f"{incident_key}/{turn}" if turn else incident_key


def second_path_alarm(incident: str, since: datetime) -> str:
    """The same for every bridge that misses this incident on this day (UTC): a provider rings once for all of them."""
    return f"{SECOND_PATH}{incident}@{since.astimezone(UTC):%Y-%m-%d}"


def incident_key_of(alarm: str) -> str:
    """The key of the incident (`Incident.key`) whose alarm has this name; of one of the second path only the id."""
    if alarm.startswith(SECOND_PATH):
        return alarm.removeprefix(SECOND_PATH).rpartition("@")[0]
    return re.sub(r"(?<=Z)/\d+$", "", alarm)
