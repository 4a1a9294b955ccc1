"""What the runbook writes about a saga is data (issue 4 §1)."""

import pytest
from pydantic import TypeAdapter

from saga.words import SagaKnowledge
from tests.saga.known import ASKING, KNOWN, RESUMABLE, RESUMABLE_BY_RESULTS


@pytest.mark.parametrize("knowledge", [KNOWN, ASKING, RESUMABLE, RESUMABLE_BY_RESULTS])
def test_it_travels(knowledge):
    """As JSON and back, unchanged."""
    adapter = TypeAdapter(SagaKnowledge)

    assert adapter.validate_json(adapter.dump_json(knowledge)) == knowledge


def test_what_undoes_a_step_is_a_compensation():
    """Wherever it is listed."""
    assert KNOWN.compensations == {"release", "drop_database"}


def test_an_unknown_step_is_unknown():
    """And so never safe."""
    assert KNOWN.step("unheard_of") is None
