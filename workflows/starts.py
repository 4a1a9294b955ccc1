"""The shapes an incident starts from.

Passed through the sandbox: building them takes longer than a workflow task, and inside they would be built again for
every incident.
"""

from pydantic import BaseModel, ConfigDict, TypeAdapter

from incident.model.alert import Alert
from incident.model.already_paged import EarlierPage
from incident.model.effects import StoredEffect
from incident.model.incident import Incident
from incident.model.severity import Severity


class Continued(BaseModel):
    """An incident that goes on in a new run: all of it, and what it had still to do."""

    model_config = ConfigDict(frozen=True)
    incident: Incident
    outbox: list[StoredEffect] = []


class TypedStart(BaseModel):
    """What a person types to start one."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)
    alert: str
    severity: Severity | None = None
    labels: dict[str, str] = {}
    summary: str = ""
    description: str = ""


ALERT: TypeAdapter[Alert] = TypeAdapter(Alert)
EARLIER_PAGES: TypeAdapter[tuple[EarlierPage, ...]] = TypeAdapter(tuple[EarlierPage, ...])
