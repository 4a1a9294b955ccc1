"""`incidents oncall`, and doctor's lines, where a rotation is somebody else's to plan."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.doctor import Verdict
from cli.examine_oncall import examine_plan
from integrations.on_duty import OnDuty
from oncall.answer import Named
from oncall.schedule import Person, Rotation, Schedule
from tests.cli.test_oncall import folder, says  # noqa: F401 - a fixture
from tests.fakes import FakeSource

NOW = datetime(2026, 6, 16, 12, tzinfo=UTC)
PLAN = """
home = "home"
[oncall.people.ana]
[oncall.rotations.default]
source = "icalendar:shifts.ics"
"""
SHIFT = "BEGIN:VEVENT\nUID:1\nDTSTART:20200101T000000Z\nDTEND:21000101T000000Z\nSUMMARY:ana\nEND:VEVENT\n"
CALENDAR = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{SHIFT}END:VCALENDAR\n"


def test_it_tells_whom_a_calendar_names_then_whom_it_named_last(
    folder: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And that the second one is an old answer."""
    (folder / "shifts.ics").write_text(CALENDAR)
    now = says(capsys, folder, PLAN)
    (folder / "shifts.ics").unlink()
    later = says(capsys, folder, PLAN)

    assert (now.code, "ana until" in now.out, "last known" in now.out) == (0, True, False)
    assert (later.code, "ana as long as icalendar says so" in later.out, "last known" in later.out) == (0, True, True)


def test_another_day_is_not_answered_from_memory(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    """Whoever was on call this morning says nothing about Christmas."""
    (folder / "shifts.ics").write_text(CALENDAR)
    says(capsys, folder, PLAN)
    (folder / "shifts.ics").unlink()
    assert says(capsys, folder, PLAN, "--at", "2026-12-25T03:00").code == 1


def test_members_of_a_rotation_are_recognised_in_its_calendar(
    folder: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever is in it may speak for it; a rotation that is not there is told with those that are."""
    next_week = SHIFT.replace("ana", "Bo Ray").replace("UID:1", "UID:2").replace("20200101", "20260620")
    (folder / "shifts.ics").write_text(CALENDAR.replace("END:VCALENDAR", f"{next_week}END:VCALENDAR"))
    plan = PLAN + '[oncall.people.bo]\nname = "Bo Ray"\n'
    said = says(capsys, folder, plan, "--of", "default", "--at", "2026-06-16T12:00")
    other = says(capsys, folder, plan, "--of", "finance")

    assert said.out.splitlines() == ["on call       ana (icalendar says so)", "members       ana, bo (Bo Ray)"]
    assert (other.code, other.err) == (1, "there is no rotation finance; there is default\n")


@pytest.mark.parametrize(
    ("named", "verdict", "seen"),
    [
        ("ana", Verdict.OK, "fake:F names ana"),
        ("zoe", Verdict.BAD, "fake:F names somebody we do not know; nobody would be paged"),
    ],
)
async def test_doctor_asks_every_source(named: str, verdict: Verdict, seen: str) -> None:
    """One line a rotation."""
    plan = Schedule(people={"ana": Person()}, rotations={"default": Rotation(source="fake:F")})
    line = (await examine_plan(OnDuty({"fake": FakeSource((Named(words=named),))}), plan, NOW))[-1]
    assert (line.what, line.verdict, line.seen) == ("on-call: default", verdict, seen)
