"""The practice world, put together: database, apps, AWS, self-heal, prober, sinks, faults."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gameday.world import people
from gameday.world.aws import KEYS, METRICS_SECRET, RDS, REGION, AppRunner, Aws, arn_of
from gameday.world.database import MASTER, Postgres, find_binaries
from gameday.world.faults import Faults
from gameday.world.phones import Phones
from gameday.world.prober import Prober
from gameday.world.self_heal import SelfHeal
from gameday.world.sinks import Sinks
from gameday.world.sites import ROLES, Site, Sites
from gameday.world.slack_app import SlackApp

METRICS_TOKEN = "practice-metrics-token"
APP = "app.tlsstress.art"


@dataclass(frozen=True)
class Ports:
    control: int
    aws: int
    database: int
    mail: int


class World:
    """Made, started, stopped by `__main__`."""

    def __init__(
        self,
        ports: Ports,
        *,
        database: bool = True,
        home: Path = Path(),
        platform: str = "",
        web_ui: str = "",
        bridge: str = "",
    ) -> None:
        """`home`: folder for what customers see. `platform`, `web_ui`: base addresses of the provisioning platform and
        of Temporal's Web UI, where there is one; `bridge`: where taps in the thread go.
        """
        binaries = find_binaries() if database else None
        self.ports = ports
        self.base = f"http://127.0.0.1:{ports.control}"
        self.faults = Faults()
        self.database = Postgres(binaries, ports.database) if binaries else None
        self.sites = Sites(self.faults, self.database, METRICS_TOKEN, platform=platform)
        for name, role in ROLES.items():
            secret = f"tlsstress-phase0/{name.split('.')[0]}-database-url"
            self.sites.all[name] = Site(name=name, role=role, service_arn=arn_of(name), secret_id=secret)
        self.aws = Aws(self.faults)
        self.aws.runner = AppRunner(self.sites, self.faults, self.aws)
        self.self_heal = SelfHeal(self.sites, self.aws.runner, self.faults)
        self.prober = Prober(self.sites, self.faults, self.base)
        self.platform, self.web_ui, self.status_folder = platform, web_ui, home / "status"
        self.sinks = Sinks(self.faults, ports.mail)
        self.phones = Phones(self.sinks)
        self.slack_app = SlackApp(bridge, self.base)
        self._wire_faults()

    async def start(self) -> None:
        if self.database:
            await self.database.create(tuple(ROLES.values()))
        await self.sinks.start()
        await self.aws.start()
        secrets = {site.secret_id: self.address(site) for site in self.sites.all.values()}
        await self.aws.seed(secrets | {METRICS_SECRET: METRICS_TOKEN})
        for site in self.sites.all.values():
            await self.sites.deploy(site, self.address(site))

    async def stop(self) -> None:
        await self.sinks.stop()
        for site in self.sites.all.values():
            if site.pool:
                await site.pool.close()
        if self.database:
            await self.database.remove()
        await self.aws.stop()

    async def run(self) -> None:
        """What goes on by itself, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.prober.run())
            group.create_task(self.self_heal.run())

    def address(self, site: Site, role: str = "") -> str:
        """DATABASE_URL of an app, as its secret has it."""
        return self.database.address(role or site.role) if self.database else f"postgresql://{site.role}@nowhere/none"

    def env(self) -> dict[str, str]:
        """What points the product at this world. Without a database there is none to try: `app_role` is unknown."""
        apps = [self._app_settings(site) for site in self.sites.all.values()]
        ours = {
            "INCIDENTS_APPS": json.dumps(apps),
            "INCIDENTS_AWS__ENDPOINT_URL": f"http://127.0.0.1:{self.ports.aws}",
            "INCIDENTS_AWS__REGION": REGION,
            "INCIDENTS_AWS__RDS_INSTANCE": RDS,
            "INCIDENTS_METRICS__URL": f"{self.base}/sites/{APP}/api/metrics",
            "INCIDENTS_METRICS__TOKEN": METRICS_TOKEN,
            "INCIDENTS_STATUS_PAGE__FOLDER": str(self.status_folder),
        }
        today = datetime.now(UTC).date()  # noqa: TID251 - the world has a clock of its own
        return KEYS | ours | self.sinks.env(self.base) | self.slack_app.env | people.environment(today)

    def _app_settings(self, site: Site) -> dict[str, object]:
        return {
            "name": site.name,
            "url": f"{self.base}/sites/{site.name}",
            "service_arn": site.service_arn,
            "database_url_secret": site.secret_id if self.database else "",
            "expected_role": site.role,
            "journey": [{"path": "/login", "must_contain": "Sign in"}, {"path": "/api/ready"}],
        }

    def _wire_faults(self) -> None:
        site = self.sites.all[APP]
        database = self.database
        self.faults.breaking["rds_stopped"] = self.aws.stop_rds
        self.faults.mending["rds_stopped"] = self.aws.start_rds
        self.faults.breaking["secret_rotated"] = lambda: self._rotate(site)
        self.faults.mending["secret_rotated"] = lambda: self._deployed_again(site)
        self.faults.breaking["wrong_role"] = lambda: self._log_in_as(site, MASTER)
        self.faults.mending["wrong_role"] = lambda: self._log_in_as(site, site.role)
        if database:
            self.faults.breaking["db_down"] = lambda: database.lock(site.role, locked=True)
            self.faults.mending["db_down"] = lambda: database.lock(site.role, locked=False)
            self.faults.breaking["db_stopped"] = database.stop
            self.faults.mending["db_stopped"] = database.start

    async def _rotate(self, site: Site) -> None:
        """The password changes, in the database and in the secret; the running app is not told."""
        if self.database:
            await self.database.rotate(site.role)
        else:
            self.sites.played_password += "'"
        await self.aws.put_secret(site.secret_id, self.address(site))

    async def _deployed_again(self, site: Site) -> None:
        await self.sites.deploy(site, self.address(site))

    async def _log_in_as(self, site: Site, role: str) -> None:
        await self.aws.put_secret(site.secret_id, self.address(site, role))
        await self.sites.deploy(site, self.address(site, role))
