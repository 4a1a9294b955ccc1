"""Every secret setting has a value of its own in a run on a real engine, wired as in production; then it is looked for.

Whatever the vendors answer, and they answer with what they were sent: nothing of it may end up in histories, search
attributes, logs, the thread or on disk (issue 5 §7).
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, SecretStr
from structlog.testing import capture_logs

from activities.provide import provide
from incident.model.alert import Alert
from integrations.aws import Aws
from integrations.errors import Refused
from runbook.catalog import playbook_for
from tests.conftest import Engine, new_namespace
from tests.waiting import PATIENTLY_S, eventually
from tests.workflows.case import Case, open_incident
from tests.workflows.policies import quick, seconds
from tests.workflows.test_whole_incidents import heard_lines, readable
from worker import wiring
from worker.__main__ import workers
from worker.settings import Settings

pytestmark = pytest.mark.timeout(400)
CLOSED = 9
"""A port nobody listens at: what is not HTTP fails there, with an error that may say too much."""
DATABASE = f"postgresql://tlsstress_app:hush-database@127.0.0.1:{CLOSED}/app"
GIVEN: dict[str, Any] = {
    "chat": {
        "webhook_url": "https://hooks.test/services/hush-webhook",
        "signing_secret": "hush-signing",
        "bot_token": "xoxb-hush-bot",
        "channel": "C0123456789",
        "api_url": "https://slack.test/api/",
    },
    "pager": {
        "team": ("ntfy", "pagerduty", "mail", "apprise", "chat"),
        "ntfy_url": "https://ntfy.test/hush-team-topic",
        "ntfy_token": "tk_hush-ntfy",
        "pagerduty_webhook_secret": "hush-pagerduty-webhook",
        "pagerduty_routing_key": "hush-pagerduty-routing",
        "pagerduty_url": "https://pagerduty.test/v2/enqueue",
        "mail_to": "hush-team@mailbox.test",
        "apprise_url": f"json://user:hush-apprise@127.0.0.1:{CLOSED}/",
    },
    "oncall_sources": {"pagerduty_token": "hush-pagerduty-rest", "pagerduty_url": "https://api.pagerduty.test"},
    "mail": {
        "host": "127.0.0.1",
        "port": CLOSED,
        "user": "incidents",
        "password": "hush-smtp",
        "sender": "i@house.test",
    },
    "provisioning": {
        "temporal_address": f"127.0.0.1:{CLOSED}",
        "temporal_api_key": "hush-temporal",
        "jobs_url": "https://jobs.test/api/jobs",
        "token": "hush-provisioning",
    },
    "metrics": {"url": "https://metrics.test/api/metrics", "token": "hush-metrics"},
    "customers": {
        "addresses": {"acme": ["hush-ops@acme.test"]},
        "url": "https://addresses.test/{key}",
        "token": "hush-addresses",
    },
    "status_page": {"page_id": "p1", "api_key": "hush-statuspage", "api_url": "https://statuspage.test"},
    "bridge": {
        "token": "hush-bridge",
        "public_url": "https://incidents.test",
        "action_secret": "hush-action-0123456789abcdef0123456789",
    },
    "apps": [{"name": "app", "url": "https://app.test", "database_url_secret": "app/database"}],
    "oncall": {
        "people": {
            "ana": {
                "contacts": [
                    {"channel": "ntfy", "to": "https://ntfy.test/hush-ana-topic"},
                    {"channel": "pagerduty", "to": "hush-ana-routing"},
                    {"channel": "mail", "to": "hush-ana@mailbox.test"},
                    {"channel": "apprise", "to": f"json://ana:hush-ana-apprise@127.0.0.1:{CLOSED}/"},
                    {"channel": "chat", "to": "https://hooks.test/services/hush-ana-hook"},
                ],
                "email": "hush-ana-private@mailbox.test",
            },
            "bo": {},
        },
        "rotations": {"default": {"members": ["ana"], "starts": "2026-01-05"}, "edge": {"source": "pagerduty:PX"}},
        "owners": {"default": ["bo"], "database": ["rotation:edge", "bo"], "provisioning": ["rotation:edge", "bo"]},
    },
}


def secrets_in(model: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Each secret setting → its value; empty: it was given none."""
    if isinstance(model, SecretStr):
        yield path, model.get_secret_value()
    elif isinstance(model, BaseModel):
        for name, info in type(model).model_fields.items():
            value = getattr(model, name)
            if value is None and "SecretStr" in str(info.annotation):
                yield f"{path}.{name}", ""
            yield from secrets_in(value, f"{path}.{name}")
    elif isinstance(model, dict):
        for key, value in model.items():
            yield from secrets_in(value, f"{path}.{key}")
    elif isinstance(model, list | tuple):
        for number, value in enumerate(model):
            yield from secrets_in(value, f"{path}.{number}")


@dataclass
class Vendors:
    """All of them behind one transport. Each but Slack refuses, with all it was sent in its answer."""

    asked: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)
    """What the chat was given to say."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        host, body = request.url.host, request.content.decode(errors="replace")
        self.asked[host] += 1
        if host in ("slack.test", "hooks.test"):
            self.said.append(body)
        if self.asked[host] % 2 and host != "slack.test":
            return _streamed(500, f"cannot take {request.url} {dict(request.headers)} {body}")
        if host == "slack.test":
            return httpx.Response(200, json={"ok": True, "ts": "1.2", "channel": "C0123456789", "messages": []})
        return _streamed(403, f"no such token: {dict(request.headers)} at {request.url}")


def _streamed(code: int, text: str) -> httpx.Response:
    """With a body that can be read once, as a real one."""

    async def body() -> AsyncIterator[bytes]:
        yield text.encode()

    return httpx.Response(code, content=body())


class Account(Aws):
    """An account that has one secret, and refuses everything else."""

    async def secret_value(self, secret_id: str) -> str:
        return DATABASE

    async def _call(self, service: str, ask: Any) -> Any:
        raise Refused(f"{service}: AccessDenied")


@dataclass(frozen=True)
class Left:
    """What is left of the run, by where."""

    settings: Settings
    vendors: Vendors
    texts: dict[str, str]


async def worked_on(case: Case) -> None:
    """Paged by every way, looked at, customers written to: each of them fails somewhere on its way."""
    await case.said("page 1", within_s=PATIENTLY_S)
    await case.tell("ack", "bo")
    await case.tell("customers", {"affected": ["acme"], "by": "bo"})
    await case.said("mail-1 proposed")
    await case.said("thread opened")
    await case.ask("approve", {"proposal": "mail-1", "by": "bo", "of": "ic"})
    await case.said("mail-1 sent to 0 of 1", within_s=PATIENTLY_S)
    await case.ask("escalate", {"why": "it needs everyone", "to": "everyone", "by": "bo"})
    await eventually(lambda: _tried_again(case), f"{case.id}: everyone was tried", within_s=PATIENTLY_S)
    await case.said("could not be delivered to ana by apprise", within_s=PATIENTLY_S)

    await case.tell("mitigated", {"by": "bo", "how": "by hand"})

    async def looked() -> bool:
        return "ledger" in (await case.status())["findings"]

    await eventually(looked, f"{case.id}: all checks have looked", within_s=PATIENTLY_S)


async def _tried_again(case: Case) -> bool:
    """The page for everyone had its turn; a way that fails as it did before is not told again."""
    lines = await case.lines()
    since = lines[lines.index("bo escalates to everyone") :] if "bo escalates to everyone" in lines else []
    return any("page 2" in line or "nobody could be paged" in line for line in since)


@pytest.fixture(scope="module")
async def left(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Left:
    client, home, vendors = await new_namespace(engine), tmp_path_factory.mktemp("home"), Vendors()
    settings, patch = Settings(home=home, **GIVEN), pytest.MonkeyPatch()
    patch.setattr(wiring, "shared_client", lambda: httpx.AsyncClient(transport=httpx.MockTransport(vendors.answer)))
    patch.setattr(wiring, "Aws", Account)
    with capture_logs() as logged, heard_lines() as heard:
        async with wiring.outside_world(settings) as world:
            first, second, third = workers(client, provide(world))
            async with first, second, third:
                alerts = (Alert(name="AppDBDown", labels={"instance": "app.test"}), Alert(name="ProvisioningJobsStuck"))
                policy = quick(ack_within=seconds(60), next_contact_after=seconds(0.1))
                cases = [
                    await open_incident(
                        client, f"incident-{a.name}-hush", alert=a, playbook=playbook_for(a), policy=policy
                    )
                    for a in alerts
                ]
                await asyncio.gather(*(worked_on(case) for case in cases))
                found = [history.to_json() for case in cases for history in await case.histories()]
                seen = [str((await case.handle.describe()).raw_description) for case in cases]
                for case in cases:
                    await case.dropped()
    patch.undo()
    return Left(
        settings,
        vendors,
        {
            "history": "\n".join(map(readable, found)),
            "search attributes": "\n".join(seen),
            "logs": "\n".join(map(str, [*logged, *heard])),
            "thread": "\n".join(vendors.said),
            "disk": "\n".join(_kept(home)),
        },
    )


def _kept(home: Path) -> Iterator[str]:
    for path in home.rglob("*"):
        if path.is_file():
            yield f"{path.name}: {path.read_bytes().decode(errors='replace')}"


def test_every_secret_setting_has_a_value_of_its_own(left: Left) -> None:
    """A new setting without one would be looked for in vain."""
    values = dict(secrets_in(left.settings))
    assert [path for path, value in values.items() if "hush" not in value] == []
    assert len(values) >= 23


def test_the_vendors_were_asked_with_them(left: Left) -> None:
    """Else the lines below would prove nothing."""
    assert {"slack.test", "hooks.test", "ntfy.test", "pagerduty.test", "metrics.test"} <= left.vendors.asked.keys()


@pytest.mark.parametrize("where", ["history", "search attributes", "logs", "thread", "disk"])
def test_no_secret_is_told(left: Left, where: str) -> None:
    """Whoever may read it reads only what an incident has to say."""
    text = left.texts[where]
    told = [path for path, value in secrets_in(left.settings) if value in text]
    assert (told, "hush-database" in text, "hush-team-topic" in text) == ([], False, False)


@pytest.mark.parametrize("where", ["history", "search attributes", "thread", "disk"])
def test_there_was_something_to_read(left: Left, where: str) -> None:
    """An empty text tells no secret either."""
    assert "AppDBDown" in left.texts[where]


def test_there_was_something_logged(left: Left) -> None:
    """By a library that was given a secret address, for one."""
    assert "notification to 127.0.0.1" in left.texts["logs"]
