"""How incidents look in a terminal of 100 columns."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console, RenderableType

from cli.gameday import to_type
from cli.panels import panel, story
from incident.model.alert import Alert
from incident.model.finding import Finding, Status
from incident.model.incident import Incident
from incident.model.severity import Severity
from incident.policy import view

AT = datetime(2026, 6, 16, 3, 28, tzinfo=UTC)
LINE = f"temporal workflow signal -w incident-AppDBDown-app.tlsstress.art --name approve --input '{'x' * 40}'"


def terminal() -> Console:
    return Console(file=StringIO(), width=100, highlight=False)


def drawn(what: RenderableType) -> list[str]:
    out = terminal()
    out.print(what)
    return str(out.file.getvalue()).splitlines()  # type: ignore[attr-defined]


def shown(summary: str) -> list[str]:
    """The panel of an incident whose one check says `summary`."""
    seen = Finding(check="ready_probe", status=Status.BAD, summary=summary, at=AT)
    incident = Incident(
        id="incident-A", opened_at=AT, alert=Alert(name="A"), severity=Severity.SEV1, findings={"ready_probe": seen}
    )
    return drawn(panel(view.status(incident, AT), view.criteria(incident, AT), "", AT))


def test_a_line_to_type_stands_alone_and_whole() -> None:
    """Longer than the terminal is wide, and still one line to copy; the reason is on the line before."""
    out = terminal()
    to_type(out)("somebody has to say yes", LINE)
    assert str(out.file.getvalue()).splitlines() == ["→ somebody has to say yes", LINE]  # type: ignore[attr-defined]


def test_what_a_check_saw_is_marked() -> None:
    """Its verdict can be seen before it is read."""
    assert any("✗ ready_probe: no pool" in line for line in shown("no pool"))


def test_a_long_line_goes_on_under_its_beginning() -> None:
    """Not under the mark."""
    lines = shown("word " * 30)
    first = next(n for n, line in enumerate(lines) if "ready_probe:" in line)
    assert lines[first + 1].index("word") == lines[first].index("ready_probe:")


@pytest.mark.parametrize("text", ["[red]alarm[/red]", "[/]", "a [link=x]b"])
def test_brackets_of_an_alert_are_only_brackets(text: str) -> None:
    """Alerts are strangers' text: they cannot paint the terminal."""
    assert any(text in line for line in shown(text))


def test_the_story_tells_its_zone_once() -> None:
    """In its header."""
    lines = drawn(story([{"at": AT.isoformat(), "kind": "alert", "what": "A fires", "because": "", "by": ""}]))
    assert (lines[0].split()[0], lines[1].split()[0], lines[1].count("UTC")) == ("UTC", "03:28:00", 0)
