"""The credentials of the practice world, and nothing of the machine the tests run on."""

import pytest

from gameday.world.aws import KEYS


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
