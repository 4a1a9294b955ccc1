"""Alerts born in a real Prometheus, told by a real Alertmanager, to a bridge that was down when they began."""

import asyncio
import shutil
from typing import Any

import pytest

from tests.e2e.machine import INCIDENT
from tests.e2e.stories import BY_HAND, Born

PROGRAMS = ("prometheus", "prometheus-alertmanager", "prometheus-blackbox-exporter")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]
pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(bool(MISSING), reason=f"not on this machine (Debian: apt-get install {' '.join(MISSING)})"),
]


@pytest.fixture
async def born_for_real(stories: dict[str, "asyncio.Task[Any]"]) -> Born:
    told: Born = await stories["born_for_real"]
    return told


def test_alerts_failed_while_the_bridge_was_down(born_for_real: Born) -> None:
    """So Alertmanager did have something to send again."""
    assert born_for_real.failed_deliveries >= 3


def test_no_alert_was_lost(born_for_real: Born) -> None:
    """Each of them has its incident once the bridge is up, and there is none besides."""
    assert born_for_real.opened == {INCIDENT, *BY_HAND}


def test_the_bridge_asks_for_its_token(born_for_real: Born) -> None:
    """Alertmanager has it; a stranger is turned away."""
    assert born_for_real.without_token == 401


def test_the_alert_of_a_failing_probe_ends_closed(born_for_real: Born) -> None:
    """From the runbook's own rule to the record."""
    assert born_for_real.record["incident"]["phase"] == "closed"


def test_the_timeline_says_who_told(born_for_real: Born) -> None:
    """It fires and it clears, by Alertmanager's word."""
    timeline = born_for_real.record["incident"]["timeline"]
    told = [line["what"] for line in timeline if line["by"] == "alertmanager"]
    assert told == ["AppDBDown fires", "AppDBDown cleared"]


def test_repeats_page_nobody_again(born_for_real: Born) -> None:
    """Alertmanager repeats every few seconds; the phone rang once for each key."""
    assert [page["times"] for page in born_for_real.pages if page["times"] > 1] == []


def test_the_lever_was_pulled_once(born_for_real: Born) -> None:
    """One deployment."""
    assert len(born_for_real.operations) == 1
