"""The one shape every vendor's alert becomes, and the id of the incident it belongs to."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MAX_SCOPE = 80
"""Longest scope in an incident id, in characters (design §5)."""

NOT_IDENTITY = frozenset({"alertname", "severity", "prometheus", "replica"})
"""Labels that never tell two subjects apart, for an alert the runbook does not know (design §5)."""


class AlertStatus(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One alert as its vendor told it. Instants are aware UTC."""

    name: str
    status: AlertStatus = AlertStatus.FIRING
    labels: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    description: str = ""
    runbook_url: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    fingerprint: str = ""
    link: str = ""
    """Where the vendor shows this alert (Prometheus' graph, say)."""
    source: str = "manual"

    @property
    def subject(self) -> str:
        """What is firing: the vendor's fingerprint, or the name for a hand-typed alert."""
        return self.fingerprint or self.name

    @property
    def dedup_key(self) -> str:
        """The same notification repeated has the same key; a re-fire has a new one, because it starts anew."""
        started = self.starts_at.isoformat() if self.starts_at else ""
        return f"{self.subject}:{started}:{self.status}"


def incident_id(alert_name: str, labels: Mapping[str, str], identity_labels: tuple[str, ...] | None) -> str:
    """`incident-<AlertName>[-<scope>]` (design §5).

    `identity_labels` is the runbook's choice for this alert; None means the runbook does not know the alert, and every
    label but a few common ones counts.
    """
    names = sorted(identity_labels if identity_labels is not None else labels.keys() - NOT_IDENTITY)
    values = [_bare(labels[name]) for name in names if labels.get(name)]
    scope = _slug("-".join(values))
    name = _slug(alert_name)
    return f"incident-{name}-{scope}" if scope else f"incident-{name}"


def _bare(value: str) -> str:
    """A URL names its host: scheme and path say nothing about which subject it is."""
    scheme, separator, rest = value.partition("://")
    return rest.split("/", 1)[0] if separator and scheme.isalnum() else value


def _slug(text: str) -> str:
    """Typable, and short. Letters of other alphabets all become dashes, so their text's hash tells them apart."""
    slug = re.sub(r"[^A-Za-z0-9.]", "-", text)
    if len(slug) <= MAX_SCOPE and text.isascii():
        return slug
    whole = slug if text.isascii() else text
    return f"{slug[:71]}-{hashlib.sha256(whole.encode(errors='replace')).hexdigest()[:8]}"
