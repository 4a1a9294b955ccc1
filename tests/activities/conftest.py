"""The credentials of the practice world, nothing of the machine the tests run on, and what tests of paging share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.ledger import Ledger
from gameday.world.aws import KEYS
from integrations import delivery


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two attempts a way, without a pause worth waiting for."""
    monkeypatch.setattr(delivery, "PAUSES_S", (0.01,))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db")
    yield opened
    opened.close()
