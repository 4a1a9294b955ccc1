"""An alert small enough to travel through history: what is too long is cut, and stays distinct (design §5)."""

import hashlib
from collections.abc import Collection
from dataclasses import replace

from incident.model.alert import Alert

MOST_LABELS = 64
MOST_VALUE = 2000
"""Characters of a label's value."""
MOST_NAME = 200
"""Characters of a label's name, of an alert's, and of a fingerprint."""
MOST_TEXT = 4000
"""Characters of what people read."""
ALWAYS_KEPT = frozenset({"alertname", "severity"})


def bounded(alert: Alert, identity: Collection[str] | None) -> Alert:
    """The same alert within these limits. Labels that say which subject it is (`identity`) are the last to go."""
    labels = {cut(name, MOST_NAME): cut(alert.labels[name], MOST_VALUE) for name in _kept(alert, identity or ())}
    return replace(
        alert,
        name=cut(alert.name, MOST_NAME),
        labels=labels,
        summary=alert.summary[:MOST_TEXT],
        description=alert.description[:MOST_TEXT],
        fingerprint=cut(alert.fingerprint, MOST_NAME),
        runbook_url=web(alert.runbook_url),
        link=web(alert.link),
        source=cut(alert.source, MOST_NAME),
    )


def web(url: str) -> str:
    """Only what a browser may be sent to; a cut address leads nowhere."""
    return url if url.startswith(("http://", "https://")) and len(url) <= MOST_TEXT else ""


def _kept(alert: Alert, identity: Collection[str]) -> list[str]:
    """In order of name, so that the same alert always keeps the same labels."""
    first = ALWAYS_KEPT.union(identity)
    return sorted(alert.labels, key=lambda name: (name not in first, name))[:MOST_LABELS]


def cut(text: str, most: int) -> str:
    """At most so many characters; one that was cut ends in a hash of the whole, so that two never become one."""
    if len(text) <= most:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[: most - len(digest) - 1]}…{digest}"
