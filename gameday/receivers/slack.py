"""Slack's Web API, as far as we speak to it: `auth.test`, `chat.postMessage`, `chat.update`, `conversations.history`,
`conversations.replies`. After the methods' pages, "Message metadata" and "Rate limits". It says no with a 200.
"""

import itertools
import time
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from gameday.receivers.desk import RETRY_AFTER_S, Desk, json_of
from gameday.receivers.slack_blocks import wrong_with

TOKEN = "xoxb-practice"
HOOK = "T000/B000/practice"
"""Path of the incoming webhook: whoever knows it may post."""
CHANNEL = "C0PRACTICE"
BOT = "U0INCIDENTS"


@dataclass
class SlackReceiver:
    desk: Desk = field(default_factory=lambda: Desk("slack"))
    channels: set[str] = field(default_factory=lambda: {CHANNEL})
    messages: list[dict[str, Any]] = field(default_factory=list)
    """In all channels, the oldest first, each as the API tells it."""
    may_read: bool = True
    """Has the app the scope `channels:history`?"""
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route("/slack-api/auth.test", self.auth_test, methods=["POST", "GET"])
        router.add_api_route("/slack-api/chat.postMessage", self.post_message, methods=["POST"])
        router.add_api_route("/slack-api/chat.update", self.update, methods=["POST"])
        router.add_api_route("/slack-api/conversations.history", self.history)
        router.add_api_route("/slack-api/conversations.replies", self.replies)
        router.add_api_route("/slack-hook/{path:path}", self.hook, methods=["POST"])
        router.add_api_route("/slack/messages", self.shown)
        router.include_router(self.desk.router())
        return router

    async def auth_test(self, request: Request) -> Response:
        told = {"ok": True, "url": "https://practice.example.org/", "team": "Practice", "user_id": BOT, "bot_id": "B0"}
        return await self._answer(request, lambda: told)

    async def post_message(self, request: Request) -> Response:
        body = await json_of(request)
        return await self._answer(request, lambda: self._wrong_with(body) or self._post(body))

    async def update(self, request: Request) -> Response:
        body = await json_of(request)
        return await self._answer(request, lambda: self._wrong_with(body) or self._change(body))

    async def history(self, request: Request) -> Response:
        """Newest first, without replies; `oldest` is a `ts`."""
        asked = request.query_params
        return await self._answer(request, lambda: self._read(asked.get("channel", ""), asked))

    async def replies(self, request: Request) -> Response:
        """The root and what was said under it, oldest first."""
        asked = request.query_params
        return await self._answer(request, lambda: self._thread(asked.get("channel", ""), asked.get("ts", "")))

    async def hook(self, path: str, request: Request) -> Response:
        """ "Incoming webhooks": a word instead of JSON, and no `ts`."""
        if path != HOOK:
            return PlainTextResponse("no_service", 404)
        body, key = await json_of(request), request.headers.get("idempotency-key", "")
        wrong = wrong_with(body)

        def take() -> Response:
            if wrong:
                return PlainTextResponse(wrong, 400)
            self._post(body | {"channel": CHANNEL, "metadata": {"event_payload": {"key": key}}})
            return PlainTextResponse("ok")

        return await self.desk.answer(take, refused=PlainTextResponse("no_service", 404))

    async def shown(self) -> list[dict[str, Any]]:
        """What people see, the oldest first."""
        return self.messages

    async def _answer(self, request: Request, take: Any) -> Response:
        limited = JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(RETRY_AFTER_S)})
        refused = JSONResponse(_no("channel_not_found"))
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse(_no("invalid_auth"))
        return await self.desk.answer(lambda: JSONResponse(take()), refused=refused, limited=limited)

    def _wrong_with(self, body: dict[str, Any]) -> dict[str, Any] | None:
        if body.get("channel") not in self.channels:
            return _no("channel_not_found")
        wrong = wrong_with(body)
        return _no(wrong) if wrong else None

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        ts = self._next_ts()
        told = ("text", "blocks", "thread_ts", "reply_broadcast", "metadata", "channel")
        kept = {k: body[k] for k in told if body.get(k)}
        message = {"type": "message", "user": BOT, "bot_id": "B0", "ts": ts, "text": "", **kept}
        self.messages.append(message)
        key = str((body.get("metadata") or {}).get("event_payload", {}).get("key", ""))
        self.desk.take(key=key, to=str(body["channel"]), body=body)
        return {"ok": True, "channel": body["channel"], "ts": ts, "message": message}

    def _change(self, body: dict[str, Any]) -> dict[str, Any]:
        found = [m for m in self.messages if (m["channel"], m["ts"]) == (body.get("channel"), body.get("ts"))]
        if not found:
            return _no("message_not_found")
        found[0].update({k: body[k] for k in ("text", "blocks", "metadata") if k in body})
        found[0]["edited"] = {"user": BOT, "ts": f"{time.time():.6f}"}
        self.desk.take(key=f"update {body['ts']}", to=str(body["channel"]), body=body)
        return {"ok": True, "channel": body["channel"], "ts": body["ts"], "text": found[0]["text"]}

    def _read(self, channel: str, asked: Any) -> dict[str, Any]:
        if not self.may_read:
            return _no("missing_scope") | {"needed": "channels:history", "provided": "chat:write"}
        if channel not in self.channels:
            return _no("channel_not_found")
        oldest, limit, start = float(asked.get("oldest", 0)), int(asked.get("limit", 100)), int(asked.get("cursor", 0))
        found = [m for m in self.messages if m["channel"] == channel and float(m["ts"]) > oldest and _is_root(m)]
        hidden = () if asked.get("include_all_metadata") == "true" else ("metadata",)
        listed = [{k: v for k, v in m.items() if k not in hidden} for m in reversed(found)]
        more = start + limit < len(listed)
        after = {"next_cursor": str(start + limit) if more else ""}
        return {
            "ok": True,
            "messages": listed[start : start + limit],
            "has_more": more,
            "response_metadata": after,
        }

    def _thread(self, channel: str, ts: str) -> dict[str, Any]:
        found = [m for m in self.messages if m["channel"] == channel and ts in (m["ts"], m.get("thread_ts"))]
        return {"ok": True, "messages": found, "has_more": False} if found else _no("thread_not_found")

    @property
    def roots(self) -> list[dict[str, Any]]:
        """Messages with which threads begin, or could."""
        return [message for message in self.messages if _is_root(message)]

    def under(self, ts: str) -> list[dict[str, Any]]:
        """What was said in the thread that begins with this message."""
        return [m for m in self.messages if m.get("thread_ts") == ts and m["ts"] != ts]

    def says(self, text: str, user: str, *, thread_ts: str = "") -> dict[str, Any]:
        """A person writes in the channel, or in a thread."""
        said = {"type": "message", "user": user, "text": text, "channel": CHANNEL, "ts": self._next_ts()}
        self.messages.append(said | ({"thread_ts": thread_ts} if thread_ts else {}))
        return self.messages[-1]

    def _next_ts(self) -> str:
        return f"{time.time():.3f}{next(self._ids) % 1000:03}"


def _is_root(message: dict[str, Any]) -> bool:
    return bool(message.get("thread_ts", message["ts"]) == message["ts"])


def _no(error: str) -> dict[str, Any]:
    return {"ok": False, "error": error}
