"""What checks and levers may touch of the world, and what they are asked."""

from dataclasses import dataclass
from datetime import datetime

import httpx

from activities.saga_desk import SagaDesk
from incident.model.alert import Alert
from integrations.aws import Aws
from integrations.settings import AppSettings, MetricsSettings


@dataclass(frozen=True, kw_only=True)
class Outside:
    """Made once by the worker; checks and levers own nothing themselves."""

    http: httpx.AsyncClient
    aws: Aws
    apps: tuple[AppSettings, ...]
    metrics: MetricsSettings
    sagas: SagaDesk | None = None
    """None: no provisioning saga is set."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a check or lever is asked about. Instants are aware UTC."""

    alert: Alert
    since: datetime
    """What happened before this is old news."""
    subjects_asked: tuple[str, ...] = ()
    """For whom a lever's plan is wanted; empty: for the alert as a whole."""

    def subjects(self, apps: tuple[AppSettings, ...]) -> tuple[AppSettings, ...]:
        """The apps this alert is about: the one its `instance` names, else all of them."""
        instance = self.alert.labels.get("instance", "")
        named = tuple(app for app in apps if instance and _names(instance, app))
        return named or apps


def _names(instance: str, app: AppSettings) -> bool:
    host = f"{app.url.host}:{app.url.port}" if app.url.port else str(app.url.host)
    bare = instance.split("://", 1)[-1].split("/", 1)[0]
    return bare in (host, app.url.host, app.name)
