"""What people look at: the start page with the world's state, and all other pages' doors."""

from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from gameday.world.database import LoginFailed
from gameday.world.drawing import PAGES, draw
from gameday.world.faults import FAULTS
from gameday.world.phone_pages import phone_pages
from gameday.world.reading_pages import reading_pages
from gameday.world.thread_page import thread_page

if TYPE_CHECKING:
    from gameday.world.world import World

__all__ = ["PAGES", "pages"]


def pages(world: "World") -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse)
    for part in (phone_pages(world), thread_page(world), reading_pages(world)):
        router.include_router(part)

    @router.get("/")
    async def start() -> str:
        sites = [
            {"name": site.name, "ready": await _is_ready(world, site.name), "url": f"/sites/{site.name}"}
            for site in world.sites.all.values()
        ]
        assert world.aws.runner is not None
        return draw(
            "world.html",
            "/",
            sites=sites,
            database=world.database.words if world.database else "none on this machine: played",
            faults=[{"name": n, "what": w, "on": n in world.faults} for n, w in FAULTS.items()],
            operations=list(reversed(world.aws.runner.operations))[:8],
            counts={
                "/phone": len(world.sinks.pages),
                "/thread": len(world.sinks.posts),
                "/mail": len(world.sinks.mails),
            },
            elsewhere={"Temporal's Web UI": world.web_ui, "Provisioning": world.platform},
        )

    return router


async def _is_ready(world: "World", name: str) -> bool:
    try:
        await world.sites.select_1(world.sites.all[name])
    except LoginFailed:
        return False
    return True
