"""Prometheus, blackbox exporter and Alertmanager in one: probes each app, and posts what Alertmanager would post."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import APIRouter
from pydantic import BaseModel

from gameday.world.faults import Faults
from gameday.world.sites import Sites

EVERY_S = 0.5
ZERO = "0001-01-01T00:00:00Z"


class Watch(BaseModel):
    """What to watch, and whom to tell."""

    enabled: bool = True
    url: str = ""
    """The bridge's webhook."""
    token: str = ""
    app: str = "app.tlsstress.art"
    for_s: float = 2.0
    """Seconds of failing before it fires; two minutes in reality (runbook §3.2)."""
    repeat_s: float = 30.0


class ByHand(BaseModel):
    """A notification sent at once, whatever the probe says."""

    url: str
    token: str = ""
    app: str = "app.tlsstress.art"
    status: str = "firing"


@dataclass
class Prober:
    sites: Sites
    faults: Faults
    base: str
    watch: Watch = field(default_factory=lambda: Watch(enabled=False))
    failing_since: datetime | None = None
    fired_at: datetime | None = None
    told_at: datetime | None = None
    """When the last notification was taken."""

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/prober")
        router.add_api_route("", self.show)
        router.add_api_route("", self.set, methods=["PUT"])
        router.add_api_route("", self.by_hand, methods=["POST"])
        return router

    async def show(self) -> dict[str, Any]:
        firing = self.fired_at is not None
        return {
            "watch": self.watch.model_dump(exclude={"token"}),
            "firing": firing,
            "instances": {name: instance_of(name) for name in self.sites.all},
        }

    async def set(self, watch: Watch) -> dict[str, Any]:
        if watch.app != self.watch.app:
            self.failing_since = self.fired_at = self.told_at = None
        self.watch = watch
        return await self.show()

    async def by_hand(self, told: ByHand) -> dict[str, Any]:
        async with httpx.AsyncClient(timeout=10) as http:
            answer = await _post(http, told.url, told.token, notification(told.app, told.status, _now()))
        return {"status": answer.status_code, "answer": answer.text}

    async def run(self) -> None:
        """Until cancelled."""
        async with httpx.AsyncClient(timeout=3) as http:
            while True:
                if self.watch.enabled and self.watch.app in self.sites.all:
                    await self._probe(http)
                await asyncio.sleep(EVERY_S)

    async def _probe(self, http: httpx.AsyncClient) -> None:
        now = _now()
        if await self._fails(http):
            self.failing_since = self.failing_since or now
            if self.fired_at is None and (now - self.failing_since).total_seconds() >= self.watch.for_s:
                self.fired_at, self.told_at = self.failing_since, None
        else:
            self.failing_since = None
        await self._notify(http, now)

    async def _fails(self, http: httpx.AsyncClient) -> bool:
        if "flaky_vantage" in self.faults:
            return True
        try:
            return (await http.get(f"{self.base}/sites/{self.watch.app}/api/ready")).is_error
        except httpx.HTTPError:
            return True

    async def _notify(self, http: httpx.AsyncClient, now: datetime) -> None:
        """Alertmanager repeats while it fires, and sends again what was not taken."""
        if self.fired_at is None or not self.watch.url:
            return
        firing = self.failing_since is not None
        due = self.told_at is None or (now - self.told_at).total_seconds() >= self.watch.repeat_s
        if firing and not due:
            return
        body = notification(self.watch.app, "firing" if firing else "resolved", self.fired_at)
        try:
            answer = await _post(http, self.watch.url, self.watch.token, body)
        except httpx.HTTPError:
            return
        if answer.status_code < 500:
            self.told_at = now
            self.fired_at = self.fired_at if firing else None


def instance_of(app: str) -> str:
    """The label blackbox sets: what was probed."""
    return f"https://{app}/api/ready"


def notification(app: str, status: str, since: datetime) -> dict[str, Any]:
    """An Alertmanager webhook, version 4."""
    labels = {"alertname": "AppDBDown", "instance": instance_of(app), "job": "blackbox-ready", "severity": "critical"}
    annotations = {
        "summary": f"{app} cannot reach its database",
        "description": f"The deep probe of {app} has been failing. Read /api/ready, not /api/health.",
        "runbook_url": "https://runbooks.tlsstress.art/RUNBOOK#61-db-unreachable",
    }
    alert = {
        "status": status,
        "labels": labels,
        "annotations": annotations,
        "startsAt": since.isoformat(),
        "endsAt": _now().isoformat() if status == "resolved" else ZERO,
        "generatorURL": "https://prometheus.tlsstress.art/graph?g0.expr=probe_success",
        "fingerprint": hashlib.sha256(repr(sorted(labels.items())).encode()).hexdigest()[:16],
    }
    return {
        "version": "4",
        "groupKey": '{}:{alertname="AppDBDown"}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "incidents",
        "groupLabels": {"alertname": "AppDBDown"},
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "https://alertmanager.tlsstress.art",
        "alerts": [alert],
    }


async def _post(http: httpx.AsyncClient, url: str, token: str, body: dict[str, Any]) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return await http.post(url, json=body, headers=headers)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the world's own clock; nothing of ours is imported here
