"""What people would have received: an ntfy server and a Slack incoming webhook, with everything that arrived."""

import asyncio
import json
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from gameday.world.faults import Faults

TOPIC = "oncall"
HOOK = "T000/B000/practice"
MOST_BLOCKS, MOST_SECTION, MOST_HEADER = 50, 3000, 150
"""Slack's own limits ("Block Kit: blocks"); it refuses a message beyond them."""
MOST_MESSAGE_BYTES = 4096
"""ntfy's ("Limitations")."""
KEPT = 500


@dataclass(kw_only=True)
class Arrival:
    """One message, as it came in. `times`: how often this key has arrived up to now, this one included."""

    at: float
    key: str
    body: dict[str, Any]
    times: int = 1


@dataclass
class Sinks:
    faults: Faults
    pages: list[Arrival] = field(default_factory=list)
    posts: list[Arrival] = field(default_factory=list)

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route("/ntfy", self.publish, methods=["POST"])
        router.add_api_route("/ntfy/", self.publish, methods=["POST"])
        router.add_api_route("/ntfy/{topic}/json", self.poll)
        router.add_api_route("/slack/{hook:path}", self.hook, methods=["POST"])
        router.add_api_route("/received", self.received)
        router.add_api_route("/received", self.forget, methods=["DELETE"])
        return router

    async def publish(self, request: Request) -> Response:
        """ntfy, "Publish as JSON"."""
        if "pager_down" in self.faults:
            return PlainTextResponse("bad gateway", 503)
        if "pager_refuses" in self.faults:
            return _ntfy_error(403, 40301, "forbidden")
        body = await _json(request)
        if not body or not body.get("topic"):
            return _ntfy_error(400, 40024, "invalid request: topic missing")
        if len(str(body.get("message", "")).encode()) > MOST_MESSAGE_BYTES:
            return _ntfy_error(413, 41301, "message too large")
        arrival = _take(self.pages, request, body)
        if "answer_lost" in self.faults:
            await self.faults.switch_off("answer_lost")
            await asyncio.sleep(30)  # the client gives up first: it never learns that this arrived
        return JSONResponse(_ntfy_message(arrival))

    async def poll(self, topic: str) -> Response:
        """ntfy, "Poll for messages": one JSON object a line."""
        found = [_ntfy_message(a) for a in self.pages if a.body.get("topic") == topic]
        return PlainTextResponse("".join(json.dumps(m) + "\n" for m in found), media_type="application/x-ndjson")

    async def hook(self, hook: str, request: Request) -> Response:
        """Slack, "Incoming webhooks"."""
        if "chat_down" in self.faults:
            return PlainTextResponse("service_unavailable", 503)
        if hook != HOOK:
            return PlainTextResponse("no_service", 404)
        body = await _json(request)
        wrong = _wrong_with(body)
        if wrong:
            return PlainTextResponse(wrong, 400)
        _take(self.posts, request, body)
        return PlainTextResponse("ok")

    async def received(self) -> dict[str, list[dict[str, Any]]]:
        return {"pages": [asdict(a) for a in self.pages], "posts": [asdict(a) for a in self.posts]}

    async def forget(self) -> dict[str, str]:
        self.pages.clear()
        self.posts.clear()
        return {"forgotten": "all"}


def _take(into: list[Arrival], request: Request, body: dict[str, Any]) -> Arrival:
    """A key that comes twice has arrived twice: a phone would have rung twice."""
    key = request.headers.get("idempotency-key", "")
    times = 1 + sum(1 for a in into if key and a.key == key)
    arrival = Arrival(at=time.time(), key=key, body=body, times=times)
    into.append(arrival)
    del into[:-KEPT]
    return arrival


def _ntfy_message(arrival: Arrival) -> dict[str, Any]:
    kept = {k: v for k, v in arrival.body.items() if k in ("topic", "title", "message", "priority", "tags", "click")}
    return {"id": f"m{int(arrival.at * 1000)}", "time": int(arrival.at), "event": "message", **kept}


def _ntfy_error(status: int, code: int, words: str) -> JSONResponse:
    return JSONResponse({"code": code, "http": status, "error": words}, status)


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _wrong_with(body: dict[str, Any]) -> str:
    """Slack's own words; empty: it takes the message."""
    if not body.get("text") and not body.get("blocks"):
        return "no_text"
    blocks = body.get("blocks", [])
    if len(blocks) > MOST_BLOCKS:
        return "invalid_blocks"
    for block in blocks:
        words = (block.get("text") or {}).get("text", "")
        most = {"header": MOST_HEADER, "section": MOST_SECTION}.get(block.get("type"), MOST_SECTION)
        if block.get("type") in ("header", "section") and not 0 < len(words) <= most:
            return "invalid_blocks"
    return ""
