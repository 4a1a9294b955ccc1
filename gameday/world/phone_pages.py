"""Phones in the browser: one lock screen per person, with buttons that really act; plain forms, no scripts."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from gameday.world.drawing import clock, draw
from gameday.world.people import PEOPLE, TEAM, Practised, named
from gameday.world.phones import NoSuchButton, Notification

if TYPE_CHECKING:
    from gameday.world.world import World


def phone_pages(world: "World") -> APIRouter:
    router = APIRouter()

    @router.get("/phone", response_class=HTMLResponse)
    async def phones() -> str:
        return _draw(None)

    @router.get("/phone/{who}", response_class=HTMLResponse)
    async def phone(who: str) -> str:
        return _draw(_owner(who))

    @router.get("/phone/{who}/messages", response_class=JSONResponse)
    async def messages(who: str, since: float = 0.0) -> list[dict[str, Any]]:
        """For programs: the newest first, from `since` (seconds since 1970) on."""
        return [_told(found) for found in world.phones.of(_owner(who)) if found.arrival.at >= since]

    @router.post("/phone/{who}/press")
    async def press(who: str, message: Annotated[str, Form()], label: Annotated[str, Form()]) -> RedirectResponse:
        """What a thumb does. Back to the lock screen, which then shows what came of it."""
        try:
            await world.phones.press(_owner(who), message, label)
        except NoSuchButton as error:
            raise HTTPException(404, str(error)) from None
        return RedirectResponse(f"/phone/{who}", 303)

    def _draw(owner: Practised | None) -> str:
        """One phone, or all of them side by side."""
        shown = [owner] if owner else [*PEOPLE, *([TEAM] if world.phones.of(TEAM) else [])]
        return draw(
            "phone.html",
            "/phone",
            owners=[*PEOPLE, TEAM],
            phones=[{"owner": someone, "notifications": world.phones.of(someone)} for someone in shown],
            now=f"{datetime.now(UTC):%H:%M}",  # noqa: TID251 - the world has a clock of its own
        )

    return router


def _owner(who: str) -> Practised:
    owner = named(who)
    if owner is None:
        raise HTTPException(404, f"nobody here is called {who!r}")
    return owner


def _told(notification: Notification) -> dict[str, Any]:
    body = notification.arrival.body
    return {
        "id": notification.id,
        "at": clock(notification.arrival.at),
        "title": body.get("title", ""),
        "text": body.get("message", ""),
        "buttons": [str(button.get("label", "")) for button in notification.buttons],
        "said": notification.said.text if notification.said else "",
        "done": bool(notification.said and notification.said.yes),
    }
