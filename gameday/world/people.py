"""Who is on call in the practice world: ana first, ben behind her; and what both have in their pockets."""

import json
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, kw_only=True)
class Practised:
    """One of them. `key` is also their ntfy topic."""

    key: str
    name: str
    role: str
    slack: str

    @property
    def email(self) -> str:
        return f"{self.key}@practice.example.org"


ANA = Practised(key="ana", name="Ana Lima", role="first on call", slack="U0ANA0001")
BEN = Practised(key="ben", name="Ben Osei", role="second, owns every domain", slack="U0BEN0001")
PEOPLE = (ANA, BEN)
TEAM = Practised(key="oncall", name="The team's topic", role="whoever has it on their phone", slack="")
"""Rings where nobody in particular is named."""
DOMAINS = ("provisioning", "database", "ledger", "edge", "backups", "unknown")


def named(key: str) -> Practised | None:
    """Who has the phone of this name."""
    return next((someone for someone in (*PEOPLE, TEAM) if someone.key == key), None)


def environment(today: date, channels: tuple[str, ...] = ("ntfy", "mail")) -> dict[str, str]:
    """What makes the product page them, by these channels: ana is on call for the week that began yesterday."""
    rotation = {"members": [ANA.key, BEN.key], "starts": f"{today - timedelta(days=1)}", "hand_over": "00:00:00"}
    return {
        "INCIDENTS_ONCALL__PEOPLE": json.dumps({someone.key: _settings(someone, channels) for someone in PEOPLE}),
        "INCIDENTS_ONCALL__ROTATIONS": json.dumps({"default": rotation}),
        "INCIDENTS_ONCALL__OWNERS": json.dumps({domain: [BEN.key] for domain in DOMAINS}),
    }


def _settings(someone: Practised, channels: tuple[str, ...]) -> dict[str, object]:
    addresses = {"ntfy": someone.key, "mail": someone.email, "slack": someone.slack}
    contacts = [{"channel": channel, "to": addresses[channel]} for channel in channels]
    return {"name": someone.name, "contacts": contacts, "slack": someone.slack, "email": someone.email}
