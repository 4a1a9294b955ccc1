"""The two apps: a deep `/api/ready`, a shallow `/api/health`, a login page, and the ledger's metrics (runbook §3.2)."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

import httpx
from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from gameday.world.database import LoginFailed, Pool, Postgres
from gameday.world.faults import Faults

ROLES = {"app.tlsstress.art": "tlsstress_app", "admin.tlsstress.art": "octopus_admin_app"}
HANG_S = 30.0
STUCK = "tlsstress_provisioning_stuck"
COUNT_WITHIN_S = 1.0


@dataclass
class Site:
    """One app, as it was last deployed."""

    name: str
    role: str
    service_arn: str
    secret_id: str
    pool: Pool | None = None
    """None: there is no database on this machine, and the app only plays having one."""
    played_password: str = "1"


@dataclass
class Sites:
    faults: Faults
    database: Postgres | None
    metrics_token: str
    all: dict[str, Site] = field(default_factory=dict)
    played_password: str = "1"
    """What the database would ask for, where there is none."""
    platform: str = ""
    """Base address of the provisioning platform, whose stuck jobs the app's metrics count; empty: there is none."""
    stuck: int = 0
    """As last counted: an app whose platform is away says what it knew."""

    async def deploy(self, site: Site, address: str) -> None:
        """Read the secret again, and rebuild the pool."""
        site.played_password = self.played_password
        if self.database is None:
            return
        if site.pool:
            await site.pool.close()
        site.pool = Pool(address)

    async def select_1(self, site: Site) -> None:
        """Raises LoginFailed."""
        if site.pool:
            return await site.pool.select_1()
        down = {"db_down", "db_stopped"} & self.faults.on
        if down or site.played_password != self.played_password:
            raise LoginFailed(
                "connection refused" if down else f'password authentication failed for user "{site.role}"'
            )
        return None

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/sites/{name}")
        router.add_api_route("/api/ready", self.ready)
        router.add_api_route("/api/health", self.health)
        router.add_api_route("/api/metrics", self.metrics)
        router.add_api_route("/login", self.login)
        return router

    async def ready(self, name: str, request: Request) -> Response:
        """Deep: `SELECT 1` on the app's own pool."""
        if "ready_hangs" in self.faults:
            await asyncio.sleep(HANG_S)
        if "ready_not_json" in self.faults:
            return HTMLResponse("<html>It works!</html>")
        started = time.perf_counter()
        check: dict[str, object] = {"name": "db", "ok": True}
        try:
            await self.select_1(self.all[name])
        except LoginFailed as error:
            check |= {"ok": False, "error": str(error)}
        check["ms"] = round((time.perf_counter() - started) * 1000, 1)
        return JSONResponse({"ok": check["ok"], "checks": [check]}, 200 if check["ok"] else 503)

    async def health(self, name: str) -> dict[str, bool]:
        """Shallow: it says yes while the database is away, as on 2026-06-16."""
        return {"ok": True}

    async def login(self, name: str) -> HTMLResponse:
        """What a customer sees; graceful, and therefore a 200 even when nothing works."""
        try:
            await self.select_1(self.all[name])
        except LoginFailed:
            return HTMLResponse("<h1>DB indisponível</h1>")
        return HTMLResponse("<h1>Sign in</h1>")

    async def metrics(self, name: str, authorization: str = Header("")) -> Response:
        """The ledger's metrics, for whoever has the token."""
        if "metrics_unauthorized" in self.faults or authorization != f"Bearer {self.metrics_token}":
            return PlainTextResponse("unauthorized\n", 401)
        if "metrics_absent" in self.faults:
            return PlainTextResponse("# HELP up Is it up?\n# TYPE up gauge\nup 1\n")
        values = {
            "tlsstress_tsu_circulating": 48211,
            STUCK: int("ledger_stuck" in self.faults) + await self._count_stuck(),
            "tlsstress_utxo_overspent": 0,
            "tlsstress_webhooks_stale_billing": 0,
            "tlsstress_outbox_pending": 3,
        }
        return PlainTextResponse("".join(f"# TYPE {key} gauge\n{key} {value}\n" for key, value in values.items()))

    async def _count_stuck(self) -> int:
        if self.platform:
            with contextlib.suppress(httpx.HTTPError, ValueError):
                async with httpx.AsyncClient(timeout=COUNT_WITHIN_S) as http:
                    self.stuck = _value((await http.get(f"{self.platform}/metrics")).text, STUCK)
        return self.stuck


def _value(metrics: str, name: str) -> int:
    """Raises ValueError where it is not told."""
    told = dict(line.split(" ", 1) for line in metrics.splitlines() if line.startswith(f"{name} "))
    return int(told.get(name, "not told"))
