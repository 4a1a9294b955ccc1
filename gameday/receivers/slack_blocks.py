"""What Slack takes as a message, after its pages "Blocks", "Section block", "Header block", "Actions block" and
"Text object"; the same for its incoming webhooks and its Web API.
"""

from typing import Any

MOST_BLOCKS, MOST_SECTION, MOST_HEADER, MOST_ELEMENTS = 50, 3000, 150, 25
MOST_TOGETHER = 13_000
"""Characters; not documented but for the error's name, `msg_blocks_too_long`."""


def wrong_with(body: dict[str, Any]) -> str:
    """Slack's own words; empty: it takes the message."""
    if not body.get("text") and not body.get("blocks"):
        return "no_text"
    blocks = body.get("blocks", [])
    if not isinstance(blocks, list) or len(blocks) > MOST_BLOCKS or not all(map(_is_block, blocks)):
        return "invalid_blocks"
    return "msg_blocks_too_long" if sum(len(_text_of(b.get("text"))) for b in blocks) > MOST_TOGETHER else ""


def _is_block(block: Any) -> bool:
    """One of the kinds we send, with a text neither empty nor too long."""
    if not isinstance(block, dict):
        return False
    kind, elements = block.get("type"), block.get("elements")
    if kind == "divider":
        return True
    if kind == "context":
        return isinstance(elements, list) and bool(elements) and all(_text_of(e) for e in elements)
    if kind == "actions":
        return isinstance(elements, list) and 0 < len(elements) <= MOST_ELEMENTS and all(map(_is_button, elements))
    return 0 < len(_text_of(block.get("text"))) <= {"header": MOST_HEADER, "section": MOST_SECTION}.get(str(kind), 0)


def _is_button(element: Any) -> bool:
    return isinstance(element, dict) and element.get("type") == "button" and bool(_text_of(element.get("text")))


def _text_of(text: Any) -> str:
    return str(text.get("text", "")).strip() if isinstance(text, dict) else ""
