"""An ntfy server, after its pages "Publish as JSON", "Action buttons", "Fetch cached messages" and "Limitations"."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from gameday.receivers.desk import RETRY_AFTER_S, Arrival, Desk, json_of

MOST_MESSAGE_BYTES = 4096
MOST_ACTIONS = 3
KINDS = ("view", "http", "broadcast", "copy")
SHOWN = ("topic", "title", "message", "priority", "tags", "click", "actions")


@dataclass
class NtfyReceiver:
    desk: Desk = field(default_factory=lambda: Desk("ntfy"))
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route("/ntfy/", self.publish, methods=["POST"])
        router.add_api_route("/ntfy", self.publish, methods=["POST"])
        router.add_api_route("/ntfy/{topic}/json", self.poll)
        router.include_router(self.desk.router())
        return router

    async def publish(self, request: Request) -> Response:
        body, key = await json_of(request), request.headers.get("idempotency-key", "")
        limited = _error(429, 42901, "limit reached: too many requests")
        limited.headers["Retry-After"] = str(RETRY_AFTER_S)
        refused = _error(403, 40301, "forbidden")
        wrong = _wrong_with(body)
        return await self.desk.answer(lambda: wrong or self._take(body, key), refused=refused, limited=limited)

    def _take(self, body: dict[str, Any], key: str) -> Response:
        arrival = self.desk.take(key=key, to=str(body["topic"]), body=body)
        arrival.body["id"] = f"m{next(self._ids)}"
        return JSONResponse(_message(arrival))

    async def poll(self, topic: str, since: str = "all") -> Response:
        """One JSON object a line; `since` in seconds, or all."""
        earliest = int(since) if since.isdigit() else 0
        found = [_message(a) for a in self.desk.arrivals if a.to == topic and int(a.at) >= earliest]
        return PlainTextResponse("".join(json.dumps(m) + "\n" for m in found), media_type="application/x-ndjson")


def _wrong_with(body: dict[str, Any]) -> Response | None:
    if not body.get("topic"):
        return _error(400, 40024, "invalid request: topic missing")
    if len(str(body.get("message", "")).encode()) > MOST_MESSAGE_BYTES:
        return _error(413, 41301, "message too large")
    actions = body.get("actions", [])
    if len(actions) > MOST_ACTIONS or not all(map(_is_action, actions)):
        return _error(400, 40018, "invalid request: actions invalid")
    return None


def _is_action(action: Any) -> bool:
    return (
        isinstance(action, dict) and action.get("action") in KINDS and bool(action.get("label") and action.get("url"))
    )


def _message(arrival: Arrival) -> dict[str, Any]:
    kept = {name: value for name, value in arrival.body.items() if name in SHOWN}
    return {"id": arrival.body["id"], "time": int(arrival.at), "event": "message", **kept}


def _error(status: int, code: int, words: str) -> JSONResponse:
    return JSONResponse({"code": code, "http": status, "error": words}, status)
