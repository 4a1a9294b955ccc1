"""obs-db-selfheal: redeploys an app whose deep probe answers 503 (runbook §3.2)."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

from gameday.world.aws import AppRunner, AppRunnerError
from gameday.world.database import LoginFailed
from gameday.world.faults import Faults
from gameday.world.sites import Site, Sites

EVERY_S = 1.0
AFTER_S = 3.0
"""Seconds of 503 before it acts."""
COOL_DOWN_S = 30.0


@dataclass
class SelfHeal:
    sites: Sites
    runner: AppRunner
    faults: Faults
    _failing_since: dict[str, float] = field(default_factory=dict)
    _acted_at: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            for site in self.sites.all.values():
                await self._look_after(site)
            await asyncio.sleep(EVERY_S)

    async def _look_after(self, site: Site) -> None:
        try:
            await self.sites.select_1(site)
        except LoginFailed:
            since = self._failing_since.setdefault(site.name, time.monotonic())
            if time.monotonic() - since >= AFTER_S and "self_heal_off" not in self.faults:
                self._redeploy(site)
        else:
            self._failing_since.pop(site.name, None)

    def _redeploy(self, site: Site) -> None:
        if time.monotonic() - self._acted_at.get(site.name, -COOL_DOWN_S) < COOL_DOWN_S:
            return
        self._acted_at[site.name] = time.monotonic()
        with contextlib.suppress(AppRunnerError):  # one is under way already: good
            self.runner.start(site, by="obs-db-selfheal")
