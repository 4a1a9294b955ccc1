"""Atlassian Statuspage, REST API v1 (developer.statuspage.io: "Incidents", "Authentication", "Rate Limiting").

A status incident of ours is found again by what we put into its `metadata`, so a second one is never made.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from incident.model.effects import SetStatusPage
from incident.model.severity import Severity
from incident.model.status_page import Shown
from integrations.errors import RateLimited, Refused, Unreachable
from integrations.http import LONGEST_WAIT_S, failure_of, key_header, unreachable
from integrations.ports import Receipt
from integrations.settings import StatusPageSettings

WHO = "Statuspage"
BUSY = 420
"""Besides 429: "Error codes 420 or 429 indicate that you have exceeded the rate limit" ("Rate Limiting")."""
WAIT_S = 60.0
""""1 request / second as measured on a 60 second rolling window" ("Rate Limiting"): then the window is a new one."""
MOST_PAGES, EACH_PAGE = 5, 100
"""How far back our own incident is looked for, in pages of `limit` ("Incidents": at most 100)."""
BROKEN = {Severity.SEV1: "major_outage", Severity.SEV2: "degraded_performance", Severity.SEV3: "degraded_performance"}
FINE = "operational"


@dataclass(frozen=True)
class StatusPageIo:
    """Plays `StatusPage`. `settings` has a page id and a key."""

    http: httpx.AsyncClient
    settings: StatusPageSettings

    async def show(self, effect: SetStatusPage) -> Receipt:
        """Update our status incident, or make it. Raises Unreachable, RateLimited, Refused."""
        known = effect.known_id or await self._found(effect.mark)
        if not known:
            made = await self._call("POST", "incidents", json=self._body(effect), headers=key_header(effect.key))
            return Receipt(id=_id(made))
        there = await self._call("GET", f"incidents/{quote(known, safe='')}")
        if _says_it_already(there, effect):
            return Receipt(id=known, repeat=True)
        path = f"incidents/{quote(known, safe='')}"
        changed = await self._call("PATCH", path, json=self._body(effect), headers=key_header(effect.key))
        return Receipt(id=_id(changed))

    async def components(self) -> dict[str, str]:
        """Id → name of each component of the page ("Components"). Raises Unreachable, RateLimited, Refused."""
        listed = await self._call("GET", "components", params={"per_page": EACH_PAGE})
        if not isinstance(listed, list):
            raise Refused(f"{WHO} answered without components: is this the address of its API?")
        return {str(one["id"]): str(one.get("name", "")) for one in listed if isinstance(one, dict) and "id" in one}

    async def _found(self, mark: str) -> str:
        """Ours, by its mark; empty: it was never made. Newest first, as the vendor lists them."""
        for page in range(1, MOST_PAGES + 1):
            listed = await self._call("GET", "incidents", params={"page": page, "limit": EACH_PAGE})
            incidents = listed if isinstance(listed, list) else []
            for one in incidents:
                if _mark(one) == mark:
                    return _id(one)
            if len(incidents) < EACH_PAGE:
                return ""
        return ""

    def _body(self, effect: SetStatusPage) -> dict[str, Any]:
        notice = effect.notice
        component = self.settings.components.get(effect.component, "")
        state = FINE if notice.state is not Shown.INVESTIGATING else BROKEN[effect.severity]
        body: dict[str, Any] = {
            "name": notice.title,
            "status": notice.state.value,
            "body": notice.text,
            "metadata": {"incidents": {"mark": effect.mark, "notice": effect.number}},
            "deliver_notifications": self.settings.notify,
        }
        if component:
            body |= {"component_ids": [component], "components": {component: state}}
        return {"incident": body}

    async def _call(self, method: str, path: str, **more: Any) -> Any:
        url = f"{str(self.settings.api_url).rstrip('/')}/v1/pages/{quote(self.settings.page_id, safe='')}/{path}"
        key = self.settings.api_key.get_secret_value() if self.settings.api_key else ""
        headers = {"Authorization": f"OAuth {key}"} | more.pop("headers", {})
        try:
            answer = await self.http.request(method, url, headers=headers, **more)
        except httpx.HTTPError as error:
            raise unreachable(WHO, error) from None
        if answer.status_code == BUSY:
            raise RateLimited(f"{WHO} answered {BUSY}", min(WAIT_S, LONGEST_WAIT_S))
        failure = failure_of(WHO, answer, _error(answer))
        if failure:
            raise failure
        return _json(answer)


def _says_it_already(there: Any, effect: SetStatusPage) -> bool:
    """An earlier attempt whose answer was lost: what it left behind carries this notice's number."""
    ours = there.get("metadata", {}).get("incidents", {}) if isinstance(there, dict) else {}
    return isinstance(ours, dict) and ours.get("mark") == effect.mark and ours.get("notice") == effect.number


def _mark(one: Any) -> str:
    ours = one.get("metadata") if isinstance(one, dict) else None
    marked = ours.get("incidents") if isinstance(ours, dict) else None
    return str(marked.get("mark", "")) if isinstance(marked, dict) else ""


def _id(one: Any) -> str:
    found = str(one.get("id") or "") if isinstance(one, dict) else ""
    if not found:
        raise Refused(f"{WHO} answered without an incident: is this the address of its API?")
    return found


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise Unreachable(f"{WHO} answered {answer.status_code} with something that is not JSON") from None


def _error(answer: httpx.Response) -> str:
    """Its own word for what is wrong: `{"error": "…"}` or `{"error": ["…"]}`."""
    try:
        body = answer.json() if answer.is_error else {}
    except ValueError:
        return ""
    return str(body.get("error", "")) if isinstance(body, dict) else ""
