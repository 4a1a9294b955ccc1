"""The status page as HTML: readable on a phone, by a screen reader, and without JavaScript."""

from datetime import datetime
from html import escape
from typing import Any

SAID = {
    "investigating": "We are working on it",
    "monitoring": "It seems to have stopped; we are watching",
    "resolved": "Over",
}
STYLE = """
:root { color-scheme: light dark; }
body { font: 1.05rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 0 auto; padding: 1rem; }
.now { border-left: .4rem solid; padding: .5rem 1rem; }
.well { border-color: #1a7f37; } .ill { border-color: #c0392b; }
article { border-top: 1px solid; margin-top: 1.5rem; padding-top: .5rem; }
time { font-variant-numeric: tabular-nums; }
"""


def page(body: dict[str, Any]) -> str:
    """The whole document. Every text is escaped: notices are words, never markup."""
    going_on = [one for one in body["incidents"] if one["state"] != "resolved"]
    over = [one for one in body["incidents"] if one["state"] == "resolved"]
    headline = _headline(going_on)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="60">
<title>{escape(headline)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>Service status</h1>
<p class="now {"ill" if going_on else "well"}" role="status"><strong>{escape(headline)}</strong></p>
{_section("Now", going_on)}{_section("Last two weeks", over)}<p>Last change: {_time(body.get("updated_at", ""))}</p>
</main>
</body>
</html>
"""


def _headline(going_on: list[dict[str, Any]]) -> str:
    if not going_on:
        return "No known problems"
    parts = ", ".join(dict.fromkeys(one["component"] or "Service" for one in going_on))
    return f"We are working on a problem: {parts}"


def _section(title: str, incidents: list[dict[str, Any]]) -> str:
    if not incidents:
        return ""
    return f"<section>\n<h2>{title}</h2>\n{''.join(map(_incident, incidents))}</section>\n"


def _incident(one: dict[str, Any]) -> str:
    updates = "".join(_update(update) for update in one["updates"])
    return f"<article>\n<h3>{escape(one['title'])}</h3>\n<ol reversed>\n{updates}</ol>\n</article>\n"


def _update(update: dict[str, Any]) -> str:
    said = SAID.get(update["state"], update["state"])
    return f"<li><strong>{escape(said)}</strong> {_time(update['at'])}<br>{escape(update['text'])}</li>\n"


def _time(told: str) -> str:
    if not told:
        return "none yet"
    at = datetime.fromisoformat(told)
    return f'<time datetime="{escape(told)}">{at:%Y-%m-%d %H:%M} UTC</time>'
