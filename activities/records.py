"""The incident's archive on disk, independent of the engine's retention.

`<home>/records/<incident id>/<opened>.json` and `.md` are the record: whole, and always its newest version. The older
lines of a long story wait in `parts/` until the record is written, which puts them back where they belong.
"""

import asyncio
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from temporalio import activity
from temporalio.exceptions import ApplicationError

from incident.model.effects import RecordKind, WriteRecord
from incident.model.incident import Incident
from incident.model.outcomes import Recorded
from integrations.whole_files import write_whole

INCIDENT: TypeAdapter[Incident] = TypeAdapter(Incident)


@dataclass(frozen=True)
class RecordActivities:
    home: Path

    @activity.defn
    async def write_record(self, effect: WriteRecord) -> Recorded:
        """Write it, whole or not at all; writing it again changes nothing, and an older one never wins.

        Raises ApplicationError (tried again) where the disk does not let us.
        """
        path = record_path(self.home, effect.incident)
        try:
            if effect.reason is RecordKind.PART:
                path = _part_path(path, effect.number)
                await asyncio.to_thread(_write, path, effect)
            else:
                await asyncio.to_thread(_write_whole_story, path, effect)
        except OSError as error:
            raise ApplicationError(f"cannot write {path}: {error.strerror}", type="DiskRefused") from error
        return Recorded(reason=effect.reason, path=str(path.with_suffix(".md")))


def record_path(home: Path, incident: Incident) -> Path:
    """The `.json`; the `.md` stands beside it."""
    folder = re.sub(r"[^A-Za-z0-9._-]", "-", incident.id).lstrip(".") or "-"
    return home / "records" / folder / f"{incident.opened_at:%Y%m%dT%H%M%SZ}.json"


def _part_path(record: Path, number: int) -> Path:
    return record.parent / "parts" / f"{record.stem}-{number:04d}.json"


def _write_whole_story(path: Path, effect: WriteRecord) -> None:
    """With the lines that had left the engine back in their place; a late older record changes nothing."""
    if _number(path) >= effect.number:
        return
    if effect.earlier_row:
        effect = _joined(effect, sorted((path.parent / "parts").glob(f"{path.stem}-*.json")))
    _write(path, effect)


def _joined(effect: WriteRecord, parts: list[Path]) -> WriteRecord:
    earlier = [INCIDENT.validate_python(_read(part)["incident"]).timeline for part in parts]
    lines = [line for part in earlier for line in part]
    rows = [part.with_suffix(".md").read_text(encoding="utf-8").rstrip("\n") for part in parts]
    if len(lines) != effect.incident.archived:  # some were given up, or are on another machine: say so, keep the row
        rows = [effect.earlier_row, *rows]
    return replace(
        effect,
        incident=replace(effect.incident, timeline=(*lines, *effect.incident.timeline)),
        markdown=effect.markdown.replace(effect.earlier_row, "\n".join(rows), 1),
    )


def _write(path: Path, effect: WriteRecord) -> None:
    """The `.json` last: whoever finds it knows that the `.md` is there too."""
    body = {
        "reason": effect.reason,
        "number": effect.number,
        "incident": INCIDENT.dump_python(effect.incident, mode="json"),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path.with_suffix(".md"), effect.markdown)
    write_whole(path, json.dumps(body, indent=2, ensure_ascii=False) + "\n")


def _number(path: Path) -> int:
    """Of the record that is there; 0: none, or none that can be read, and then a new one is better."""
    try:
        return int(_read(path)["number"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return 0


def _read(path: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return body
