"""What is only read: the chat thread, mailboxes, and the public status page."""

import re
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse

from gameday.receivers.desk import Arrival
from gameday.world.drawing import clock, draw
from gameday.world.people import PEOPLE

if TYPE_CHECKING:
    from gameday.world.world import World

MOST_SHOWN = 60
CUSTOMER = re.compile(r"[A-Za-z0-9-]{1,60}")
STATUS_FILE = "index.html"


def reading_pages(world: "World") -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/thread")
    async def thread() -> str:
        return draw("thread.html", "/thread", threads=threads(world.sinks.receivers.slack.messages, world.sinks.posts))

    @router.get("/mail")
    async def mail(to: str = "") -> str:
        mails = [m for m in reversed(world.sinks.mails) if to in ("", m.to)][:MOST_SHOWN]
        boxes = [someone.email for someone in PEOPLE]
        boxes += sorted({m.to for m in world.sinks.mails} - set(boxes))
        return draw("mail.html", "/mail", mails=mails, boxes=boxes, to=to)

    @router.get("/status")
    async def status() -> str:
        """As customers see it: the very page that was written."""
        path = world.status_folder / STATUS_FILE
        return draw("status.html", "/status", written=path.is_file(), folder=world.status_folder)

    @router.get("/status/page")
    async def status_page() -> HTMLResponse:
        path = world.status_folder / STATUS_FILE
        return HTMLResponse(path.read_text() if path.is_file() else "", 200 if path.is_file() else 404)

    @router.get("/customers/{key}", response_class=JSONResponse)
    async def addresses(key: str) -> list[str]:
        """The organisation's own service that knows where its customers want mail."""
        return [f"ops@{key.lower()}.customer.example.org"] if CUSTOMER.fullmatch(key) else []

    return router


def threads(messages: list[dict[str, Any]], posts: list[Arrival]) -> list[dict[str, Any]]:
    """Root messages of the channel, the oldest first, each with what was said under it."""
    times = {post.key: post.times for post in posts if post.key}
    roots = [m for m in messages if m.get("thread_ts", m["ts"]) == m["ts"]][-MOST_SHOWN:]
    return [_shown(root, times) | {"replies": _replies(root, messages, times)} for root in roots]


def _replies(root: dict[str, Any], messages: list[dict[str, Any]], times: dict[str, int]) -> list[dict[str, Any]]:
    found = [m for m in messages if m.get("thread_ts") == root["ts"] and m["ts"] != root["ts"]]
    return [_shown(message, times) for message in found][-MOST_SHOWN:]


def _shown(message: dict[str, Any], times: dict[str, int]) -> dict[str, Any]:
    key = str((message.get("metadata") or {}).get("event_payload", {}).get("key", ""))
    return {
        "at": clock(float(message["ts"])),
        "edited": clock(float(message["edited"]["ts"])) if message.get("edited") else "",
        "blocks": message.get("blocks", []),
        "text": message.get("text", ""),
        "times": times.get(key, 1),
    }
