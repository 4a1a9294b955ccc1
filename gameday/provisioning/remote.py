"""The platform over HTTP, for a drill: patient, because any process may be killed and started again meanwhile."""

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from gameday.provisioning.contract import Order
from gameday.provisioning.launch import RunningPlatform

STUCK = "tlsstress_provisioning_stuck"
PATIENCE_S = 60.0
LOOK_AGAIN_S = 0.2


class PlatformAway(Exception):
    """It did not answer for a minute. The message says where it was expected."""


@dataclass(frozen=True)
class Remote:
    """What a drill asks of the platform. All raise PlatformAway."""

    http: httpx.AsyncClient
    at: RunningPlatform

    async def check_out(self, order: Order) -> None:
        """A customer pays. One who has a saga already has paid already."""
        await self._asked("POST", "/checkouts", asdict(order), fine=(httpx.codes.CONFLICT,))

    async def fault(self, step: str, kind: str, **more: float) -> None:
        """`more`: `seconds` and `times`, where not the usual ones."""
        await self._asked("PUT", f"/faults/{step}", {"kind": kind, **more})

    async def mend(self, step: str) -> None:
        await self._asked("DELETE", f"/faults/{step}")

    async def set_cron(self, every_s: float) -> None:
        """A new one, in place of the old one."""
        await self._asked("PUT", "/cron", {"every_s": every_s})

    async def cron(self) -> dict[str, Any]:
        """`exists`, `paused`, `note`."""
        return dict(await self._asked("GET", "/cron"))

    async def jobs(self) -> list[dict[str, Any]]:
        return list(await self._asked("GET", "/jobs"))

    async def ledger(self) -> list[dict[str, Any]]:
        """Every call that could change something, in order."""
        return list(await self._asked("GET", "/ledger"))

    async def deployments(self, customer: str) -> list[str]:
        """Every `dpl_` that was minted for this customer."""
        return [row["id"] for row in await self._asked("GET", f"/deployments?customer={customer}")]

    async def quota(self, customer: str) -> int | None:
        """GB; None: never provisioned."""
        told: dict[str, Any] = await self._asked("GET", f"/quotas/{customer}", fine=(httpx.codes.NOT_FOUND,))
        return told.get("paid_gb")

    async def ailing(self, customer: str) -> list[str]:
        """Which parts of the tenant are wrong; none: all of it is there, once, and answers."""
        sick = (httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.NOT_FOUND)
        told = await self._asked("GET", f"/tenants/{customer}/health", fine=sick)
        return [check["name"] for check in told.get("checks", ()) if not check["ok"]]

    async def stuck(self) -> int:
        """How many jobs are stuck, as Prometheus would read it."""
        lines = (await self._answer("GET", "/metrics")).text.splitlines()
        return next((int(line.split()[-1]) for line in lines if line.startswith(f"{STUCK} ")), 0)

    async def _asked(self, method: str, path: str, body: Any = None, fine: tuple[int, ...] = ()) -> Any:
        return (await self._answer(method, path, body, fine)).json()

    async def _answer(self, method: str, path: str, body: Any = None, fine: tuple[int, ...] = ()) -> httpx.Response:
        """Again and again while nobody answers, or the engine behind the platform is away."""
        headers = {"authorization": f"Bearer {self.at.token}"}
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    try:
                        answer = await self.http.request(method, f"{self.at.control}{path}", json=body, headers=headers)
                    except httpx.TransportError:
                        await asyncio.sleep(LOOK_AGAIN_S)
                        continue
                    if answer.status_code in fine or not answer.is_server_error:
                        return answer if answer.status_code in fine else answer.raise_for_status()
                    await asyncio.sleep(LOOK_AGAIN_S)
        except TimeoutError:
            raise PlatformAway(f"the practice provisioning platform does not answer at {self.at.control}") from None
