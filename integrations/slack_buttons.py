"""Buttons in Slack messages that act, and how a tap comes back (Slack, "Button element", "block_actions payload").

Slack signs what it sends, so a button's value needs no token of ours: it says which incident, and which plan.
"""

import json
from dataclasses import dataclass
from typing import Any

from incident.model.effects import Act, Post

MOST_LABEL = 75
"""Characters of a button's text ("Button element")."""
MOST_VALUE = 2000
"""Characters of its value ("Button element")."""
MOST_BUTTONS = 25
"""In one block ("Actions block")."""
LABELS = {"ack": ("I have it", "primary"), "approve": ("Yes:", "primary"), "reject": ("No:", "danger")}
MOST_ID = 255
"""Characters of an `action_id` ("Button element"); each in a block needs its own."""
PREFIX = "incidents."
"""Of every `action_id` of ours."""


@dataclass(frozen=True, kw_only=True)
class Tap:
    """What one button is for."""

    action: str
    """Name of the message it stands for: `ack`, `approve`, …"""
    incident: str
    """The incident's key, so that an old message's button does nothing to a new incident of the same alert."""
    proposal: str = ""


def button(label: str, tap: Tap, *, style: str = "") -> dict[str, Any]:
    """A block element. `style`: `primary`, `danger` or nothing."""
    value = json.dumps({"i": tap.incident, "r": tap.proposal}, separators=(",", ":"))
    element: dict[str, Any] = {
        "type": "button",
        "text": {"type": "plain_text", "text": label[:MOST_LABEL], "emoji": False},
        "action_id": (f"{PREFIX}{tap.action}" + (f".{tap.proposal}" if tap.proposal else ""))[:MOST_ID],
        "value": value[:MOST_VALUE],
    }
    return element | ({"style": style} if style else {})


def block_of(post: Post) -> dict[str, Any] | None:
    """The buttons of what waits for a tap; None: nothing does."""
    incident = post.key.partition("/post/")[0]
    buttons = [_button_of(act, incident) for act in post.acts[:MOST_BUTTONS]]
    return {"type": "actions", "elements": buttons} if buttons else None


def _button_of(act: Act, incident: str) -> dict[str, Any]:
    label, style = LABELS.get(act.action, (act.action.capitalize(), ""))
    tap = Tap(action=act.action, incident=incident, proposal=act.proposal)
    return button(f"{label} {act.proposal}".strip(), tap, style=style)


def tapped(action: object) -> Tap | None:
    """One of the `actions` of a `block_actions` payload; None: no button of ours."""
    if not isinstance(action, dict) or not str(action.get("action_id", "")).startswith(PREFIX):
        return None
    try:
        value = json.loads(str(action.get("value", "")))
        incident, proposal = str(value["i"]), str(value.get("r", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    name = str(action["action_id"]).removeprefix(PREFIX).split(".", 1)[0]
    return Tap(action=name, incident=incident, proposal=proposal) if incident else None
