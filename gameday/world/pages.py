"""What people look at: the world, a phone, the chat thread."""

import html
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gameday.world.faults import FAULTS

if TYPE_CHECKING:
    from gameday.world.world import World

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)


def pages(world: "World") -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/")
    async def overview() -> str:
        sites = [
            {"name": site.name, "ready": await _is_ready(world, site.name), "url": f"/sites/{site.name}"}
            for site in world.sites.all.values()
        ]
        assert world.aws.runner is not None
        return _draw(
            "world.html",
            sites=sites,
            database=world.database.words if world.database else "none on this machine: played",
            faults=[{"name": n, "what": w, "on": n in world.faults} for n, w in FAULTS.items()],
            operations=list(reversed(world.aws.runner.operations))[:8],
            pages=len(world.sinks.pages),
            posts=len(world.sinks.posts),
        )

    @router.get("/phone")
    async def phone() -> str:
        return _draw("phone.html", pages=[_shown(a) for a in reversed(world.sinks.pages)][:30])

    @router.get("/thread")
    async def thread() -> str:
        return _draw("thread.html", posts=[_shown(a) for a in world.sinks.posts][-60:])

    return router


async def _is_ready(world: "World", name: str) -> bool:
    from gameday.world.database import LoginFailed

    try:
        await world.sites.select_1(world.sites.all[name])
    except LoginFailed:
        return False
    return True


def _shown(arrival: Any) -> dict[str, Any]:
    at = datetime.fromtimestamp(arrival.at, UTC)
    return {"at": f"{at:%H:%M:%S}", "body": arrival.body, "times": arrival.times}


def mrkdwn(text: str) -> Markup:
    """Slack's formatting, as far as we use it. The text is escaped already, as Slack asks senders to do."""
    shown = html.escape(html.unescape(text), quote=False)
    shown = re.sub(r"```(.+?)```", r"<pre>\1</pre>", shown, flags=re.S)
    shown = re.sub(r"&lt;(https?://[^|&]+)\|([^&]+)&gt;", r'<a href="\1">\2</a>', shown)
    shown = shown.replace("&lt;!channel&gt;", "<mark>@channel</mark>")
    shown = re.sub(r"(?<![\w*])\*([^*\n]+)\*", r"<b>\1</b>", shown)
    shown = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", shown)
    return Markup(shown.replace("\n", "<br>"))


TEMPLATES.filters["mrkdwn"] = mrkdwn


def _draw(template: str, **facts: Any) -> str:
    return TEMPLATES.get_template(template).render(**facts)
