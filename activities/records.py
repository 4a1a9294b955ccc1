"""The closed incident's archive, independent of the engine's retention (issue: Record)."""

import asyncio
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from pydantic import TypeAdapter
from temporalio import activity
from temporalio.exceptions import ApplicationError

from incident.model.effects import RecordKind, WriteRecord
from incident.model.incident import Incident
from incident.model.outcomes import Recorded

INCIDENT: TypeAdapter[Incident] = TypeAdapter(Incident)


@dataclass(frozen=True)
class RecordActivities:
    home: Path

    @activity.defn
    async def write_record(self, effect: WriteRecord) -> Recorded:
        """Write `<home>/records/<id>/<opened>.json` and `.md`, whole or not at all; writing it again changes nothing.

        Raises ApplicationError (tried again) where the disk does not let us.
        """
        base = record_path(self.home, effect)
        try:
            await asyncio.to_thread(_write, base, effect)
        except OSError as error:
            raise ApplicationError(f"cannot write {base}: {error.strerror}", type="DiskRefused") from error
        return Recorded(reason=effect.reason, path=str(base.with_suffix(".md")))


def _write(base: Path, effect: WriteRecord) -> None:
    body = {"reason": effect.reason, "incident": INCIDENT.dump_python(effect.incident, mode="json")}
    base.parent.mkdir(parents=True, exist_ok=True)
    write_whole(base.with_suffix(".md"), effect.markdown)
    write_whole(base.with_suffix(".json"), json.dumps(body, indent=2, ensure_ascii=False) + "\n")


def record_path(home: Path, effect: WriteRecord) -> Path:
    """Without its suffix. An incident that goes on in a new run leaves a file for each, since timelines are cut."""
    incident = effect.incident
    folder = re.sub(r"[^A-Za-z0-9._-]", "-", incident.id).lstrip(".") or "-"
    name = f"{incident.opened_at:%Y%m%dT%H%M%SZ}"
    part = f"-run{effect.key.rsplit('/', 1)[-1]}" if effect.reason is RecordKind.CONTINUED else ""
    return home / "records" / folder / f"{name}{part}"


def write_whole(path: Path, text: str) -> None:
    """Nobody ever reads half a file, not even after a power cut."""
    with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", encoding="utf-8", delete=False) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)
