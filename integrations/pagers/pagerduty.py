"""PagerDuty rings by its own rules until somebody acknowledges, here or there. Facts from its pages "Events API v2
Overview" and "Send an Alert Event" (developer.pagerduty.com/docs/events-api-v2).

One incident of ours is one of theirs, by `dedup_key`: a second page of it rings nobody twice, it is one more entry in
their log. Only a page after an acknowledgement opens another one, or it would be silent (`incident/model/alarm.py`).
Their app shows a page to everybody on the service, so a link that acts for one person is never in it.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr

from incident.model.effects import Page
from incident.model.severity import Severity
from integrations.errors import Refused
from integrations.http import ask, failure_of
from integrations.ports import Button, Pager, Receipt
from integrations.reach import Lacking, Reach
from integrations.wording import alarm_of, cut, fitted

MOST_SUMMARY = 1024
"""Characters ("Send an Alert Event", `payload.summary`)."""
MOST_DEDUP_KEY = 255
"""Characters ("Send an Alert Event", `dedup_key`)."""
MOST_TEXT_BYTES = 8192
"""Ours; all of an event may be 512 KB ("Size Limits")."""
SEVERITIES = {Severity.SEV1: "critical", Severity.SEV2: "error", Severity.SEV3: "warning"}
"""Theirs, which their rules for urgency hang on."""
NO_KEY = "PagerDuty has no service to page: set INCIDENTS_PAGER__PAGERDUTY_ROUTING_KEY"


def pager(reach: Reach, http: httpx.AsyncClient) -> Pager | Lacking:
    """Without a service of the team's, people may still have one of their own."""
    return PagerDuty(http, str(reach.pager.pagerduty_url), reach.pager.pagerduty_routing_key)


@dataclass(frozen=True)
class PagerDuty:
    """Plays `Pager` and `Settles`. An address is the integration key of a service: 32 characters, a secret."""

    http: httpx.AsyncClient
    url: str
    routing_key: SecretStr | None = None
    remembers: ClassVar[bool] = True

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        """Trigger. Raises Unreachable, RateLimited, Refused."""
        links = [{"href": b.url, "text": b.label} for b in buttons if not (b.acts or b.mine)]
        event = {
            "payload": _payload(page),
            "client": "incidents",
            "client_url": click,
            "links": [*links, {"href": click, "text": "Story"}] if click else links,
        }
        return await self._send("trigger", alarm_of(page), to, event)

    async def find(self, page: Page, *, to: str) -> Receipt | None:
        """Events cannot be looked up; sending one again is harmless."""
        return None

    async def acknowledged(self, alarm: str, *, to: str) -> Receipt:
        """Its incident stops ringing. Raises Unreachable, RateLimited, Refused."""
        return await self._send("acknowledge", alarm, to, {})

    async def resolved(self, alarm: str, *, to: str) -> Receipt:
        """Its incident is over. Raises Unreachable, RateLimited, Refused."""
        return await self._send("resolve", alarm, to, {})

    async def _send(self, action: str, alarm: str, to: str, event: dict[str, Any]) -> Receipt:
        key = to or (self.routing_key.get_secret_value() if self.routing_key else "")
        if not key:
            raise Refused(NO_KEY)
        named = {"routing_key": key, "event_action": action, "dedup_key": dedup_key(alarm)}
        answer = await ask(self.http, "PagerDuty", "POST", self.url, json=named | event)
        told = _told(answer)
        failure = failure_of("PagerDuty", answer, _errors(told).replace(key, "…") if answer.is_error else "")
        if failure:
            raise failure
        if told.get("status") != "success":  # some other site's 200 wakes nobody
            raise Refused(f"PagerDuty answered {answer.status_code} without success: is this its address?")
        return Receipt(id=str(told.get("dedup_key", "")))


def dedup_key(alarm: str) -> str:
    """The alarm's name; one that is too long keeps its beginning and a hash of the whole."""
    if len(alarm) <= MOST_DEDUP_KEY:
        return alarm
    return f"{alarm[: MOST_DEDUP_KEY - 17]}-{sha256(alarm.encode()).hexdigest()[:16]}"


def _payload(page: Page) -> dict[str, Any]:
    first = next((line for line in page.text.splitlines() if line.strip()), "")
    return {
        "summary": cut(f"{page.title}: {first}" if first else page.title, MOST_SUMMARY),
        "source": page.incident_id,
        "severity": SEVERITIES[page.severity],
        "group": page.domain,
        "custom_details": {"text": fitted(page, MOST_TEXT_BYTES), "page": page.number, "because": page.because},
    }


def _told(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _errors(told: dict[str, Any]) -> str:
    """`invalid event: Length of 'routing_key' is incorrect`, in its own words."""
    errors = told.get("errors")
    listed = [str(error) for error in errors] if isinstance(errors, list) else []
    return ": ".join(filter(None, (str(told.get("status", "")), "; ".join(listed) or str(told.get("message", "")))))
