"""What a proof of identity is worth, and when it is used up (docs/decisions/0016)."""

from datetime import datetime, timedelta

from incident.model.identity import Voice, Vouch
from incident.model.incident import Incident
from incident.policy.draft import Draft

SKEW = timedelta(minutes=5)
"""How far the bridge's clock may be ahead of the engine's."""
MOST_MARKS = 500
"""Marks of used proofs that one incident remembers; beyond, those that expire first are forgotten."""


def doubt(incident: Incident, vouch: Vouch, now: datetime) -> str:
    """Why this proof does not count; empty: it does. That it is signed has been checked."""
    if vouch.incident not in (incident.key, incident.id):
        return "it was made for another incident"
    if now > vouch.until:
        return "it has expired"
    if vouch.at > now + SKEW:
        return "it comes from the future"
    return "it was used already" if vouch.once in incident.marks else ""


def used(draft: Draft, voice: Voice) -> Draft:
    """Remember the mark for as long as the proof would count."""
    if not voice.once or voice.until is None:
        return draft
    kept = {mark: until for mark, until in draft.incident.marks.items() if until >= draft.now}
    kept[voice.once] = voice.until
    newest = sorted(kept.items(), key=lambda item: (item[1], item[0]))[-MOST_MARKS:]
    return draft.set(marks=dict(newest))
