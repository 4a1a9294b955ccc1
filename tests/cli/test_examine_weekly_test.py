"""What `incidents doctor` says of the weekly test of paging."""

from datetime import timedelta
from pathlib import Path

import pytest

from cli.doctor import Line, Verdict
from cli.examine_weekly_test import examine_weekly_test
from incident.model.outcomes import Arrival, Delivery
from incident.model.weekly_test import Week, WeeklyReport
from integrations.weekly_report import FILE, keep
from oncall.schedule import Schedule
from oncall.weekly_test import LASTS, WeeklyTest
from oncall.written import Weekday
from tests.oncall.plans import utc

AT = utc("2026-06-16T10:00")
SET = Schedule(weekly_test=WeeklyTest(weekday=Weekday.TUE))
DELIVERED = Delivery(person="ana", channel="ntfy", outcome=Arrival.DELIVERED)
REFUSED = Delivery(person="bo", channel="mail", outcome=Arrival.REFUSED, why="it answered 550")


def seen(home: Path, *deliveries: Delivery, after: timedelta = LASTS) -> Line:
    """So long after the test of W25 began, with a report of it where something was delivered or not."""
    if deliveries:
        keep(home, WeeklyReport(week=Week(name="2026-W25", at=AT, until=AT + LASTS), deliveries=deliveries))
    return examine_weekly_test(SET, home, AT + after)


def test_one_that_reached_everybody_is_ok(tmp_path: Path) -> None:
    """With its week."""
    line = seen(tmp_path, DELIVERED)
    assert (line.verdict, line.seen) == (Verdict.OK, "2026-W25: 1 of 1 ways took it")


def test_who_failed_is_named_with_the_channel(tmp_path: Path) -> None:
    """And what mends it."""
    line = seen(tmp_path, DELIVERED, REFUSED)
    assert (line.verdict, line.seen) == (
        Verdict.BAD,
        "2026-W25: 1 of 2 ways took it; bo could not be reached by mail: refused (it answered 550)",
    )


def test_the_last_one_does_not_vouch_for_this_week(tmp_path: Path) -> None:
    """Its hour has passed and nothing is known of it."""
    line = seen(tmp_path, DELIVERED, after=timedelta(days=7) + LASTS)
    assert (line.verdict, "2026-W26 was to begin" in line.seen) == (Verdict.BAD, True)


@pytest.mark.parametrize(
    ("after", "told"),
    [(timedelta(hours=1), "is under way"), (LASTS, "none has ended here yet")],
)
def test_what_is_not_known_yet_is_unknown(tmp_path: Path, after: timedelta, told: str) -> None:
    """Never ok."""
    line = seen(tmp_path, after=after)
    assert (line.verdict, told in line.seen) == (Verdict.UNKNOWN, True)


def test_a_report_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    """Somebody edited it."""
    (tmp_path / FILE).write_text("{")
    assert seen(tmp_path).verdict is Verdict.UNKNOWN


def test_nobody_has_to_want_one(tmp_path: Path) -> None:
    """Off by default."""
    assert examine_weekly_test(Schedule(), tmp_path, AT).verdict is Verdict.OK
