"""`weekly_test.json`: what came of the newest weekly test of paging, for `incidents doctor`."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from incident.model.weekly_test import WeeklyReport
from integrations.whole_files import write_whole

FILE = "weekly_test.json"
"""In `INCIDENTS_HOME`."""
REPORT: TypeAdapter[WeeklyReport] = TypeAdapter(WeeklyReport)


def keep(home: Path, report: WeeklyReport) -> None:
    """In place of the last one. Raises OSError."""
    write_whole(home / FILE, REPORT.dump_json(report, indent=2).decode() + "\n")


def kept(home: Path) -> WeeklyReport | None:
    """None: there was none yet, or it cannot be read."""
    try:
        return REPORT.validate_json((home / FILE).read_bytes())
    except (OSError, ValidationError):
        return None
