"""The bridge as it really runs, without an engine, killed -9 around its page; ntfy and Slack's webhook on loopback."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from gameday.receivers.desk import Arrival, Desk, Fault
from gameday.receivers.slack import HOOK
from integrations.one_send import REPEAT
from tests.bridge.conftest import alert, body
from tests.integrations.receiving import Served, receiving
from tests.processes import running
from tests.waiting import eventually
from worker.engine import free_port

pytestmark = pytest.mark.timeout(120)

ALERT = body(alert("AppDBDown", severity="critical", instance="https://shop.test/api/ready"))
OURS = ("INCIDENTS_", "TEMPORAL_")


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with receiving(tmp_path) as vendors:
        yield vendors


@dataclass
class Machine:
    """A home and a port, on which one bridge after the other runs."""

    home: Path
    port: int
    env: dict[str, str]

    @contextmanager
    def bridge(self) -> Iterator[subprocess.Popen[bytes]]:
        """At the end it is killed as the kernel kills: nothing of it gets to say a last word."""
        others = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        with running([sys.executable, "-m", "cli.main", "bridge"], others | self.env) as process:
            yield process

    async def says(self, path: str) -> str:
        """Empty: it does not answer yet."""
        try:
            async with httpx.AsyncClient(timeout=10) as http:
                return (await http.get(f"http://127.0.0.1:{self.port}{path}")).text
        except httpx.HTTPError:
            return ""

    async def misses(self) -> int:
        """Alertmanager posts, and is answered 503."""
        await eventually(lambda: self.says("/healthz"), "the bridge answers")
        async with httpx.AsyncClient(timeout=30) as http:
            return (await http.post(f"http://127.0.0.1:{self.port}/alertmanager", json=ALERT)).status_code

    async def has_paged(self) -> bool:
        """This very bridge, since it was started."""
        return 'pages_total{came_of="reached"} 1.0' in await self.says("/metrics")


def machine(home: Path, **channels: str) -> Machine:
    port, engine = free_port(), free_port()
    env = {
        "INCIDENTS_HOME": str(home / "home"),
        "INCIDENTS_BRIDGE__PORT": str(port),
        "INCIDENTS_BRIDGE__SECOND_PATH_AFTER_S": "1",
        "TEMPORAL_ADDRESS": f"127.0.0.1:{engine}",
    }
    return Machine(home / "home", port, env | {f"INCIDENTS_{name}": value for name, value in channels.items()})


async def arrived(desk: Desk, count: int = 1) -> list[Arrival]:
    async def seen() -> list[Arrival]:
        return desk.arrivals if len(desk.arrivals) >= count else []

    return await eventually(seen, f"{desk.vendor} got {count} messages")


async def test_killed_before_the_minute_is_over_the_next_bridge_pages(tmp_path: Path, served: Served) -> None:
    """Nobody has to send the alert again: it is on disk."""
    here, ntfy = machine(tmp_path, PAGER__NTFY_URL=f"{served.url}/ntfy/oncall"), served.receivers.ntfy.desk
    with here.bridge():
        assert await here.misses() == 503
    with here.bridge():
        (page,) = await arrived(ntfy)
    assert page.body["title"] == "SEV-1 AppDBDown shop.test: orchestrator unreachable"


async def test_killed_while_ntfy_had_the_page_it_does_not_come_twice(tmp_path: Path, served: Served) -> None:
    """The next bridge finds that it was on its way, and asks the topic."""
    here, ntfy = machine(tmp_path, PAGER__NTFY_URL=f"{served.url}/ntfy/oncall"), served.receivers.ntfy.desk
    ntfy.faults.add(Fault.LOST_ANSWER)
    with here.bridge():
        await here.misses()
        await arrived(ntfy)
    with here.bridge():
        await eventually(here.has_paged, "the page is known to have arrived")
    assert len(ntfy.arrivals) == 1


async def test_killed_while_a_webhook_had_it_it_comes_again_and_says_so(tmp_path: Path, served: Served) -> None:
    """A webhook takes no key and cannot be asked: the one repeat there may be (issue 5 §7)."""
    here = machine(tmp_path, CHAT__WEBHOOK_URL=f"{served.url}/slack-hook/{HOOK}")
    hook = served.receivers.slack.desk
    hook.faults.add(Fault.LOST_ANSWER)
    with here.bridge():
        await here.misses()
        await arrived(hook)
    with here.bridge():
        first, second = await arrived(hook, 2)
    assert [REPEAT in str(message.body) for message in (first, second)] == [False, True]
