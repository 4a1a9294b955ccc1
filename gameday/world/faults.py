"""What can be broken in the practice world, by name."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Switch = Callable[[], Awaitable[None]]

# Mended from the top: who has broken several, and the database with them, gets the database back first.
FAULTS = {
    "db_stopped": "the database process is stopped",
    "secret_rotated": "the app's database password was rotated; the app keeps the old one until it is deployed again",
    "db_down": "the app's database role may not log in: a redeploy does not help",
    "wrong_role": "the app's DATABASE_URL logs in as the master role",
    "ready_hangs": "/api/ready never answers",
    "ready_not_json": "/api/ready answers 200 with an HTML page",
    "flaky_vantage": "only the prober cannot reach the app; customers can",
    "self_heal_off": "obs-db-selfheal does nothing",
    "deploy_fails": "a deployment ends FAILED",
    "deploy_no_effect": "a deployment succeeds without reading the secret again",
    "service_paused": "App Runner says the app's service is PAUSED, and deploys nothing",
    "rds_stopped": "AWS says the RDS instance is stopped",
    "aws_throttled": "AWS answers ThrottlingException",
    "aws_down": "AWS answers 503",
    "ledger_stuck": "a provisioning job is stuck: tlsstress_provisioning_stuck is 1",
    "metrics_absent": "the ledger's metrics are missing from /api/metrics",
    "metrics_unauthorized": "the metrics token was rotated",
    "pager_down": "ntfy answers 503",
    "pager_refuses": "ntfy answers 403",
    "chat_down": "the chat webhook answers 503",
    "answer_lost": "the next page is taken, and its answer lost (once)",
}


class NoSuchFault(Exception):
    """The message lists those there are."""


@dataclass
class Faults:
    """Which are on. Some do something when switched; the others are just looked at."""

    on: set[str] = field(default_factory=set)
    breaking: dict[str, Switch] = field(default_factory=dict)
    mending: dict[str, Switch] = field(default_factory=dict)
    _switching: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __contains__(self, name: str) -> bool:
        return name in self.on

    async def switch_on(self, name: str) -> None:
        """Raises NoSuchFault, and whatever breaking it raises: then it is not on."""
        _check(name)
        async with self._switching:
            if name not in self.on:
                if name in self.breaking:
                    await self.breaking[name]()
                self.on.add(name)

    async def switch_off(self, name: str) -> None:
        """Raises NoSuchFault, and whatever mending it raises: then it is still on."""
        _check(name)
        async with self._switching:
            if name in self.on:
                if name in self.mending:
                    await self.mending[name]()
                self.on.discard(name)


def _check(name: str) -> None:
    if name not in FAULTS:
        raise NoSuchFault(f"no fault {name!r}; there are: {', '.join(FAULTS)}")
