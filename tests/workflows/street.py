"""A street of shops to break: apps behind one fake HTTP transport, and the AWS account that can redeploy them."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from pydantic import HttpUrl

from activities.outside import Outside
from integrations.aws import Aws
from integrations.clock import utc_now
from integrations.errors import Refused
from integrations.settings import AppSettings, AwsSettings, MetricsSettings

METRICS = "ledger.test"
ALL_ZERO = "tlsstress_provisioning_stuck 0\ntlsstress_utxo_overspent 0\ntlsstress_webhooks_stale_billing 0\n"


@dataclass
class Shop:
    """One app. It cannot serve until it is redeployed, unless a test says otherwise."""

    name: str
    serves: bool = False
    cured_by_redeploy: bool = True
    deployments: list[dict[str, Any]] = field(default_factory=list)
    """App Runner's operations, newest first. One that a test puts here is somebody else's."""
    redeployed: list[datetime] = field(default_factory=list)
    """When our own lever was pulled."""
    answers_lost: int = 0
    """So many redeploys to come start, and whoever asked for them never hears of it."""

    @property
    def host(self) -> str:
        return f"{self.name}.test"

    @property
    def arn(self) -> str:
        return f"arn:aws:apprunner:eu-west-1:1:service/{self.name}/1"

    @property
    def settings(self) -> AppSettings:
        return AppSettings(name=self.name, url=HttpUrl(f"https://{self.host}"), service_arn=self.arn)

    def answer(self, path: str) -> httpx.Response:
        if path == "/api/health" or self.serves:
            return _response(200, json.dumps({"ok": True}))
        checks = {"db": {"ok": False, "error": "password refused"}}
        return _response(503, json.dumps({"ok": False, "checks": checks}))

    def redeploy(self) -> str:
        self.redeployed.append(utc_now())
        operation = {
            "Id": f"operation-{len(self.redeployed)}",
            "Type": "START_DEPLOYMENT",
            "Status": "SUCCEEDED",
            "StartedAt": utc_now(),
        }
        self.deployments.insert(0, operation)
        self.serves = self.serves or self.cured_by_redeploy
        return str(operation["Id"])


class Street:
    """All shops of one worker. `vacant` hands out one that no test has touched."""

    def __init__(self, shops: int = 40) -> None:
        self.shops = {shop.host: shop for shop in (Shop(f"shop-{n}") for n in range(shops))}
        self._numbers = itertools.count()

    def vacant(self) -> Shop:
        return self.shops[f"shop-{next(self._numbers)}.test"]

    def outside(self) -> Outside:
        """What checks and levers are given."""
        return Outside(
            http=httpx.AsyncClient(transport=httpx.MockTransport(self._answer)),
            aws=_Account({shop.arn: shop for shop in self.shops.values()}),
            apps=tuple(shop.settings for shop in self.shops.values()),
            metrics=MetricsSettings(url=HttpUrl(f"https://{METRICS}/api/metrics")),
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == METRICS:
            return _response(200, ALL_ZERO)
        return self.shops[request.url.host].answer(request.url.path)


def _response(code: int, text: str) -> httpx.Response:
    """With a body that can be streamed, as a real one."""

    async def body() -> AsyncIterator[bytes]:
        yield text.encode()

    return httpx.Response(code, content=body())


class _Account(Aws):
    """An account with one App Runner service per shop and one database; whatever else is asked of it is refused."""

    def __init__(self, services: dict[str, Shop]) -> None:
        super().__init__(AwsSettings())
        self._services = services

    async def rds_instances(self) -> list[dict[str, Any]]:
        return [{"DBInstanceIdentifier": "practice", "DBInstanceStatus": "available"}]

    async def operations(self, service_arn: str) -> list[dict[str, Any]]:
        return list(self._services[service_arn].deployments)

    async def service_status(self, service_arn: str) -> str:
        return "RUNNING"

    async def start_deployment(self, service_arn: str) -> str:
        shop = self._services[service_arn]
        operation = shop.redeploy()
        if shop.answers_lost:
            shop.answers_lost -= 1
            await asyncio.Event().wait()
        return operation

    async def _call(self, service: str, ask: Any) -> Any:
        raise Refused(f"this account has no {service}")
