"""Everything the providers know, in one SQLite file: a `kill -9` at any moment loses nothing that was answered."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS deployments (
    id TEXT PRIMARY KEY, customer TEXT, plan TEXT, key TEXT, released INTEGER DEFAULT 0, at REAL);
CREATE TABLE IF NOT EXISTS quotas (customer TEXT PRIMARY KEY, paid_gb INTEGER, at REAL);
CREATE TABLE IF NOT EXISTS databases (name TEXT PRIMARY KEY, customer TEXT, region TEXT, at REAL);
CREATE TABLE IF NOT EXISTS dns (
    name TEXT PRIMARY KEY, customer TEXT, region TEXT, target TEXT, at REAL);
CREATE TABLE IF NOT EXISTS activations (
    id TEXT PRIMARY KEY, customer TEXT, deployment TEXT, key TEXT, cancelled INTEGER DEFAULT 0, at REAL);
CREATE TABLE IF NOT EXISTS mails (id TEXT PRIMARY KEY, customer TEXT, template TEXT, at REAL);
CREATE TABLE IF NOT EXISTS reservations (
    id TEXT PRIMARY KEY, customer TEXT, key TEXT, released INTEGER DEFAULT 0, at REAL);
CREATE TABLE IF NOT EXISTS jobs (
    job TEXT PRIMARY KEY, customer TEXT, plan TEXT, paid_gb INTEGER, handed_to TEXT DEFAULT '',
    state TEXT DEFAULT 'provisioning', step TEXT DEFAULT '', attempts INTEGER DEFAULT 0,
    since REAL, last_error TEXT DEFAULT '');
CREATE TABLE IF NOT EXISTS ledger (
    n INTEGER PRIMARY KEY AUTOINCREMENT, at REAL, step TEXT, customer TEXT, job TEXT, key TEXT, run TEXT,
    attempt TEXT, outcome TEXT, changed TEXT);
CREATE TABLE IF NOT EXISTS faults (step TEXT PRIMARY KEY, kind TEXT, times INTEGER, seconds REAL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS numbers (kind TEXT PRIMARY KEY, last INTEGER);
"""
FIRST_NUMBERS = {"dpl": 8811, "res": 11, "act": 30, "mail": 6}
"""The number before the first; given out once for ever, so that an id never means two things."""


class Store:
    """`path` None: in memory, for a test."""

    def __init__(self, path: Path | None = None) -> None:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        # Autocommit: every statement stands by itself unless `together` binds several.
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """All of it or nothing. Nothing may be awaited inside."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def rows(self, query: str, *values: Any) -> list[Row]:
        return [dict(row) for row in self._db.execute(query, values)]

    def row(self, query: str, *values: Any) -> Row | None:
        found = self._db.execute(query, values).fetchone()
        return dict(found) if found else None

    def write(self, statement: str, *values: Any) -> int:
        """The number of the row it made, where it made one."""
        return self._db.execute(statement, values).lastrowid or 0

    def put(self, table: str, **values: Any) -> None:
        """Insert, or replace what has the same primary key."""
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        self._db.execute(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))

    def next_id(self, kind: str) -> str:
        """`dpl_8812`, then `dpl_8813`."""
        found = self.row("SELECT last FROM numbers WHERE kind = ?", kind)
        number = (found["last"] if found else FIRST_NUMBERS[kind]) + 1
        self.put("numbers", kind=kind, last=number)
        return f"{kind}_{number}"

    def setting(self, name: str, default: str) -> str:
        found = self.row("SELECT value FROM settings WHERE name = ?", name)
        return str(found["value"]) if found else default
