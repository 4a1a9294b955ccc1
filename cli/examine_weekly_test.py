"""What `incidents doctor` says about the weekly test of paging: the last one, who failed, and when the next one is."""

from datetime import datetime
from pathlib import Path

from cli.doctor import Line, Verdict
from incident.model.weekly_test import Week, WeeklyReport
from incident.policy.weekly_test import failures, summary
from integrations.weekly_report import kept
from oncall.schedule import Schedule
from oncall.weekly_test import WeeklyTest, newest
from oncall.wording import instant

WHAT = "weekly test"
UNSET = "none is set"
MEND = "mend the contact, then try it: `incidents doctor --page-test NAME`"
RUN = "see that `incidents worker` runs at that hour, and that its engine keeps up"


def examine_weekly_test(schedule: Schedule, home: Path, now: datetime) -> Line:
    """One line. Bad: a way failed, or the last test that was to be did not come to an end."""
    weekly = schedule.weekly_test
    if weekly is None:
        return Line(what=WHAT, verdict=Verdict.OK, seen=f"{UNSET} ([oncall.weekly_test])")
    week, report = newest(weekly, now), kept(home)
    if week is None:
        return Line(what=WHAT, verdict=Verdict.BAD, seen=f"there is no zone {weekly.zone!r}", do="use an IANA name")
    if report is None or report.week.name < week.name:
        return _missing(weekly, week, report, now)
    return _told(report)


def _told(report: WeeklyReport) -> Line:
    left_out = [f"not tested: {why}" for why in report.left_out]
    seen = "; ".join((f"{report.week.name}: {summary(report)}", *failures(report), *left_out))
    if report.failed:
        return Line(what=WHAT, verdict=Verdict.BAD, seen=seen, do=MEND)
    return Line(what=WHAT, verdict=Verdict.OK if report.deliveries else Verdict.UNKNOWN, seen=seen)


def _missing(weekly: WeeklyTest, week: Week, report: WeeklyReport | None, now: datetime) -> Line:
    """What is known of the one before does not make it known of this one."""
    last = f"the last one was {report.week.name}" if report else "none has ended here yet"
    if now < week.until:
        seen = f"{week.name} is under way since {instant(week.at, weekly.zone)}; {last}"
        return Line(what=WHAT, verdict=Verdict.UNKNOWN, seen=seen, do="look again later today")
    seen = f"{week.name} was to begin at {instant(week.at, weekly.zone)} and did not come to an end here; {last}"
    return Line(what=WHAT, verdict=Verdict.BAD if report else Verdict.UNKNOWN, seen=seen, do=RUN)
