"""What checks and levers are given in these tests: the practice world, or a tiny server that behaves in one way."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import HttpUrl, SecretStr

from activities.outside import Ask, Outside
from gameday.world.launch import RunningWorld
from incident.model.alert import Alert
from integrations.aws import Aws
from integrations.clock import utc_now
from integrations.settings import AppSettings, AwsSettings, MetricsSettings

APP = "app.tlsstress.art"
ADMIN = "admin.tlsstress.art"
NOWHERE = "http://127.0.0.1:9"


def ask(app: str = APP, since: datetime | None = None) -> Ask:
    """About the alert of one app; `since`: what is older is old news, by default a minute."""
    labels = {"alertname": "AppDBDown", "instance": f"https://{app}/api/ready"}
    return Ask(alert=Alert(name="AppDBDown", labels=labels), since=since or utc_now() - timedelta(minutes=1))


def practice(env: Mapping[str, str], **changed: Any) -> Outside:
    """The world as the product's settings would describe it."""
    given: dict[str, Any] = {
        "http": httpx.AsyncClient(timeout=5),
        "aws": Aws(AwsSettings(endpoint_url=HttpUrl(env["INCIDENTS_AWS__ENDPOINT_URL"]), region="eu-central-1")),
        "apps": tuple(AppSettings(**app) for app in json.loads(env["INCIDENTS_APPS"])),
        "metrics": MetricsSettings(
            url=HttpUrl(env["INCIDENTS_METRICS__URL"]), token=SecretStr(env["INCIDENTS_METRICS__TOKEN"])
        ),
    }
    return Outside(**(given | changed))


def outside(**changed: Any) -> Outside:
    """Nothing at all, but for what a test is about."""
    given: dict[str, Any] = {
        "http": httpx.AsyncClient(timeout=5),
        "aws": Aws(AwsSettings()),
        "apps": (),
        "metrics": MetricsSettings(),
    }
    return Outside(**(given | changed))


def app_at(url: str, name: str = APP, **changed: Any) -> AppSettings:
    return AppSettings(name=name, url=HttpUrl(url), **changed)


@dataclass
class PlayedAws(Aws):
    """AWS with answers of our choice, for states the practice world does not reach."""

    state: str = "RUNNING"
    listed: list[list[dict[str, Any]]] = field(default_factory=list)
    """What `operations` answers, one after the other; the last one for ever."""
    instances: list[dict[str, Any]] = field(default_factory=list)
    secret: dict[str, Any] = field(default_factory=dict)
    value: str = ""
    refuses: Exception | None = None
    started: list[str] = field(default_factory=list)

    async def rds_instances(self) -> list[dict[str, Any]]:
        return self.instances

    async def describe_secret(self, secret_id: str) -> dict[str, Any]:
        return self.secret

    async def secret_value(self, secret_id: str) -> str:
        return self.value

    async def service_status(self, service_arn: str) -> str:
        return self.state

    async def operations(self, service_arn: str) -> list[dict[str, Any]]:
        if not self.listed:
            return []
        return self.listed.pop(0) if len(self.listed) > 1 else self.listed[0]

    async def start_deployment(self, service_arn: str) -> str:
        if self.refuses:
            raise self.refuses
        self.started.append(service_arn)
        return "op-1"


def operation(status: str, at: datetime, kind: str = "START_DEPLOYMENT", name: str = "op-0") -> dict[str, Any]:
    """As `ListOperations` lists it."""
    return {"Id": name, "Type": kind, "Status": status, "StartedAt": at}


NOON = datetime(2026, 6, 16, 12, 0, tzinfo=UTC)


@contextmanager
def broken(world: RunningWorld, *faults: str) -> Iterator[None]:
    """For the length of the block."""
    for fault in faults:
        world.fault(fault)
    try:
        yield
    finally:
        for fault in reversed(faults):
            world.mend(fault)
