"""Links that act: whoever has one may do one thing, to one incident, for one person, for a while.

A signed token is all there is to them (itsdangerous, HMAC-SHA-256), so that the worker makes a link and the bridge
reads it with nothing but the secret between them. A link says when it was made; how long it is good is the runbook's
number (`ResponsePolicy.link_valid_for`), asked where it is used.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

PURPOSE = b"incidents.act.1"
"""Another use of the same secret can never make a link, nor can one of another edition."""
WRAP = "t"
"""Before and after a token: proxies hide what begins with a dot, and mail readers leave a dash at the end out."""
MOST_TOKEN = 2000
"""Characters: longer ones are none of ours, and are not even looked at."""
ONCE = frozenset({"approve", "reject"})
"""Actions whose link is used up by using it; an incident may have to be acknowledged again."""
SKEW = timedelta(minutes=5)
"""How far the clocks of worker and bridge may be apart."""


class BadLink(Exception):
    """It does not act. The message is for the person who holds it; `why` is one word, for logs and metrics."""

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Action:
    """What one link is for."""

    person: str
    """Key of the person it was sent to, as in `incidents.toml`; `on-call` where nobody is named there."""
    incident_id: str
    opened: str
    """Which of the incidents of this id, as in its keys; empty: whichever is open."""
    action: str
    """Name of the message it stands for: `ack`, `approve`, …"""
    proposal: str
    issued_at: datetime

    @property
    def incident(self) -> str:
        """The incident's key, or its id where the instant is not known."""
        return f"{self.incident_id}@{self.opened}" if self.opened else self.incident_id

    @property
    def mark(self) -> str:
        """The same for every spelling of the same link: what is remembered of one that is used up."""
        parts = (self.person, self.incident, self.action, self.proposal, self.issued_at.isoformat())
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


class ActionLinks:
    """Makes and reads them. `base_url` is where people's phones reach the bridge."""

    def __init__(self, base_url: str, secret: str) -> None:
        self._base = base_url.rstrip("/")
        self._signer = URLSafeSerializer(
            secret, salt=PURPOSE, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        )

    def link(
        self, *, person: str, incident_id: str, action: str, now: datetime, opened: str = "", proposal: str = ""
    ) -> str:
        """The address a button or a mail carries. `opened`: see `opened_of`."""
        told = {"p": person, "i": incident_id, "a": action, "t": int(now.timestamp())}
        token = self._signer.dumps(told | ({"o": opened} if opened else {}) | ({"r": proposal} if proposal else {}))
        words = token.decode() if isinstance(token, bytes) else token
        return f"{self._base}/act/{WRAP}{words}{WRAP}"

    def read(self, token: str, *, now: datetime, valid_for: timedelta) -> Action:
        """What it is for. Raises BadLink."""
        action = self._read(token)
        if now - action.issued_at > valid_for:
            raise BadLink("expired", "This link is too old to act. Open the newest page or mail about the incident.")
        if action.issued_at - now > SKEW:
            raise BadLink("early", "This link comes from the future: a clock is wrong.")
        return action

    def _read(self, token: str) -> Action:
        if len(token) > MOST_TOKEN:
            raise BadLink("forged", "This is no link of ours.")
        try:
            return _action(self._signer.loads(_unwrapped(token)))
        except (BadData, KeyError, TypeError, ValueError, OverflowError, OSError):
            raise BadLink("forged", "This link is damaged, or none of ours.") from None


def _unwrapped(token: str) -> str:
    """Raises ValueError."""
    if len(token) < 2 or not (token.startswith(WRAP) and token.endswith(WRAP)):
        raise ValueError("not wrapped")
    return token[1:-1]


def _action(told: dict[str, Any]) -> Action:
    """Signed, so it is as we wrote it; a strange one is of another edition. Raises KeyError, TypeError, ValueError."""
    return Action(
        person=str(told["p"]),
        incident_id=str(told["i"]),
        opened=str(told.get("o", "")),
        action=str(told["a"]),
        proposal=str(told.get("r", "")),
        issued_at=datetime.fromtimestamp(told["t"], UTC),
    )


def opened_of(effect_key: str, incident_id: str) -> str:
    """Which of the incidents of this id an effect belongs to: the part of its key that says when it was opened."""
    return effect_key.removeprefix(f"{incident_id}@").split("/", 1)[0] if effect_key.startswith(incident_id) else ""
