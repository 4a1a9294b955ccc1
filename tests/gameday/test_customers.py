"""The practice world's customers can be written to: the product finds their addresses as its settings say."""

import httpx
import pytest

from gameday.world.launch import RunningWorld
from worker.settings import load_settings
from worker.wiring import mail_desk


async def test_every_practice_customer_has_an_address(world: RunningWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the address book that the product builds from the world's own settings."""
    for name, value in world.env.items():
        monkeypatch.setenv(name, value)
    async with httpx.AsyncClient() as http:
        found = await mail_desk(load_settings(), http).book.addresses(["bob-1"])

    assert found == {"bob-1": ("ops@bob-1.example",)}
