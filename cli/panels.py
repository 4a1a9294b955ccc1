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
    parts = [_facts(status, now), _bullets("waits for", status["waiting_for"]), _criteria(criteria)]
    parts += [_findings(status), _proposals(status), Text(source, style="dim")]
    title = f"{_severity(status['severity'])} [bold]{escape(status['id'])}[/] · {status['phase']}"
    return Panel(Group(*(p for p in parts if p)), title=title, title_align="left", padding=(1, 2))


def _facts(status: Mapping[str, Any], now: datetime) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    since = datetime.fromisoformat(status["open_since"])
    roles = ", ".join(f"{role} {who}" for role, who in status["roles"].items())
    facts = {
        "alert": f"{status['alert']}: {status['summary']}" if status["summary"] else status["alert"],
        "owned by": status["acked_by"] or "nobody yet",
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


def _criteria(criteria: Sequence[Mapping[str, Any]]) -> Text:
    lines = [f"  {MARKS[c['state']]} {c['name']}: {escape(str(c['evidence']))}" for c in criteria]
    return Text.from_markup("\n[dim]resolves when all hold[/]\n" + "\n".join(lines))


def _findings(status: Mapping[str, Any]) -> Text | None:
    return _bullets("checks saw", [f"{name}: {seen}" for name, seen in status.get("findings", {}).items()])


def _bullets(title: str, lines: Sequence[str]) -> Text | None:
    if not lines:
        return None
    return Text.from_markup(f"\n[dim]{title}[/]\n" + "\n".join(f"  • {escape(line)}" for line in lines))


def _proposals(status: Mapping[str, Any]) -> Text | None:
    """Open plans, each with the command that lets it go ahead."""
    lines = [
        f"  {escape(p['id'])} ({p['approval'].replace('_', ' ')}): {escape(p['would'])}\n"
        f"    [bold green]{escape(approve_command(status['id'], p['id']))}[/]"
        for p in status["proposals"]
        if p["state"] == "open"
    ]
    return Text.from_markup("\n[dim]waits for your yes[/]\n" + "\n".join(lines)) if lines else None


def approve_command(incident_id: str, proposal: str) -> str:
    """What a person types to say yes."""
    return f"incidents approve {shlex.quote(incident_id)} {shlex.quote(proposal)}"


def story(
    timeline: Sequence[Mapping[str, str]], *, since: Sequence[Mapping[str, str]] = (), header: bool = True
) -> Table:
    """The timeline: UTC, and time since the first line (of `since`, where these lines come later)."""
    table = Table(box=None, pad_edge=False, header_style="dim", show_header=header)
    table.add_column("UTC", no_wrap=True, min_width=12)
    table.add_column("after", no_wrap=True, style="dim", min_width=8)
    table.add_column("kind", no_wrap=True, style="dim", min_width=9)
    table.add_column("what", overflow="fold", ratio=1)
    first = next((datetime.fromisoformat(e["at"]) for e in (*since, *timeline)), None)
    for entry in timeline:
        at = datetime.fromisoformat(entry["at"])
        table.add_row(clock(at), f"+{_ago(first or at, at)}", entry["kind"], _what(entry))
    return table


def _what(entry: Mapping[str, str]) -> Text:
    text = Text(entry["what"])
    if entry["by"] not in ("", "orchestrator"):
        text.append(f" ({entry['by']})", style="dim")
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
