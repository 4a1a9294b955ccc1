"""`second_path.db`: what the second path knows, kept across restarts and kills of the bridge."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import structlog
from pydantic import TypeAdapter

from bridge.second_path.missed import Missed

SCHEMA = "CREATE TABLE IF NOT EXISTS missed (incident TEXT PRIMARY KEY, told TEXT NOT NULL) WITHOUT ROWID"
MISSED: TypeAdapter[Missed] = TypeAdapter(Missed)

log = structlog.get_logger(__name__)


class Remembered:
    """One SQLite file (WAL), which all bridges of one home share: what one writes down, the others know at `reload`.

    A disk that is full must not keep anybody asleep: then it is memory only, and written again when there is room.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="second-path")
        self._db: sqlite3.Connection | None = None
        self._rows: dict[str, Missed] = {}
        self._unwritten: set[str] = set()
        """What changed in memory while the disk let us down."""
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
        if incident not in self._rows and how(None) is None:  # nearly every alert: nobody waits, and no disk is asked
            return None
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._change, incident, how)

    async def reload(self) -> None:
        """What other bridges of this home have written since."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._reload)

    def close(self) -> None:
        """Call it when nobody changes anything any more."""
        if self._db:
            self._thread.submit(self._db.close).result()
        self._thread.shutdown()

    def _open(self) -> None:
        self._connect()
        self._reload()

    def _connect(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self._path, timeout=5, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            # Survives a kill. After a power cut a page may be sent again, and then it says that it may be a repeat.
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(SCHEMA)
        except (sqlite3.Error, OSError) as error:
            self._cannot("opened", error)
            self._db = None

    def _reload(self) -> None:
        if self._db is None or self.lost:
            return
        try:
            rows = self._db.execute("SELECT told FROM missed").fetchall()
        except sqlite3.Error as error:
            self._cannot("read", error)
            return
        self._rows = {missed.incident: missed for (told,) in rows for missed in [MISSED.validate_json(told)]}

    def _change(self, incident: str, how: Callable[[Missed | None], Missed | None]) -> Missed | None:
        """In one transaction, on what is on disk: no two bridges change the same row at once."""
        try:
            if self._db is None or self.lost:
                return self._change_memory(incident, how)
            with _alone(self._db):
                known = self._row(incident)
                after = how(known)
                if after != known:
                    self._write(incident, after)
        except sqlite3.Error as error:
            self._cannot("written", error)
            return self._change_memory(incident, how)
        self._keep(incident, after)
        return after

    def _change_memory(self, incident: str, how: Callable[[Missed | None], Missed | None]) -> Missed | None:
        """The disk let us down: what is in memory counts, and is written as soon as that can be."""
        after = how(self._rows.get(incident))
        self._keep(incident, after)
        self._unwritten.add(incident)
        if self._db is None:
            self._connect()
        if self._db is None:
            return after
        try:
            with _alone(self._db):
                for name in self._unwritten:
                    self._write(name, self._rows.get(name))
        except sqlite3.Error as error:
            self._cannot("written", error)
        else:
            self.lost, self._unwritten = "", set()
        return after

    def _keep(self, incident: str, missed: Missed | None) -> None:
        """Never changed in place: others may be looking at it."""
        rest = {name: row for name, row in self._rows.items() if name != incident}
        self._rows = rest | ({incident: missed} if missed else {})

    def _row(self, incident: str) -> Missed | None:
        assert self._db is not None
        found = self._db.execute("SELECT told FROM missed WHERE incident = ?", (incident,)).fetchone()
        return MISSED.validate_json(found[0]) if found else None

    def _write(self, incident: str, missed: Missed | None) -> None:
        assert self._db is not None
        if missed is None:
            self._db.execute("DELETE FROM missed WHERE incident = ?", (incident,))
            return
        told = MISSED.dump_json(missed).decode()
        self._db.execute("INSERT OR REPLACE INTO missed (incident, told) VALUES (?, ?)", (missed.incident, told))

    def _cannot(self, what: str, error: Exception) -> None:
        self.lost = f"{self._path.name} cannot be {what} ({type(error).__name__}): a restart forgets who was paged"
        log.error("the second path remembers in memory only", because=self.lost)


@contextmanager
def _alone(db: sqlite3.Connection) -> Iterator[None]:
    """A transaction that lets no other bridge write meanwhile."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
