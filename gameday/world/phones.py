"""Phones of the practice world: the lock screen as ntfy fills it, and what happens when somebody presses a button.

ntfy's page "Action buttons": `view` opens an address; `http` sends a request without opening anything, and with `clear`
the notification goes away once that worked. Here too.
"""

from dataclasses import dataclass, field
from typing import Any

import httpx

from gameday.receivers.desk import Arrival
from gameday.world.people import PEOPLE, TEAM, Practised
from gameday.world.sinks import Sinks

ANSWER_WITHIN_S = 15.0
MOST_SHOWN = 30
MOST_ANSWER = 300
"""Characters of an answer that a phone shows."""
METHODS = ("GET", "POST", "PUT")
"""What ntfy's app can send."""
THEIRS = frozenset(someone.key for someone in PEOPLE)


class NoSuchButton(Exception):
    """The notification, or the button on it, is not there (any more)."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What came of a press. `yes`: the other side did it."""

    yes: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class Notification:
    """One message on one phone, by ntfy's own id."""

    id: str
    arrival: Arrival
    said: Said | None
    cleared: bool

    @property
    def buttons(self) -> list[dict[str, Any]]:
        told = self.arrival.body.get("actions")
        return [action for action in told if isinstance(action, dict)] if isinstance(told, list) else []

    def button(self, label: str) -> dict[str, Any] | None:
        """One that acts without opening anything."""
        acting = (action for action in self.buttons if action.get("action") == "http")
        return next((action for action in acting if action.get("label") == label), None)


@dataclass
class Phones:
    """Everybody's. `said` and `cleared` are by the id of a notification."""

    sinks: Sinks
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=ANSWER_WITHIN_S))
    said: dict[str, Said] = field(default_factory=dict)
    cleared: set[str] = field(default_factory=set)

    def of(self, owner: Practised) -> list[Notification]:
        """What is on this phone, the newest first."""
        arrivals = [a for a in reversed(self.sinks.pages) if _is_for(owner, a)][:MOST_SHOWN]
        return [self._notification(arrival) for arrival in arrivals]

    async def press(self, owner: Practised, message: str, label: str) -> Said:
        """Do what the phone's app does. Raises NoSuchButton."""
        shown = next((n for n in self.of(owner) if n.id == message), None)
        action = shown.button(label) if shown else None
        if action is None:
            raise NoSuchButton(f"there is no button {label!r} on message {message!r} of {owner.key}'s phone")
        said = self.said[message] = await _request(self.http, action)
        if said.yes and action.get("clear"):
            self.cleared.add(message)
        return said

    def _notification(self, arrival: Arrival) -> Notification:
        name = str(arrival.body.get("id", ""))
        return Notification(id=name, arrival=arrival, said=self.said.get(name), cleared=name in self.cleared)


def _is_for(owner: Practised, arrival: Arrival) -> bool:
    """What is sent to a topic that is nobody's own is on the team's phone."""
    return arrival.to == owner.key or (owner is TEAM and arrival.to not in THEIRS)


async def _request(http: httpx.AsyncClient, action: dict[str, Any]) -> Said:
    """As ntfy's app sends it; POST where no method is given."""
    method = str(action.get("method", "POST")).upper()
    if method not in METHODS:
        return Said(yes=False, text=f"this phone sends no {method}")
    try:
        answer = await http.request(method, str(action.get("url", "")))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Said(yes=False, text=f"no answer ({type(error).__name__}): try again")
    return Said(yes=answer.is_success, text=answer.text.strip()[:MOST_ANSWER] or f"answered {answer.status_code}")
