"""`second_path.db`: what the second path knows, kept across restarts and kills of the bridge."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog
from pydantic import TypeAdapter

from bridge.second_path.missed import Missed

SCHEMA = "CREATE TABLE IF NOT EXISTS missed (incident TEXT PRIMARY KEY, told TEXT NOT NULL) WITHOUT ROWID"
MISSED: TypeAdapter[Missed] = TypeAdapter(Missed)

log = structlog.get_logger(__name__)


class Remembered:
    """One SQLite file (WAL) of one bridge. A disk that is full must not keep anybody asleep: then it is memory only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="second-path")
        self._db: sqlite3.Connection | None = None
        self._rows: dict[str, Missed] = {}
        self.lost = ""
        """Why nothing can be written; empty: it can."""
        self._thread.submit(self._open).result()

    def all(self) -> tuple[Missed, ...]:
        """Whoever waits, longest first."""
        return tuple(sorted(self._rows.values(), key=lambda missed: (missed.since, missed.incident)))

    def get(self, incident: str) -> Missed | None:
        """What is known of one subject."""
        return self._rows.get(incident)

    async def change(self, incident: str, how: Callable[[Missed | None], Missed | None]) -> Missed | None:
        """Replace what is known of one subject by `how` of it, and return when it is on disk. None: forget it."""
        after = how(self._rows.get(incident))
        if after == self._rows.get(incident):
            return after
        if after is None:
            del self._rows[incident]
        else:
            self._rows[incident] = after
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, incident, after)
        return after

    def close(self) -> None:
        """Call it when nobody changes anything any more."""
        if self._db:
            self._thread.submit(self._db.close).result()
        self._thread.shutdown()

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self._path, timeout=5, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            # Survives a kill. After a power cut a page may be sent again, and then it says that it may be a repeat.
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(SCHEMA)
            rows = self._db.execute("SELECT told FROM missed").fetchall()
        except (sqlite3.Error, OSError) as error:
            self._cannot("opened", error)
            return
        self._rows = {missed.incident: missed for (told,) in rows for missed in [MISSED.validate_json(told)]}

    def _write(self, incident: str, missed: Missed | None) -> None:
        if self._db is None:
            return
        try:
            self._db.execute("DELETE FROM missed WHERE incident = ?", (incident,)) if missed is None else self._put(
                missed
            )
        except sqlite3.Error as error:
            self._cannot("written", error)
        else:
            self.lost = ""

    def _put(self, missed: Missed) -> None:
        assert self._db is not None
        told = MISSED.dump_json(missed).decode()
        self._db.execute("INSERT OR REPLACE INTO missed (incident, told) VALUES (?, ?)", (missed.incident, told))

    def _cannot(self, what: str, error: Exception) -> None:
        self.lost = f"{self._path.name} cannot be {what} ({type(error).__name__}): a restart forgets who was paged"
        log.error("the second path remembers in memory only", because=self.lost)
