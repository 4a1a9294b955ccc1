"""Atlassian Statuspage's REST API, as far as we speak to it: incidents and components of one page. After its pages
"Incidents", "Components", "Authentication" and "Rate limiting" (developer.statuspage.io).
"""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from gameday.receivers.desk import Desk, json_of

PAGE, API_KEY = "practicepage", "practice-api-key"
STATUSES = (
    "investigating",
    "identified",
    "monitoring",
    "resolved",
    "scheduled",
    "in_progress",
    "verifying",
    "completed",
)
COMPONENT_STATUSES = ("operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage")
IMPACTS = ("none", "minor", "major", "critical", "maintenance")
COMPONENTS = {"c-app": "Customer app", "c-provisioning": "Provisioning", "c-billing": "Billing"}


@dataclass
class StatuspageReceiver:
    desk: Desk = field(default_factory=lambda: Desk("statuspage"))
    incidents: list[dict[str, Any]] = field(default_factory=list)
    """Oldest first."""
    components: dict[str, dict[str, Any]] = field(default_factory=dict)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        for key, name in COMPONENTS.items():
            self.components[key] = {"id": key, "page_id": PAGE, "name": name, "status": "operational"}

    def router(self) -> APIRouter:
        router, page = APIRouter(), "/statuspage/v1/pages/{page_id}"
        router.add_api_route(f"{page}/incidents", self.list_incidents)
        router.add_api_route(f"{page}/incidents", self.create, methods=["POST"])
        router.add_api_route(f"{page}/incidents/unresolved", self.unresolved)
        router.add_api_route(f"{page}/incidents/{{incident_id}}", self.get)
        router.add_api_route(f"{page}/incidents/{{incident_id}}", self.update, methods=["PATCH", "PUT"])
        router.add_api_route(f"{page}/components", self.list_components)
        router.add_api_route(f"{page}/components/{{component_id}}", self.update_component, methods=["PATCH", "PUT"])
        router.add_api_route("/statuspage/shown", self.shown)
        router.include_router(self.desk.router())
        return router

    async def list_incidents(self, request: Request, page_id: str, limit: int = 100) -> Response:
        return await self._answer(request, page_id, lambda: JSONResponse(self.incidents[::-1][:limit]))

    async def unresolved(self, request: Request, page_id: str) -> Response:
        found = [i for i in reversed(self.incidents) if i["status"] not in ("resolved", "completed")]
        return await self._answer(request, page_id, lambda: JSONResponse(found))

    async def get(self, request: Request, page_id: str, incident_id: str) -> Response:
        found = self._incident(incident_id)
        return await self._answer(request, page_id, lambda: JSONResponse(found) if found else _none())

    async def list_components(self, request: Request, page_id: str) -> Response:
        return await self._answer(request, page_id, lambda: JSONResponse(list(self.components.values())))

    async def create(self, request: Request, page_id: str) -> Response:
        asked = (await json_of(request)).get("incident")
        return await self._answer(request, page_id, lambda: self._create(asked if isinstance(asked, dict) else {}))

    async def update(self, request: Request, page_id: str, incident_id: str) -> Response:
        asked, found = (await json_of(request)).get("incident"), self._incident(incident_id)
        change = asked if isinstance(asked, dict) else {}
        return await self._answer(request, page_id, lambda: self._change(found, change) if found else _none())

    async def update_component(self, request: Request, page_id: str, component_id: str) -> Response:
        asked, found = (await json_of(request)).get("component"), self.components.get(component_id)
        status = asked.get("status") if isinstance(asked, dict) else None

        def take() -> Response:
            if found is None:
                return _none()
            if status not in COMPONENT_STATUSES:
                return _unprocessable("component[status] is invalid")
            found["status"] = status
            self.desk.take(key="", to=component_id, body={"component": asked})
            return JSONResponse(found)

        return await self._answer(request, page_id, take)

    async def shown(self) -> dict[str, Any]:
        """What a customer sees."""
        return {"components": list(self.components.values()), "incidents": self.incidents[::-1]}

    async def _answer(self, request: Request, page_id: str, take: Any) -> Response:
        unauthorized = JSONResponse({"error": "Could not authenticate"}, 401)
        if request.headers.get("authorization") != f"OAuth {API_KEY}":
            return unauthorized
        if page_id != PAGE:
            return _none()
        limited = JSONResponse({"error": "Too many requests"}, 420)
        return await self.desk.answer(take, refused=_unprocessable("incident is invalid"), limited=limited)

    def _create(self, asked: dict[str, Any]) -> Response:
        wrong = _wrong_with(asked, self.components) or ([] if asked.get("name") else ["Name can't be blank"])
        if wrong:
            return _unprocessable(*wrong)
        now = _now()
        made = {
            "id": f"i{next(self._ids)}",
            "page_id": PAGE,
            "name": asked["name"],
            "status": "investigating",
            "created_at": now,
            "incident_updates": [],
            "components": [],
            "metadata": {},
        }
        self.incidents.append(made)
        return self._change(made, {"status": "investigating"} | asked, created=True)

    def _change(self, incident: dict[str, Any], asked: dict[str, Any], *, created: bool = False) -> Response:
        wrong = _wrong_with(asked, self.components)
        if wrong:
            return _unprocessable(*wrong)
        now, status = _now(), asked.get("status", incident["status"])
        kept = {k: asked[k] for k in ("name", "metadata", "impact_override") if k in asked}
        incident.update(kept | {"status": status, "updated_at": now})
        if status == "resolved":
            incident["resolved_at"] = now
        for key, component_status in (asked.get("components") or {}).items():
            self.components[key]["status"] = component_status
        ids = asked.get("component_ids") or list(asked.get("components") or {})
        if ids:
            incident["components"] = [self.components[key] for key in ids]
        if asked.get("body") or created or status != incident["status"]:
            update = {"status": status, "body": asked.get("body", ""), "created_at": now, "id": f"u{next(self._ids)}"}
            incident["incident_updates"].insert(0, update)
        self.desk.take(key=str(incident["metadata"]), to=incident["id"], body={"incident": asked})
        return JSONResponse(incident, 201 if created else 200)

    def _incident(self, incident_id: str) -> dict[str, Any] | None:
        return next((i for i in self.incidents if i["id"] == incident_id), None)


def _wrong_with(asked: dict[str, Any], components: dict[str, dict[str, Any]]) -> list[str]:
    wrong = []
    if asked.get("status", "investigating") not in STATUSES:
        wrong.append("Status is invalid")
    if asked.get("impact_override", "none") not in IMPACTS:
        wrong.append("Impact override is invalid")
    named = {*(asked.get("component_ids") or ()), *(asked.get("components") or {})}
    if named - set(components):
        wrong.append("Component does not exist")
    if set((asked.get("components") or {}).values()) - set(COMPONENT_STATUSES):
        wrong.append("Component status is invalid")
    return wrong


def _none() -> Response:
    return JSONResponse({"error": "Not found"}, 404)


def _unprocessable(*errors: str) -> Response:
    return JSONResponse({"error": list(errors)}, 422)


def _now() -> str:
    return datetime.now(UTC).isoformat()  # noqa: TID251 - the receiver has a clock of its own
