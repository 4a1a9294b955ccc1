"""The pages of the bridge's doors, for a phone at 3 a.m.: plain HTML, one button, no script (WCAG 2.2 AA).

Contrast is at least 7:1 in both colour schemes, the button is 60 px high, and the style is named by its hash, so that a
browser runs and loads nothing else (Content-Security-Policy).
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from integrations.action_links import Action

TEMPLATES = Path(__file__).parent / "templates"
DRAWN = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
STYLE = re.search(r"<style>(.*?)</style>", (TEMPLATES / "base.html").read_text(), re.DOTALL)
assert STYLE is not None
HASH = base64.b64encode(hashlib.sha256(STYLE[1].encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    # A button of ntfy's web app posts from another origin ("Send HTTP request"). The token alone opens the door: no
    # cookie and no login of the reader's goes along, so any origin may.
    "Access-Control-Allow-Origin": "*",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    403: {"description": "none of our links"},
    409: {"description": "refused, with the reason"},
    410: {"description": "too old, or the incident is closed"},
    429: {"description": "too often"},
    503: {"description": "nobody answers; try again"},
}
BUTTONS = {
    "ack": "I have it",
    "take": "I take it",
    "approve": "Yes, do it",
    "reject": "No, do not",
    "resolve": "Resolve",
}
QUESTIONS = {
    "ack": "Acknowledge: the pager stops, and the others see that it is yours.",
    "approve": "Say yes to this plan. It is carried out at once, as soon as enough people said so.",
    "reject": "Say no to this plan. The next one is looked for.",
    "resolve": "Ask to resolve. It resolves by itself once the runbook's criteria hold.",
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of the incident; empty: nobody could tell."""

    headline: str
    phase: str = ""
    owner: str = ""
    would: str = ""
    known: bool = True
    """The person this link was sent to is one of ours."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """An answer, and nothing to press."""

    title: str
    text: str
    status: int


def question(action: Action, facts: Facts) -> Response:
    """The incident, and the one button this link is for."""
    return _page(
        "question.html",
        200,
        facts=facts,
        person=action.person,
        proposal=action.proposal,
        explained=_explained(action, facts),
        button=BUTTONS.get(action.action, action.action.capitalize()),
    )


def _explained(action: Action, facts: Facts) -> str:
    if action.action == "ack" and facts.owner:
        return f"{facts.owner} has it already. Press to say that you are on it too."
    return QUESTIONS.get(action.action, "")


def notice(told: Notice) -> Response:
    """One sentence for a person."""
    return _page("notice.html", told.status, title=told.title, text=told.text)


def line(told: Notice) -> Response:
    """The same for a button without a page."""
    return PlainTextResponse(f"{told.text}\n", told.status, HEADERS)


def _page(template: str, status: int, **facts: object) -> Response:
    return HTMLResponse(DRAWN.get_template(template).render(**facts), status, HEADERS)
