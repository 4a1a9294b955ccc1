"""The last answer of every source of who is on call, on disk: the worker, the bridge and the CLI share it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from integrations.whole_files import write_whole
from oncall.schedule import Rotation

FILE = "oncall.json"
"""In `INCIDENTS_HOME`."""


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """Who it was, and when the source said so."""

    person: str
    at: datetime


@dataclass(frozen=True)
class LastKnown:
    """A row is for one source: with another one in its place, a rotation starts from nothing."""

    path: Path

    def renew(self, rotations: Mapping[str, Rotation], now: Mapping[str, Remembered]) -> dict[str, Remembered]:
        """Keeps what was said now, and tells all there is. Raises OSError where it cannot be read or written."""
        rows = self._rows()
        fresh = {name: _row(rotations[name], said) for name, said in now.items()}
        if fresh:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, json.dumps(rows | fresh, indent=2, sort_keys=True) + "\n")
        found = {name: _read(rotation, (rows | fresh).get(name)) for name, rotation in rotations.items()}
        return {name: said for name, said in found.items() if said}

    def _rows(self) -> dict[str, Any]:
        try:
            rows = json.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return rows if isinstance(rows, dict) else {}


def _row(rotation: Rotation, said: Remembered) -> dict[str, str]:
    return {"source": _print_of(rotation), "person": said.person, "at": said.at.isoformat()}


def _read(rotation: Rotation, row: Any) -> Remembered | None:
    """None: not ours, or of another source."""
    try:
        if row["source"] != _print_of(rotation):
            return None
        at = datetime.fromisoformat(row["at"])
        return Remembered(person=str(row["person"]), at=at) if at.tzinfo else None
    except (KeyError, TypeError, ValueError):
        return None


def _print_of(rotation: Rotation) -> str:
    """Of its source, whose address may be a secret."""
    return sha256(rotation.source.encode()).hexdigest()[:16]
