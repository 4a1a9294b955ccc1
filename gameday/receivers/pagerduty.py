"""PagerDuty: Events API v2 and the lists of its REST API v2 that we read. After its pages "Events API v2 Overview",
"Send an Alert Event", "List all of the on-calls", "List users on call", "List incidents", "Pagination" and "Errors".

An incident lives under its service (`routing_key`) and `dedup_key`. Only a new one rings; a trigger of one that is
open is an entry in its log, and what is sent for one that is not there is dropped.
"""

import itertools
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from gameday.receivers.desk import RETRY_AFTER_S, Desk, json_of

ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
KEY_LENGTH, MOST_DEDUP_KEY, MOST_SUMMARY, MOST_BYTES = 32, 255, 1024, 512 * 1024
REST_TOKEN = "practice-rest-token"
"""What `Authorization: Token token=…` must hold."""


@dataclass(kw_only=True)
class TheirIncident:
    id: str
    service: str
    dedup_key: str
    title: str
    status: str = "triggered"
    created_at: float
    rings: int = 1
    log: list[str] = field(default_factory=list)


@dataclass
class PagerDutyReceiver:
    desk: Desk = field(default_factory=lambda: Desk("pagerduty"))
    incidents: list[TheirIncident] = field(default_factory=list)
    oncalls: list[dict[str, Any]] = field(default_factory=list)
    """What `/oncalls` answers; a test or a drill puts it there."""
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route("/pagerduty/v2/enqueue", self.enqueue, methods=["POST"])
        router.add_api_route("/pagerduty/rest/oncalls", self.list_oncalls)
        router.add_api_route("/pagerduty/rest/oncalls", self.put_oncalls, methods=["PUT"])
        router.add_api_route("/pagerduty/rest/schedules/{schedule}/users", self.list_users)
        router.add_api_route("/pagerduty/rest/incidents", self.list_incidents)
        router.add_api_route("/pagerduty/incidents", self.shown)
        router.include_router(self.desk.router())
        return router

    async def enqueue(self, request: Request) -> Response:
        size, event = len(await request.body()), await json_of(request)
        wrong = _wrong_with(event, size)
        limited = JSONResponse({"status": "throttle exceeded"}, 429, {"Retry-After": str(RETRY_AFTER_S)})
        refused = _invalid("Invalid routing key")
        return await self.desk.answer(
            lambda: _invalid(*wrong) if wrong else self._take(event), refused=refused, limited=limited
        )

    def _take(self, event: dict[str, Any]) -> Response:
        key = str(event.get("dedup_key") or f"made-up-{next(self._ids)}")
        service, action = str(event["routing_key"]), str(event["event_action"])
        self.desk.take(key=f"{action} {key}", to=service, body=event)
        found = self._open(service, key)
        if action == "trigger":
            self._trigger(found, service, key, str(event["payload"]["summary"]))
        elif found:
            found.status = {"acknowledge": "acknowledged", "resolve": "resolved"}[action]
            found.log.append(action)
        return JSONResponse({"status": "success", "message": "Event processed", "dedup_key": key}, 202)

    def _trigger(self, found: TheirIncident | None, service: str, key: str, title: str) -> None:
        if found:
            found.log.append("trigger")
            return
        made = TheirIncident(
            id=f"Q{next(self._ids)}", service=service, dedup_key=key, title=title, created_at=time.time()
        )
        made.log.append("trigger")
        self.incidents.append(made)

    def _open(self, service: str, key: str) -> TheirIncident | None:
        same = [i for i in self.incidents if (i.service, i.dedup_key) == (service, key) and i.status != "resolved"]
        return same[-1] if same else None

    async def shown(self) -> list[dict[str, Any]]:
        """What a responder's app would show."""
        return [asdict(incident) for incident in self.incidents]

    async def list_oncalls(self, request: Request, limit: int = 25, offset: int = 0) -> Response:
        """Filtered by `schedule_ids[]`."""
        wanted = request.query_params.getlist("schedule_ids[]")
        found = [o for o in self.oncalls if not wanted or (o.get("schedule") or {}).get("id") in wanted]
        return await self._listed(request, "oncalls", found, limit, offset)

    async def put_oncalls(self, oncalls: list[dict[str, Any]]) -> dict[str, int]:
        self.oncalls[:] = oncalls
        return {"oncalls": len(oncalls)}

    async def list_users(self, request: Request, schedule: str) -> Response:
        """Of one schedule: whoever has a turn, each once; this list has no pages."""
        theirs = [o["user"] for o in self.oncalls if (o.get("schedule") or {}).get("id") == schedule]
        users = list({user["id"]: user for user in theirs}.values())
        if not _is_authorized(request):
            return _unauthorized()
        return await self.desk.answer(lambda: JSONResponse({"users": users}), refused=_unauthorized())

    async def list_incidents(self, request: Request, limit: int = 25, offset: int = 0) -> Response:
        """Filtered by `incident_key` and `statuses[]`."""
        key, statuses = request.query_params.get("incident_key"), request.query_params.getlist("statuses[]")
        found = [
            {"id": i.id, "type": "incident", "title": i.title, "status": i.status, "incident_key": i.dedup_key}
            for i in self.incidents
            if (not key or i.dedup_key == key) and (not statuses or i.status in statuses)
        ]
        return await self._listed(request, "incidents", found, limit, offset)

    async def _listed(
        self, request: Request, name: str, found: list[dict[str, Any]], limit: int, offset: int
    ) -> Response:
        if not _is_authorized(request):
            return _unauthorized()
        page = {name: found[offset : offset + limit], "limit": limit, "offset": offset, "total": None}
        more = {"more": offset + limit < len(found)}
        return await self.desk.answer(lambda: JSONResponse(page | more), refused=_unauthorized())


def _is_authorized(request: Request) -> bool:
    return request.headers.get("authorization") == f"Token token={REST_TOKEN}"


def _unauthorized() -> Response:
    return JSONResponse({"error": {"message": "Invalid API key", "code": 2006}}, 401)


def _wrong_with(event: dict[str, Any], size: int) -> list[str]:
    """In the API's words; empty: it takes the event."""
    if size > MOST_BYTES:
        return ["Event is too large"]
    wrong = []
    if len(str(event.get("routing_key", ""))) != KEY_LENGTH:
        wrong.append("Length of 'routing_key' is incorrect (should be 32 characters)")
    if event.get("event_action") not in ACTIONS:
        wrong.append("'event_action' is invalid (must be one of 'trigger', 'acknowledge', 'resolve')")
    if len(str(event.get("dedup_key", ""))) > MOST_DEDUP_KEY:
        wrong.append("Length of 'dedup_key' is too long (maximum is 255 characters)")
    if event.get("event_action") == "trigger":
        wrong += _wrong_with_payload(event.get("payload"))
    elif not event.get("dedup_key"):
        wrong.append("'dedup_key' is missing or blank")
    if not all(isinstance(link, dict) and link.get("href") for link in event.get("links", [])):
        wrong.append("'links' is invalid")
    return wrong


def _wrong_with_payload(payload: Any) -> list[str]:
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    wrong = [f"'payload.{name}' is missing or blank" for name in ("summary", "source") if not payload.get(name)]
    if len(str(payload.get("summary", ""))) > MOST_SUMMARY:
        wrong.append("'payload.summary' is too long (maximum is 1024 characters)")
    if payload.get("severity") not in SEVERITIES:
        wrong.append("'payload.severity' is invalid (must be one of 'critical', 'error', 'warning', 'info')")
    return wrong


def _invalid(*errors: str) -> JSONResponse:
    return JSONResponse({"status": "invalid event", "message": "Event object is invalid", "errors": errors}, 400)
