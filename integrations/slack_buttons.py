"""Buttons in Slack messages that act, and how a tap comes back (Slack, "Button element", "block_actions payload").

Slack signs what it sends, so a button needs no token of ours. Its `action_id` says what it does (`ack`, `take:<role>`,
`approve:<plan>`), its value to which incident.
"""

from dataclasses import dataclass
from typing import Any

from incident.model.effects import Act, Post

MOST_LABEL = 75
"""Characters of a button's text ("Button element")."""
MOST_VALUE = 2000
"""Characters of its value ("Button element")."""
MOST_ID = 255
"""Characters of an `action_id` ("Button element"); each in a block needs its own."""
MOST_BUTTONS = 25
"""In one block ("Actions block")."""
LABELS = {"ack": ("I have it", "primary"), "approve": ("Yes:", "primary"), "reject": ("No:", "danger")}
FIELDS = {"ack": "", "resolve": "", "approve": "proposal", "reject": "proposal", "take": "role"}
"""What a tap can say → the field of that message which stands behind the colon."""


@dataclass(frozen=True, kw_only=True)
class Tap:
    """What one button is for."""

    action: str
    """Name of the message it stands for: `ack`, `approve`, …"""
    incident: str
    """The incident's key, so that an old message's button does nothing to a new incident of that alert; or its id."""
    about: str = ""
    """Which plan, or which role."""

    @property
    def payload(self) -> dict[str, str | bool]:
        """The message's own fields."""
        field = FIELDS[self.action]
        return {field: self.about} if field and self.about else {}


def button(label: str, tap: Tap, *, style: str = "") -> dict[str, Any]:
    """A block element. `style`: `primary`, `danger` or nothing."""
    element: dict[str, Any] = {
        "type": "button",
        "text": {"type": "plain_text", "text": label[:MOST_LABEL], "emoji": False},
        "action_id": (f"{tap.action}:{tap.about}" if tap.about else tap.action)[:MOST_ID],
        "value": tap.incident[:MOST_VALUE],
    }
    return element | ({"style": style} if style else {})


def block_of(post: Post) -> dict[str, Any] | None:
    """The buttons of what waits for a tap; None: nothing does."""
    incident = post.key.partition("/post/")[0]
    buttons = [_button_of(act, incident) for act in post.acts[:MOST_BUTTONS]]
    return {"type": "actions", "elements": buttons} if buttons else None


def _button_of(act: Act, incident: str) -> dict[str, Any]:
    label, style = LABELS.get(act.action, (act.action.capitalize(), ""))
    tap = Tap(action=act.action, incident=incident, about=act.proposal)
    return button(f"{label} {act.proposal}".strip(), tap, style=style)


def tapped(action: object) -> Tap | None:
    """One of the `actions` of a `block_actions` payload; None: a link, or no button of ours."""
    if not isinstance(action, dict):
        return None
    name, _, about = str(action.get("action_id", "")).partition(":")
    incident = str(action.get("value") or "")
    return Tap(action=name, incident=incident, about=about) if name in FIELDS and incident else None
