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
MOST_TOGETHER = 13_000
"""Characters; not documented but for the error's name, `msg_blocks_too_long`."""
MOST_MESSAGE_BYTES = 4096
"""ntfy's ("Limitations")."""
SHOWN = ("topic", "title", "message", "priority", "tags", "click", "actions")
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

    async def poll(self, topic: str, since: str = "all") -> Response:
        """ntfy, "Poll for messages" and "Fetch cached messages": one JSON object a line, `since` in seconds or all."""
        earliest = int(since) if since.isdigit() else 0
        found = [_ntfy_message(a) for a in self.pages if a.body.get("topic") == topic and int(a.at) >= earliest]
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
    kept = {k: v for k, v in arrival.body.items() if k in SHOWN}
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
    if not isinstance(blocks, list) or len(blocks) > MOST_BLOCKS or not all(map(_is_block, blocks)):
        return "invalid_blocks"
    return "msg_blocks_too_long" if sum(len(_text_of(b.get("text"))) for b in blocks) > MOST_TOGETHER else ""


def _is_block(block: Any) -> bool:
    """One of the three kinds we send, with a text neither empty nor too long."""
    if not isinstance(block, dict):
        return False
    kind, text = block.get("type"), block.get("text")
    if kind == "context":
        elements = block.get("elements")
        return isinstance(elements, list) and bool(elements) and all(_text_of(e) for e in elements)
    return 0 < len(_text_of(text)) <= {"header": MOST_HEADER, "section": MOST_SECTION}.get(str(kind), 0)


def _text_of(text: Any) -> str:
    return str(text.get("text", "")).strip() if isinstance(text, dict) else ""
