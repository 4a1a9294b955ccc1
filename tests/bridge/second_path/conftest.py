"""A desk of one's own."""

from pathlib import Path

import pytest

from tests.bridge.second_path.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
