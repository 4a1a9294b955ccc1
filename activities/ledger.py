"""What we asked of the world, by key: how an at-least-once activity becomes effectively once (design §6).

Written before and after each effect that a provider would take twice. A row that was begun and never ended means that
we were killed in between, or that the answer was lost: whoever finds one asks the provider before sending again.
"""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from integrations.clock import utc_now

KEPT = timedelta(days=30)
"""Longer than the engine keeps a closed incident, so no retry can outlive its row."""

log = structlog.get_logger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS effects (
    key TEXT PRIMARY KEY,
    begun_at TEXT NOT NULL,
    done_at TEXT,
    result TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID
"""


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """An attempt before this one. `done`: it is known to have arrived, with `result`."""

    done: bool
    result: str
    begun_at: datetime


class Ledger:
    """One SQLite file (WAL), shared by all workers of a machine."""

    def __init__(self, path: Path) -> None:
        """Open or create it. Raises sqlite3.Error, OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._db = self._thread.submit(self._open).result()

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=5, isolation_level=None)
        db.execute("PRAGMA journal_mode=WAL")
        # Survives a kill; a power cut may lose the last rows, and then the provider is asked (`find`), as after a kill.
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute(SCHEMA)
        db.execute("DELETE FROM effects WHERE begun_at < ?", ((utc_now() - KEPT).isoformat(),))
        return db

    async def begin(self, key: str) -> Earlier | None:
        """Note that `key` is about to be done; what an earlier attempt left, if there was one."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._begin, key)

    async def done(self, key: str, result: str = "") -> None:
        """Note that `key` is done."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._done, key, result)

    async def begin_anyway(self, key: str) -> Earlier | None:
        """`begin` for words to people: a disk that is full must not keep anybody asleep. They may then come twice."""
        try:
            return await self.begin(key)
        except sqlite3.Error as error:
            log.error("the ledger cannot be written; sending all the same", key=key, because=str(error))
            return None

    async def forget_anyway(self, key: str) -> None:
        """It was refused for certain: a later attempt is no repeat."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._forget, key)
        except sqlite3.Error as error:
            log.error("the ledger cannot be written; a later attempt may call itself a repeat", because=str(error))

    async def done_anyway(self, key: str, result: str = "") -> None:
        """`done` for words to people: they have gone out, whatever the disk says."""
        try:
            await self.done(key, result)
        except sqlite3.Error as error:
            log.error("the ledger cannot be written; it went out", key=key, because=str(error))

    def close(self) -> None:
        self._thread.submit(self._db.close).result()
        self._thread.shutdown()

    def _begin(self, key: str) -> Earlier | None:
        inserted = self._db.execute(
            "INSERT INTO effects (key, begun_at) VALUES (?, ?) ON CONFLICT DO NOTHING", (key, utc_now().isoformat())
        )
        if inserted.rowcount:
            return None
        with closing(self._db.execute("SELECT begun_at, done_at, result FROM effects WHERE key = ?", (key,))) as rows:
            begun_at, done_at, result = rows.fetchone()
        return Earlier(done=done_at is not None, result=result, begun_at=datetime.fromisoformat(begun_at))

    def _forget(self, key: str) -> None:
        self._db.execute("DELETE FROM effects WHERE key = ? AND done_at IS NULL", (key,))

    def _done(self, key: str, result: str) -> None:
        self._db.execute(
            "UPDATE effects SET done_at = ?, result = ? WHERE key = ?", (utc_now().isoformat(), result, key)
        )
