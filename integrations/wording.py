"""A page's words within a channel's limit: what a person needs to act stays whole, the rest gives way, last first."""

from collections.abc import Iterable
from dataclasses import replace

from incident.model.effects import Page
from integrations.ports import Button

TO_TYPE = "Ack:"
"""How the line begins that says what to type; whoever has a button for it needs no command on a lock screen."""
DOUBT = "On call as of"
"""How the line begins that says how old the answer is by which somebody is woken (`oncall/answer.py`)."""
STAYS = (TO_TYPE, DOUBT, "This may be a repeat")
"""How the lines begin that are never left out, besides the one that says which page this is."""


def mark_of(page: Page) -> str:
    """What stands in the text of this page and of no other: a provider that shows its messages is asked for it."""
    return f"Page {page.number} of {page.incident_id},"


def incident_key_of(page: Page) -> str:
    """The incident's own key, with which each of its effects' keys begins (design §6)."""
    return page.key.partition("/page/")[0]


def pressable(page: Page, buttons: Iterable[Button]) -> Page:
    """`page` as it reads beside `buttons`: with one that acts, there is nothing to type."""
    if not any(button.acts for button in buttons):
        return page
    kept = [line for line in page.text.splitlines() if not line.startswith(TO_TYPE)]
    return replace(page, text="\n".join(kept))


def with_doubt(text: str, doubt: str) -> str:
    """The text of a page with what is doubtful about whom it wakes, under its first line."""
    first, *rest = text.splitlines() or [""]
    return "\n".join((first, doubt, *rest)) if doubt else text


def alarm_of(page: Page) -> str:
    """Name of the alarm it opens, where a provider keeps one."""
    return page.alarm or incident_key_of(page)


def fitted(page: Page, most_bytes: int, links: Iterable[Button] = ()) -> str:
    """The text of `page` with `links` under it, in at most so many bytes of UTF-8."""
    lines = [*page.text.splitlines(), *(f"{link.label}: {link.url}" for link in links)]
    links_from = len(page.text.splitlines())
    whole = {n: line for n, line in enumerate(lines) if n >= links_from or _stays(page, line)}
    room = most_bytes - _size(whole.values())
    if room < 0:
        return cut("\n".join(whole.values()), most_bytes)
    shown = dict(whole)
    for n, line in enumerate(lines):
        if n not in whole and room > _size(("…",)):
            shown[n] = cut(line, room - 1)
            room -= _size((shown[n],))
    return "\n".join(shown[n] for n in sorted(shown))


def cut(text: str, most_bytes: int) -> str:
    """At most so many bytes of UTF-8, never half a character."""
    raw = text.encode()
    return text if len(raw) <= most_bytes else raw[: most_bytes - 3].decode(errors="ignore") + "…"


def _stays(page: Page, line: str) -> bool:
    return line.startswith(STAYS) or mark_of(page) in line


def _size(lines: Iterable[str]) -> int:
    """Bytes, each line with its end."""
    return sum(len(line.encode()) + 1 for line in lines)
