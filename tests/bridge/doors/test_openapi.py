"""Whatever the schema allows, and some of what it does not: no door answers a stranger with a 5xx."""

import asyncio
from pathlib import Path

from tests.bridge.conftest import Bridge
from tests.bridge.doors.conftest import Street
from tests.bridge.test_http import listening
from tests.bridge.test_openapi import play


async def test_no_door_answers_strangers_with_a_server_error(street: Street) -> None:
    """Eleven operations: the seven of the doors, and the four of alerts, health and metrics."""
    async with listening(Bridge(street.http, street.http._transport.app, Path())) as port:
        assert await asyncio.to_thread(play, f"http://127.0.0.1:{port}") == 11
