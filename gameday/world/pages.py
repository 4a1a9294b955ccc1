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
            here="/",
            sites=sites,
            database=world.database.words if world.database else "none on this machine: played",
            faults=[{"name": n, "what": w, "on": n in world.faults} for n, w in FAULTS.items()],
            operations=list(reversed(world.aws.runner.operations))[:8],
            pages=len(world.sinks.pages),
            posts=len(world.sinks.posts),
        )

    @router.get("/phone")
    async def phone() -> str:
        return _draw(
            "phone.html",
            here="/phone",
            now=f"{datetime.now(UTC):%H:%M}",  # noqa: TID251 - the world has a clock of its own
            pages=[_shown(a) for a in reversed(world.sinks.pages)][:30],
        )

    @router.get("/thread")
    async def thread() -> str:
        return _draw("thread.html", here="/thread", posts=[_shown(a) for a in world.sinks.posts][-60:])

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


def mrkdwn(text: object) -> Markup:
    """Slack's formatting, as far as we use it. What stands in `<…>` is an order to Slack; escaped, it is only text."""
    parts = re.split(r"(<[^<>\n]*>)", str(text))
    shown = "".join(_order(part[1:-1]) if part.startswith("<") else _escaped(part) for part in parts)
    shown = re.sub(r"```(.+?)```", r"<pre>\1</pre>", shown, flags=re.S)
    shown = re.sub(r"(?<![\w*])\*([^*\n<>]+)\*", r"<b>\1</b>", shown)
    shown = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", shown)
    return Markup(shown.replace("\n", "<br>"))


def _order(inside: str) -> str:
    """A link or a mention; anything else is shown as it stands."""
    if inside.startswith("!"):
        return f"<mark>@{_escaped(inside[1:])}</mark>"
    url, _, label = inside.partition("|")
    if not url.startswith(("http://", "https://")):
        return html.escape(f"<{inside}>")
    address = html.escape(html.unescape(url)).replace("*", "%2A").replace("`", "%60")
    return f'<a href="{address}">{_escaped(label or url)}</a>'


def _escaped(text: str) -> str:
    return html.escape(html.unescape(text))


def web_address(url: object) -> str:
    """Only what a tap may open."""
    return str(url) if str(url).startswith(("http://", "https://")) else ""


TEMPLATES.filters["mrkdwn"] = mrkdwn
TEMPLATES.filters["web_address"] = web_address


def _draw(template: str, **facts: Any) -> str:
    return TEMPLATES.get_template(template).render(**facts)
