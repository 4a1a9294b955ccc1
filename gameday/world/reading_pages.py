"""What is only read: mailboxes, and the public status page."""

from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from gameday.world.drawing import draw
from gameday.world.people import PEOPLE

if TYPE_CHECKING:
    from gameday.world.world import World

MOST_SHOWN = 60
STATUS_FILE = "index.html"


def reading_pages(world: "World") -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse)

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

    return router
