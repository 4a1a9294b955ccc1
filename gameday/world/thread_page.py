"""The chat thread: root messages with what was said under them, as whoever one is, with buttons to tap."""

import html
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from gameday.receivers.desk import Arrival, json_of
from gameday.world.drawing import clock, draw
from gameday.world.people import BEN, PEOPLE, Practised, named

if TYPE_CHECKING:
    from gameday.world.world import World

MOST_SHOWN = 60


def thread_page(world: "World") -> APIRouter:
    router = APIRouter()

    @router.get("/thread", response_class=HTMLResponse)
    async def thread(who: str = BEN.key) -> str:
        me = _member(who)
        return draw(
            "thread.html",
            "/thread",
            threads=threads(world.sinks.receivers.slack.messages, world.sinks.posts),
            me=me,
            people=PEOPLE,
            taps=bool(world.slack_app.bridge),
            whispers=[whisper for whisper in reversed(world.slack_app.whispers) if whisper.to is me][:3],
        )

    @router.post("/thread/{who}/tap")
    async def tap(who: str, action: Annotated[str, Form()], value: Annotated[str, Form()]) -> RedirectResponse:
        """What a thumb does in Slack's app."""
        await world.slack_app.tap(_member(who), action, value)
        return RedirectResponse(f"/thread?who={who}", 303)

    @router.post("/thread/{who}/answer", response_class=JSONResponse)
    async def answer(who: str, request: Request) -> dict[str, bool]:
        """A `response_url`: only this person sees what is posted to it. Slack's control characters come escaped."""
        world.slack_app.whisper(_member(who), html.unescape(str((await json_of(request)).get("text", ""))))
        return {"ok": True}

    return router


def _member(who: str) -> Practised:
    found = named(who)
    if found not in PEOPLE or found is None:
        raise HTTPException(404, f"nobody in this channel is called {who!r}")
    return found


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
