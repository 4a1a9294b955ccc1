"""A decision in the making: the incident so far, and what we will ask of the world."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from incident.model.effects import Effect
from incident.model.identity import Voice
from incident.model.incident import Due, Incident
from incident.model.playbook import Playbook
from incident.model.response_policy import ResponsePolicy
from incident.model.timeline import Entry, Kind


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What `decide` answers."""

    incident: Incident
    effects: tuple[Effect, ...] = ()
    because: str = ""
    """The reasons written on the timeline by this decision, joined."""


@dataclass(frozen=True)
class Draft:
    """Each rule takes a draft and returns the next one, so that rules read as sentences and nothing is half done."""

    incident: Incident
    now: datetime
    effects: tuple[Effect, ...] = ()
    voice: Voice | None = None
    """Whose word is being taken; None: nobody's."""

    @property
    def playbook(self) -> Playbook:
        """The incident's playbook. Rules run only once it is known (`decide` sees to that)."""
        assert self.incident.playbook is not None
        return self.incident.playbook

    @property
    def policy(self) -> ResponsePolicy:
        """The incident's response policy. Rules run only once it is known (`decide` sees to that)."""
        assert self.incident.policy is not None
        return self.incident.policy

    def set(self, **changes: Any) -> "Draft":
        return Draft(_changed(self.incident, changes), self.now, self.effects, self.voice)

    def tell(self, kind: Kind, what: str, *, because: str = "", by: str = "orchestrator") -> "Draft":
        """One more line of the timeline; one by the person who speaks says how we know them."""
        voice = self.voice if self.voice and self.voice.by == by else None
        via, verified = (voice.via, voice.verified) if voice else ("", None)
        entry = Entry(at=self.now, kind=kind, what=what, because=because, by=by, via=via, verified=verified)
        return self.set(timeline=(*self.incident.timeline, entry))

    def do(self, effect: Effect) -> "Draft":
        return replace(self, effects=(*self.effects, effect))

    def due(self, what: Due, at: datetime) -> "Draft":
        return self.set(due={**self.incident.due, what: at})

    def not_due(self, *what: Due) -> "Draft":
        due = self.incident.due
        if due.keys().isdisjoint(what):
            return self
        return self.set(due={k: v for k, v in due.items() if k not in what})


FIELDS = frozenset(field.name for field in fields(Incident))


def _changed(incident: Incident, changes: dict[str, Any]) -> Incident:
    """As `dataclasses.replace`, in a tenth of the time: an event changes an incident some twenty times over.

    It has no checks of its own to run again, and shares what has not changed. Raises TypeError for an unknown field.
    """
    if not changes.keys() <= FIELDS:
        raise TypeError(f"an incident has no {', '.join(sorted(changes.keys() - FIELDS))}")
    copy = object.__new__(Incident)
    vars(copy).update(vars(incident))
    vars(copy).update(changes)
    return copy
