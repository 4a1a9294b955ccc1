"""A door without its secret is closed, and says which setting opens it."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from bridge.http import create_app
from bridge.intake import Intake
from bridge.pace import Pace
from bridge.refused import Refused
from bridge.settings import BridgeSettings
from tests.bridge.doors.conftest import Clock, Street, make_hall

DOORS = [
    ("/slack/command", "INCIDENTS_CHAT__SIGNING_SECRET"),
    ("/slack/actions", "INCIDENTS_CHAT__SIGNING_SECRET"),
    ("/slack/events", "INCIDENTS_CHAT__SIGNING_SECRET"),
    ("/pagerduty/webhook", "INCIDENTS_PAGER__PAGERDUTY_WEBHOOK_SECRET"),
    ("/mail/bounce", "INCIDENTS_BRIDGE__TOKEN"),
]


@pytest.mark.parametrize(("path", "setting"), DOORS)
async def test_it_names_the_setting(street: Street, tmp_path: Any, path: str, setting: str, capsys: Any) -> None:
    """To whoever knocks, and in the log."""
    hall = make_hall(street.client, Clock(), httpx.AsyncClient(), slack_secret=None, pagerduty_secret=None, token=None)
    settings = BridgeSettings()
    app = create_app(Intake(street.client, settings, 1.0), settings, Refused(tmp_path, 1, 1), lambda _: None, hall)
    capsys.readouterr()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bridge") as http:
        answer = await http.post(path, content=b"x")
    assert (answer.status_code, setting in answer.text) == (503, True)
    assert setting in "".join(capsys.readouterr())


def test_a_pace_allows_so_many_a_minute_and_then_again() -> None:
    """Each caller for themselves."""
    now = [0.0]
    pace = Pace(2, per_s=60, clock=lambda: now[0])
    first = [pace.allows("ana") for _ in range(3)]
    assert (first, pace.allows("bo")) == ([True, True, False], True)
    now[0] = timedelta(seconds=60).total_seconds()
    assert pace.allows("ana")
