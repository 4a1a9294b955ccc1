"""Prometheus Alertmanager's webhook, version 4 (its page "Configuration", section `<webhook_config>`)."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import from_json

from bridge.source import NotThisVendor, Parsed, RefusedAlert
from incident.model.alert import Alert, AlertStatus
from incident.model.bounded import MOST_TEXT, web

EXPECTED = (
    'an Alertmanager webhook (version 4): {"version": "4", "alerts": [{"status": "firing", "labels": '
    '{"alertname": "AppDBDown", …}, "annotations": {…}, "startsAt": "2026-06-16T03:28:00Z", "fingerprint": "…"}]}'
)
NEVER = 1
"""Alertmanager's zero time is in the year 1."""


def _utc(instant: datetime) -> datetime:
    try:
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except OverflowError:  # the first or the last day of the calendar, in another zone
        raise ValueError("out of range") from None


Instant = Annotated[datetime, AfterValidator(_utc)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class _Labels(BaseModel):
    model_config = ConfigDict(extra="allow")
    alertname: Name
    __pydantic_extra__: dict[str, str]


class _Told(BaseModel):
    """One alert of the body. Fields we do not need are ignored, so another version is read if its shape fits."""

    model_config = ConfigDict(extra="ignore")
    status: AlertStatus
    labels: _Labels
    annotations: dict[str, str] = {}
    startsAt: Instant | None = None  # noqa: N815 - Alertmanager's own names
    endsAt: Instant | None = None  # noqa: N815
    generatorURL: str = ""  # noqa: N815
    fingerprint: str = ""


def parse(body: bytes) -> Parsed:
    """Every alert of a notification, and those that make no sense. Raises NotThisVendor."""
    try:
        notification = from_json(body)  # unlike `json.loads`, it bounds nesting and refuses halves of surrogate pairs
    except ValueError:
        raise NotThisVendor("the body is not JSON", EXPECTED) from None
    alerts = notification.get("alerts") if isinstance(notification, dict) else None
    if not isinstance(alerts, list):
        raise NotThisVendor("the body has no list `alerts`", EXPECTED)
    if not alerts:
        raise NotThisVendor("the list `alerts` is empty", EXPECTED)
    return _sort(alerts)


def _sort(alerts: list[Any]) -> Parsed:
    good: list[Alert] = []
    refused: list[RefusedAlert] = []
    for index, told in enumerate(alerts):
        try:
            good.append(_alert(_Told.model_validate(told)))
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(str(part) for part in problem["loc"]) or "alert"
            refused.append(RefusedAlert(index=index, why=f"{where}: {problem['msg']}"))
    return Parsed(alerts=tuple(good), refused=tuple(refused), expected=EXPECTED)


def _alert(told: _Told) -> Alert:
    labels = {"alertname": told.labels.alertname, **told.labels.__pydantic_extra__}
    return Alert(
        name=told.labels.alertname,
        status=told.status,
        labels=labels,
        summary=told.annotations.get("summary", "")[:MOST_TEXT],
        description=told.annotations.get("description", "")[:MOST_TEXT],
        runbook_url=web(told.annotations.get("runbook_url", "")),
        starts_at=_real(told.startsAt),
        ends_at=_real(told.endsAt),
        fingerprint=told.fingerprint or _fingerprint(labels),
        link=web(told.generatorURL),
        source="alertmanager",
    )


def _real(instant: datetime | None) -> datetime | None:
    return instant if instant and instant.year > NEVER else None


def _fingerprint(labels: Mapping[str, str]) -> str:
    """Alertmanager's own is a hash of the labels too; this one serves where it is missing."""
    return hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()[:16]
