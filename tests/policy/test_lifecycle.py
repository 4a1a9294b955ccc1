"""Which phase may follow which (runbook §2)."""

from dataclasses import replace

import pytest

from incident.model.incident import Phase
from incident.policy.draft import Draft
from incident.policy.lifecycle import NEXT, Turn, as_mermaid, may, turned
from tests.policy.story import NOON, Story

T, M, R, P, C = Phase


@pytest.mark.parametrize(
    ("before", "turn", "after"),
    [
        (T, Turn.IMPACT_SEEN, M),  # customers are hurt: stop the bleeding
        (T, Turn.IMPACT_STOPPED, R),  # it recovered, or somebody was faster
        (M, Turn.IMPACT_STOPPED, R),
        (R, Turn.IMPACT_SEEN, M),  # the impact is back
        (R, Turn.RESOLVED, P),
        (R, Turn.RESOLVED_SMALL, C),  # a SEV-3 owes no postmortem
        (R, Turn.RESOLVED_UNTOLD, P),  # but customers who were written to hear the end of it
        (R, Turn.FIRED_AGAIN, T),  # the fix was not durable
        (P, Turn.FIRED_AGAIN, T),
        (C, Turn.FIRED_AGAIN, T),  # until its record is on disk
        (P, Turn.PUBLISHED, C),
        (P, Turn.TOLD, C),  # a SEV-3
    ],
)
def test_the_runbook_s_flow(before, turn, after):
    """triage → mitigate → resolve → postmortem, and the ways back (runbook §2)."""
    assert NEXT[before][turn] is after


def test_there_is_no_other_way():
    """Twelve arrows, and no thirteenth (runbook §2)."""
    assert sum(len(row) for row in NEXT.values()) == 12


def draft_in(phase: Phase) -> Draft:
    return Draft(replace(Story().incident, phase=phase), NOON)


@pytest.mark.parametrize(("phase", "turn"), [(p, t) for p in Phase for t in Turn if t not in NEXT[p]])
def test_an_illegal_turn_changes_nothing(phase, turn):
    """Not the phase, not the timeline (runbook §2)."""
    draft = draft_in(phase)

    assert turned(draft, turn, because="no reason") is draft


@pytest.mark.parametrize(("phase", "turn"), [(p, t) for p in Phase for t in Turn])
def test_may_says_beforehand_what_turned_would_do(phase, turn):
    """Who asks first is never surprised (runbook §2)."""
    draft = draft_in(phase)

    assert may(phase, turn) is (turned(draft, turn, because="") is not draft)


def test_a_turn_is_on_the_timeline_with_its_reason_and_its_author():
    """Document every action (runbook §2.2)."""
    entry = turned(draft_in(T), Turn.IMPACT_STOPPED, because="the pool is back", by="ana").incident.timeline[-1]

    assert (entry.what, entry.because, entry.by) == ("triage → resolve", "the pool is back", "ana")


@pytest.mark.parametrize("phase", Phase)
def test_the_diagram_shows_every_phase(phase):
    """The README's picture is drawn from the table (design §3)."""
    assert f"    {phase} --> " in as_mermaid()


def test_the_diagram_is_what_mermaid_reads():
    """It begins, it ends, and its first and last arrows are the incident's (design §3)."""
    lines = as_mermaid().splitlines()

    assert (lines[0], lines[1], lines[-1]) == (
        "stateDiagram-v2",
        "    [*] --> triage: alert",
        "    closed --> [*]: record written",
    )
