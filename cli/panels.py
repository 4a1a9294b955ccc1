"""How incidents look in a terminal: tables and panels, made of what the queries answer."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from incident.policy.texts import clock, day_clock, words

PIPED_WIDTH = 160
"""Columns where no terminal says how wide it is: no id may be cut in a file or a pipe."""
COLOURS = {"SEV-1": "bold red", "SEV-2": "yellow", "SEV-3": "cyan"}
MARKS = {"met": "[green]✓[/]", "not met": "[red]✗[/]", "unknown": "[yellow]?[/]"}
FOUND = {"ok": MARKS["met"], "bad": MARKS["not met"], "unknown": MARKS["unknown"]}


def console() -> Console:
    """Where everything is printed."""
    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)


def listing(rows: Sequence[Mapping[str, Any]], now: datetime) -> Table:
    """One line an incident; its id is last and never cut."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("severity", "phase", "alert", "acked", "needs", "since", "state"):
        table.add_column(name, no_wrap=True)
    table.add_column("id", overflow="fold")
    for row in rows:
        table.add_row(
            _severity(row["severity"]),
            row["phase"],
            escape(row["alert"]),
            "acked" if row["acked"] else "no",
            _needs(row),
            f"{_ago(row['since'], now)} ago",
            row["state"],
            escape(row["id"]),
        )
    return table


def _needs(row: Mapping[str, Any]) -> str:
    return "[bold]a person[/]" if row["needs_human"] and row["state"] == "open" else "nobody"


def panel(status: Mapping[str, Any], criteria: Sequence[Mapping[str, Any]], source: str, now: datetime) -> Panel:
    """Where it stands, what it waits for, and what to type."""
    parts = [
        _facts(status, now),
        _marked("waits for", [("•", line) for line in status["waiting_for"]]),
        _marked("resolves when all hold", [(MARKS[c["state"]], f"{c['name']}: {c['evidence']}") for c in criteria]),
        _marked("checks saw", [_finding(name, seen) for name, seen in status.get("findings", {}).items()]),
        _proposals(status),
        Text(f"\n{source}", style="dim") if source else None,
    ]
    title = f"{_severity(status['severity'])} [bold]{escape(status['id'])}[/] · {status['phase']}"
    return Panel(Group(*(part for part in parts if part)), title=title, title_align="left", padding=(1, 2))


def _facts(status: Mapping[str, Any], now: datetime) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    since = datetime.fromisoformat(status["open_since"])
    roles = ", ".join(f"{role} {who}" for role, who in (*status["roles"].items(), *_empty(status)))
    facts = {
        "alert": f"{status['alert']}: {status['summary']}" if status["summary"] else status["alert"],
        "owned by": _owner(status),
        "roles": roles,
        "domain": f"{status['domain']} ({status['owner']})" if status["domain"] else "",
        "open since": f"{day_clock(since)} ({_ago(since, now)} ago)",
        "pages": f"{status['pages']} asked for, {status.get('pages_delivered', 'unknown')} delivered",
        "hypothesis": status["hypothesis"],
        "next update": _instant(status["next_update_at"]),
        "postmortem": status.get("postmortem_url") or (_due(status["postmortem_due"])),
    }
    for name, value in facts.items():
        if value:
            grid.add_row(name, escape(value))
    return grid


def _empty(status: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Roles that are wanted, and that nobody has."""
    return [(role, "nobody yet") for role in status.get("roles_empty", ())]


def _finding(name: str, seen: str) -> tuple[str, str]:
    """`seen` begins with the verdict: it becomes the mark."""
    verdict, _, summary = seen.partition(": ")
    return FOUND.get(verdict, "•"), f"{name}: {summary or verdict}"


def _proposals(status: Mapping[str, Any]) -> Group | None:
    """Open plans, each with the command that lets it go ahead."""
    rows: list[tuple[str, str | Text]] = []
    for plan in status["proposals"]:
        if plan["state"] == "open":
            rows.append(("•", f"{plan['id']} ({plan['approval'].replace('_', ' ')}): {plan['would']}"))
            rows.append(("", Text(approve_command(status["id"], plan["id"]), style="bold green")))
    return _marked("waits for your yes", rows)


def _marked(title: str, rows: Sequence[tuple[str, str | Text]]) -> Group | None:
    """A titled list; what is too long for its line goes on under its own beginning."""
    if not rows:
        return None
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for mark, line in rows:
        grid.add_row(f"  {mark}", line if isinstance(line, Text) else Text(line))
    return Group(Text(f"\n{title}", style="dim"), grid)


def approve_command(incident_id: str, proposal: str) -> str:
    """What a person types to say yes."""
    return f"incidents approve {shlex.quote(incident_id)} {shlex.quote(proposal)}"


def story(
    timeline: Sequence[Mapping[str, str]], *, since: Sequence[Mapping[str, str]] = (), header: bool = True
) -> Table:
    """The timeline: UTC, and time since the first line (of `since`, where these lines come later)."""
    table = Table(box=None, pad_edge=False, header_style="dim", show_header=header)
    table.add_column("UTC", no_wrap=True, min_width=8)
    table.add_column("after", no_wrap=True, style="dim", min_width=8)
    table.add_column("kind", no_wrap=True, style="dim", min_width=9)
    table.add_column("what", overflow="fold", ratio=1)
    first = next((datetime.fromisoformat(e["at"]) for e in (*since, *timeline)), None)
    for entry in timeline:
        at = datetime.fromisoformat(entry["at"])
        instant = clock(at).removesuffix(" UTC") if header else clock(at)
        table.add_row(instant, f"+{_ago(first or at, at)}", entry["kind"], _what(entry))
    return table


def _owner(status: Mapping[str, Any]) -> str:
    """`ana (verified by slack)`; an incident of an older edition does not say how it knows."""
    how = status.get("acked_how")
    return f"{status['acked_by']} ({how})" if how else status["acked_by"] or "nobody yet"


def _what(entry: Mapping[str, str]) -> Text:
    text = Text(entry["what"])
    if entry["by"] not in ("", "orchestrator"):
        text.append(f" — {entry.get('who') or entry['by']}", style="dim")
    if entry["because"]:
        text.append(f" — {entry['because']}", style="italic dim")
    return text


def _severity(value: str) -> str:
    return f"[{COLOURS.get(value, 'bold')}]{value}[/]"


def _ago(then: datetime, now: datetime) -> str:
    """In whole seconds: nobody reads fractions."""
    return words(timedelta(seconds=max(0, round((now - then).total_seconds()))))


def _instant(iso: str | None) -> str:
    return day_clock(datetime.fromisoformat(iso)) if iso else ""


def _due(iso: str | None) -> str:
    return f"due {_instant(iso)}" if iso else ""
