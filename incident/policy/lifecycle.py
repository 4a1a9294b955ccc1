"""Which phase may follow which, and what turns one into the next (runbook §2).

The whole state machine is the table `NEXT`: nothing else changes a phase. A turn that is not in the row of the current
phase is illegal: `turned` then leaves the incident as it is, and `may` says so beforehand. The README's diagram is
drawn from the table by `as_mermaid`, so the picture cannot drift.
"""

from enum import StrEnum

from incident.model.incident import Phase
from incident.model.timeline import Kind
from incident.policy.draft import Draft


class Turn(StrEnum):
    """What happened that moves an incident on. The value is what people read in the diagram."""

    IMPACT_SEEN = "customers are hurt"
    IMPACT_STOPPED = "customer impact stopped"
    RESOLVED = "all four criteria hold (SEV-1, SEV-2)"
    RESOLVED_SMALL = "all four criteria hold (SEV-3)"
    RESOLVED_UNTOLD = "all four criteria hold (SEV-3), and customers wait for the last mail"
    FIRED_AGAIN = "fired again: the fix was not durable"
    PUBLISHED = "postmortem published, or lowered to SEV-3"
    TOLD = "customers know that it is over (SEV-3)"


NEXT: dict[Phase, dict[Turn, Phase]] = {
    Phase.TRIAGE: {Turn.IMPACT_SEEN: Phase.MITIGATE, Turn.IMPACT_STOPPED: Phase.RESOLVE},
    Phase.MITIGATE: {Turn.IMPACT_STOPPED: Phase.RESOLVE},
    Phase.RESOLVE: {
        Turn.IMPACT_SEEN: Phase.MITIGATE,
        Turn.RESOLVED: Phase.POSTMORTEM,
        Turn.RESOLVED_SMALL: Phase.CLOSED,
        Turn.RESOLVED_UNTOLD: Phase.POSTMORTEM,
        Turn.FIRED_AGAIN: Phase.TRIAGE,
    },
    Phase.POSTMORTEM: {Turn.PUBLISHED: Phase.CLOSED, Turn.TOLD: Phase.CLOSED, Turn.FIRED_AGAIN: Phase.TRIAGE},
    # Until its record is on disk the run is still there to be told; after that a new run begins.
    Phase.CLOSED: {Turn.FIRED_AGAIN: Phase.TRIAGE},
}


def may(phase: Phase, turn: Turn) -> bool:
    return turn in NEXT[phase]


def turned(draft: Draft, turn: Turn, *, because: str, by: str = "orchestrator") -> Draft:
    """The next phase, on the timeline. An illegal turn changes nothing."""
    before = draft.incident.phase
    after = NEXT[before].get(turn)
    if after is None:
        return draft
    return draft.set(phase=after).tell(Kind.PHASE, f"{before} → {after}", because=because, by=by)


def as_mermaid() -> str:
    """The table as a Mermaid state diagram, for the README."""
    arrows = [f"    {phase} --> {after}: {turn}" for phase, row in NEXT.items() for turn, after in row.items()]
    opening, ending = f"    [*] --> {Phase.TRIAGE}: alert", f"    {Phase.CLOSED} --> [*]: record written"
    return "\n".join(["stateDiagram-v2", opening, *arrows, ending])
