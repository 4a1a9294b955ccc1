"""What a person wrote in Slack, as plain text for the timeline (Slack, "Formatting message text")."""

import html
import re
from collections.abc import Callable

MOST = 4000
"""Characters of a note (`incident/model/messages.py`); Slack takes 40,000."""


def plain(text: str, name_of: Callable[[str], str]) -> str:
    """Mentions become names (`name_of` a Slack user id; empty: nobody we know), links their words and address."""
    shown = html.unescape(re.sub(r"<([^<>]*)>", lambda found: _named(found[1], name_of), text)).strip()
    return shown if len(shown) <= MOST else f"{shown[: MOST - 1]}…"


def _named(inside: str, name_of: Callable[[str], str]) -> str:
    what, _, label = inside.partition("|")
    if what.startswith("@"):
        return f"@{name_of(what[1:]) or label or what[1:]}"
    if what.startswith("#"):
        return f"#{label or what[1:]}"
    if what.startswith("!"):
        return label or f"@{what[1:].partition('^')[0]}"
    return f"{label} ({what})" if label and label != what else what
