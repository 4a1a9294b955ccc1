"""A draft changes an incident as `dataclasses.replace` would, only faster."""

from dataclasses import replace

import pytest

from incident.model.incident import Due
from incident.policy.draft import Draft
from tests.policy.story import NOON, hurting


def test_it_changes_what_it_is_told_to_and_nothing_else() -> None:
    """The incident it began with stays as it was."""
    before = hurting().acks().incident
    after = Draft(before, NOON).set(pages=7, hypothesis="pool exhausted").incident

    assert after == replace(before, pages=7, hypothesis="pool exhausted")
    assert before.pages == 1


def test_a_field_nobody_has_is_a_slip_of_ours() -> None:
    """It would be kept, and never read."""
    with pytest.raises(TypeError, match="an incident has no hypotesis"):
        Draft(hurting().incident, NOON).set(hypotesis="pool exhausted")


def test_a_deadline_that_was_not_set_is_none_the_less_not_due() -> None:
    """Most events end no deadline."""
    draft = Draft(hurting().incident, NOON)

    assert draft.not_due(Due.POSTMORTEM) is draft
    assert Due.CADENCE not in draft.not_due(Due.CADENCE).incident.due
