"""The record on disk: whole, newest, and with the lines that had left the engine."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from activities.records import RecordActivities
from incident.model.alert import Alert
from incident.model.effects import RecordKind, WriteRecord
from incident.model.incident import Incident
from incident.model.outcomes import Recorded
from incident.model.severity import Severity
from incident.model.timeline import Entry, Kind

OPENED = datetime(2026, 6, 16, 3, 28, tzinfo=UTC)
ROW = "| … | 2 earlier lines are in the parts of this record |"


def lines(*whats: str) -> tuple[Entry, ...]:
    return tuple(Entry(at=OPENED, kind=Kind.PERSON, what=what) for what in whats)


def effect(number: int, *whats: str, reason: RecordKind = RecordKind.CLOSED, markdown: str = "") -> WriteRecord:
    incident = Incident(
        id="incident-AppDBDown-app",
        opened_at=OPENED,
        alert=Alert(name="AppDBDown"),
        severity=Severity.SEV1,
        timeline=lines(*whats),
    )
    return WriteRecord(
        key=f"k/{number}", number=number, reason=reason, incident=incident, markdown=markdown or f"version {number}\n"
    )


def written(recorded: Recorded) -> str:
    return Path(recorded.path).read_text()


def timeline_on_disk(home: Path) -> list[str]:
    path = home / "records/incident-AppDBDown-app/20260616T032800Z.json"
    return [line["what"] for line in json.loads(path.read_text())["incident"]["timeline"]]


async def test_a_record_is_a_json_and_a_markdown_file(tmp_path: Path) -> None:
    """`records/<id>/<opened>.json` and `.md`."""
    recorded = await RecordActivities(tmp_path).write_record(effect(1, "it fires"))

    assert written(recorded) == "version 1\n"
    assert timeline_on_disk(tmp_path) == ["it fires"]


async def test_an_older_record_that_comes_late_changes_nothing(tmp_path: Path) -> None:
    """A draft whose attempts were delayed must not replace the record of the closed incident."""
    records = RecordActivities(tmp_path)
    await records.write_record(effect(2, "it fires", "closed"))

    await records.write_record(effect(1, "it fires"))

    assert timeline_on_disk(tmp_path) == ["it fires", "closed"]


async def test_lines_that_had_left_the_engine_are_back_in_the_record(tmp_path: Path) -> None:
    """A long story is archived in parts; its record has all of it, in order."""
    records = RecordActivities(tmp_path)
    await records.write_record(effect(1, "first", "second", reason=RecordKind.PART, markdown="| first |\n| second |"))
    last = effect(2, "third", markdown=f"head\n{ROW}\n| third |\n")

    told = await records.write_record(
        replace(last, earlier_row=ROW, incident=replace(last.incident, archived=2)),
    )

    assert timeline_on_disk(tmp_path) == ["first", "second", "third"]
    assert written(told) == "head\n| first |\n| second |\n| third |\n"


async def test_missing_parts_are_admitted(tmp_path: Path) -> None:
    """Where lines were given up, or lie on another machine, the record says so."""
    last = effect(2, "third", markdown=f"head\n{ROW}\n| third |\n")

    told = await RecordActivities(tmp_path).write_record(
        replace(last, earlier_row=ROW, incident=replace(last.incident, archived=2)),
    )

    assert written(told) == f"head\n{ROW}\n| third |\n"


async def test_a_record_nobody_can_read_is_replaced(tmp_path: Path) -> None:
    """A file that somebody broke by hand does not keep the next record out."""
    records = RecordActivities(tmp_path)
    first = await records.write_record(effect(1, "it fires"))
    Path(first.path).with_suffix(".json").write_text("{")

    await records.write_record(effect(1, "it fires"))

    assert timeline_on_disk(tmp_path) == ["it fires"]


async def test_a_disk_that_refuses_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    """The engine tries again, and the reason names the file."""
    (tmp_path / "records").write_text("a file where a folder should be")

    with pytest.raises(ApplicationError, match=r"cannot write .*20260616T032800Z\.json: Not a directory"):
        await RecordActivities(tmp_path).write_record(effect(1))


async def test_an_id_that_is_no_file_name_stays_in_its_folder(tmp_path: Path) -> None:
    """Ids are typed by people: none of them leads out of `records`."""
    odd = effect(1)

    told = await RecordActivities(tmp_path).write_record(
        replace(odd, incident=replace(odd.incident, id="../../etc/passwd"))
    )

    assert Path(told.path).parent.parent == tmp_path / "records"
