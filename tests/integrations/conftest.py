"""The receivers: one server for all tests of this room, empty and unbroken for each."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.integrations.receiving import Served, receiving


@pytest.fixture(scope="session")
async def vendors(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Ask for `served`, which is empty for every test."""
    async with receiving(tmp_path_factory.mktemp("receivers")) as everybody:
        yield everybody


@pytest.fixture
def served(vendors: Served) -> Iterator[Served]:
    """Nothing has arrived, and nothing is broken."""
    vendors.receivers.forget()
    yield vendors
    vendors.receivers.forget()
