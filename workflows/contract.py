"""What outsiders rely on: names, queues, start input, search attributes, wire format (design §5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict
from temporalio.api.common.v1 import Payload
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
)

from incident.model.alert import Alert
from incident.model.incident import Incident, Phase
from incident.model.playbook import Playbook
from incident.model.response_policy import ResponsePolicy
from incident.model.severity import Severity

WORKFLOW_TYPE = "Incident"
TASK_QUEUE = "incidents"
"""Workflows, and what must happen at once: the first page."""
BACKGROUND_QUEUE = "incidents-background"
"""Threads, looks, records. Few slots, so that they never slow a page (design §9)."""
PATIENT_QUEUE = "incidents-patient"
"""Looks that wait for a change of the world. Many slots, since each mostly sleeps."""

SEVERITY = SearchAttributeKey.for_keyword("IncidentSeverity")
PHASE = SearchAttributeKey.for_keyword("IncidentPhase")
ALERT = SearchAttributeKey.for_keyword("IncidentAlert")
DOMAIN = SearchAttributeKey.for_keyword("IncidentDomain")
NEEDS_HUMAN = SearchAttributeKey.for_bool("IncidentNeedsHuman")
ACKED = SearchAttributeKey.for_bool("IncidentAcked")
SEARCH_ATTRIBUTES: tuple[SearchAttributeKey[Any], ...] = (SEVERITY, PHASE, ALERT, DOMAIN, NEEDS_HUMAN, ACKED)


class IncidentInput(BaseModel):
    """What starts an incident. By hand only `alert` is needed; the bridge sends the rest to save a look-up."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    alert: Alert
    severity: Severity | None = None
    """A person's choice; None: the runbook's, or the alert label's."""
    playbook: Playbook | None = None
    policy: ResponsePolicy | None = None


def opening_attributes(alert: str, severity: Severity, domain: str) -> TypedSearchAttributes:
    """Search attributes of an incident that has just begun, set with the start so that they cost no event."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(SEVERITY, severity.value),
            SearchAttributePair(PHASE, Phase.TRIAGE.value),
            SearchAttributePair(ALERT, alert),
            SearchAttributePair(DOMAIN, domain),
            SearchAttributePair(NEEDS_HUMAN, True),
            SearchAttributePair(ACKED, False),
        ]
    )


def attributes_of(incident: Incident) -> TypedSearchAttributes:
    """Search attributes of an incident as it is now."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(SEVERITY, incident.severity.value),
            SearchAttributePair(PHASE, incident.phase.value),
            SearchAttributePair(ALERT, incident.alert.name),
            SearchAttributePair(DOMAIN, incident.playbook.domain if incident.playbook else ""),
            SearchAttributePair(NEEDS_HUMAN, incident.needs_human),
            SearchAttributePair(ACKED, bool(incident.acked_by)),
        ]
    )


@dataclass(frozen=True)
class Unreadable:
    """A payload nobody could decode, kept as a value so that a message can never stop an incident."""

    why: str


ONE_JSON = PydanticJSONPlainPayloadConverter()
"""It remembers how each type is read. The SDK makes a converter for each workflow, and each with a memory of its own
would work that out anew for every incident."""


class TolerantPayloadConverter(CompositePayloadConverter):
    """Decodes like the SDK's for pydantic; who takes anything (`*args: Any`) gets `Unreadable` for what none can read.

    Without this the SDK drops such a signal with a worker log line only (temporal-guide §1.4).
    """

    def __init__(self) -> None:
        others = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(ONE_JSON if isinstance(one, JSONPlainPayloadConverter) else one for one in others))

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        if type_hints:
            return super().from_payloads(payloads, type_hints)
        return [self._from_payload(payload) for payload in payloads]

    def _from_payload(self, payload: Payload) -> Any:
        try:
            return super().from_payloads([payload], None)[0]
        except (ValueError, KeyError, RuntimeError):
            return Unreadable("it is not readable JSON")


DATA_CONVERTER = DataConverter(payload_converter_class=TolerantPayloadConverter)
