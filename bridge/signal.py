"""What the bridge says to an incident: signal `alert` (design §5)."""

from typing import Any

from pydantic_core import to_jsonable_python

from incident.model.alert import Alert
from incident.model.already_paged import EarlierPage


def signal_of(alert: Alert | None, already_paged: tuple[EarlierPage, ...] = ()) -> Any:
    """Its payload: the alert, who was paged for it while the orchestrator was away, or only the latter."""
    if alert and not already_paged:
        return alert
    told = to_jsonable_python(alert) if alert else {}
    return told | {"already_paged": to_jsonable_python(already_paged)}
