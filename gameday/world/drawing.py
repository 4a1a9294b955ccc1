"""What the pages of the practice world share: templates, times, Slack's formatting, addresses that may be opened."""

import html
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gameday.world.people import PEOPLE

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)
PAGES = {"/": "Start", "/phone": "Phones", "/thread": "Thread", "/mail": "Mail", "/status": "Status"}
"""Path → what the link to it says."""
NAMES = {someone.slack: someone.name for someone in PEOPLE}


def draw(template: str, here: str, **facts: Any) -> str:
    """`here`: the path in `PAGES` that this page belongs to."""
    return TEMPLATES.get_template(template).render(here=here, navigation=PAGES, **facts)


def clock(at: float) -> str:
    """`03:28:14`, UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"


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
    if re.fullmatch(r"@[UW][A-Z0-9]+", inside):
        return f"<mark>@{_escaped(NAMES.get(inside[1:], inside[1:]))}</mark>"
    url, _, label = inside.partition("|")
    if not web_address(url):
        return html.escape(f"<{inside}>")
    address = html.escape(html.unescape(url)).replace("*", "%2A").replace("`", "%60")
    return f'<a href="{address}">{_escaped(label or url)}</a>'


def _escaped(text: str) -> str:
    return html.escape(html.unescape(text))


def linked(text: object) -> Markup:
    """Plain text, with the addresses in it to tap on, as mail apps show it."""
    parts = re.split(r"(https?://[^\s<>\"]+)", str(text))
    return Markup("".join(_link(part) if index % 2 else html.escape(part) for index, part in enumerate(parts)))


def _link(url: str) -> str:
    told = html.escape(url)
    return f'<a href="{told}">{told if len(url) <= MOST_URL else html.escape(url[:MOST_URL]) + "…"}</a>'


MOST_URL = 60
"""Characters of an address that are shown: a signed one is several lines long on a phone."""


def web_address(url: object) -> str:
    """Only what a tap may open."""
    return str(url) if str(url).startswith(("http://", "https://")) else ""


TEMPLATES.filters["mrkdwn"] = mrkdwn
TEMPLATES.filters["linked"] = linked
TEMPLATES.filters["web_address"] = web_address
TEMPLATES.filters["clock"] = clock
