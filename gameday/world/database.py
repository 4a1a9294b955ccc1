"""The database behind the apps: a real PostgreSQL of its own where one is installed."""

import asyncio
import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql

from worker.processes import die_with_parent

MASTER = "tlsstress_admin"
NAME = "tlsstress"
START_WITHIN_S = 20.0
PREFIX = "incidents-world-pg-"
YOUNG_S = 60.0
"""A folder may lack its lock for a moment after it was made."""


class LoginFailed(Exception):
    """What an app sees when it cannot use its database."""


class DatabaseFailed(Exception):
    """PostgreSQL did not start. The message says what it said."""


def find_binaries() -> Path | None:
    """Where PostgreSQL's programs are; None: it is not installed, or there is nobody it would run as."""
    if os.geteuid() == 0 and _postgres_user() is None:
        return None
    found = shutil.which("postgres")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return versions[-1].parent if versions else None


@dataclass
class Postgres:
    """A throw-away cluster on loopback. `passwords` is what is true; an app knows only what it was deployed with."""

    binaries: Path
    port: int
    passwords: dict[str, str] = field(default_factory=lambda: {MASTER: "master-1"})
    _folder: Path | None = None
    _lock: IO[bytes] | None = None
    """Held while we live, so that whoever comes after a kill knows which folders are nobody's."""
    _server: subprocess.Popen[bytes] | None = None

    @property
    def words(self) -> str:
        return f"PostgreSQL on 127.0.0.1:{self.port}"

    def address(self, role: str, password: str | None = None) -> str:
        return f"postgresql://{role}:{password or self.passwords[role]}@127.0.0.1:{self.port}/{NAME}"

    async def create(self, roles: tuple[str, ...]) -> None:
        """Make the cluster, start it, and create the roles."""
        await asyncio.to_thread(self._init)
        await self.start()
        async with await self._master("postgres") as db:
            await db.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
            for role in roles:
                self.passwords[role] = f"{role}-1"
                await db.execute(_set_password("CREATE", role, self.passwords[role]))

    async def start(self) -> None:
        if self._server and self._server.poll() is None:
            return
        assert self._folder is not None
        options = ["-D", str(self._folder / "data"), "-p", str(self.port), "-k", ""]
        options += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        self._server = subprocess.Popen(  # noqa: ASYNC220 - returns at once
            [str(self.binaries / "postgres"), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - no lock is held in the child before it becomes postgres
            **_as_postgres(),
        )
        async with asyncio.timeout(START_WITHIN_S):
            while not await self._answers():
                if self._server.poll() is not None:
                    raise DatabaseFailed(f"PostgreSQL ended at once: is port {self.port} taken?")
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        if self._server and self._server.poll() is None:
            self._server.send_signal(signal.SIGQUIT)
            await asyncio.to_thread(self._server.wait)

    async def remove(self) -> None:
        await self.stop()
        if self._folder:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        if self._lock:
            self._lock.close()

    async def rotate(self, role: str) -> None:
        """A new password; whoever was logged in is thrown out."""
        number = int(self.passwords[role].rsplit("-", 1)[1]) + 1
        self.passwords[role] = f"{role}-{number}"
        async with await self._master() as db:
            await db.execute(_set_password("ALTER", role, self.passwords[role]))
        await self.throw_out(role)

    async def lock(self, role: str, *, locked: bool) -> None:
        """May the role log in?"""
        may = sql.SQL("NOLOGIN" if locked else "LOGIN")
        async with await self._master() as db:
            await db.execute(sql.SQL("ALTER ROLE {} {}").format(sql.Identifier(role), may))
        if locked:
            await self.throw_out(role)

    async def throw_out(self, role: str) -> None:
        async with await self._master() as db:
            await db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (role,))

    async def _master(self, database: str = NAME) -> psycopg.AsyncConnection[Any]:
        address = self.address(MASTER).rsplit("/", 1)[0] + f"/{database}"
        return await psycopg.AsyncConnection.connect(address, autocommit=True, connect_timeout=5)

    async def _answers(self) -> bool:
        try:
            async with await self._master("postgres"):
                return True
        except psycopg.OperationalError:
            return False

    def _init(self) -> None:
        sweep_stale()
        # Not in the home: PostgreSQL's own user must be able to walk there, and a home is its owner's alone.
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = _locked(self._folder)
        password = self._folder / "password"
        password.write_text(self.passwords[MASTER])
        owner = _as_postgres()
        if owner:
            for path in (self._folder, password):
                shutil.chown(path, owner["user"], owner["group"])
        command = [str(self.binaries / "initdb"), "-D", str(self._folder / "data"), "-U", MASTER, "-A", "scram-sha-256"]
        command += [f"--pwfile={password}", "--no-sync", "-E", "UTF8", "--locale=C"]
        made = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/", **_as_postgres())
        if made.returncode:
            raise DatabaseFailed(f"initdb failed: {made.stderr.strip()[-500:]}")


def sweep_stale() -> None:
    """Remove the folders of worlds that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another one's, or just being removed
            if _is_stale(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_stale(folder: Path) -> bool:
    if not (folder / "lock").exists():
        return time.time() - folder.stat().st_mtime > YOUNG_S
    lock = _locked(folder)
    if lock:
        lock.close()
    return lock is not None


def _locked(folder: Path) -> IO[bytes] | None:
    """None: somebody holds it."""
    lock = (folder / "lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _as_postgres() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: its own user runs it then."""
    user = _postgres_user()
    if os.geteuid() != 0 or user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _postgres_user() -> pwd.struct_passwd | None:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return None


def _set_password(verb: str, role: str, password: str) -> sql.Composed:
    return sql.SQL(verb + " ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))


@dataclass
class Pool:
    """An app's connection: it keeps the address it was deployed with, and connects again when it was thrown out."""

    address: str
    _connection: psycopg.AsyncConnection[Any] | None = None
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def select_1(self) -> None:
        """Raises LoginFailed."""
        async with self._busy:
            try:
                await self._ask()
            except psycopg.Error:
                await self._forget()
                try:
                    await self._ask()
                except psycopg.Error as error:
                    await self._forget()
                    raise LoginFailed(_first_line(error)) from None

    async def close(self) -> None:
        async with self._busy:
            await self._forget()

    async def _ask(self) -> None:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(self.address, autocommit=True, connect_timeout=3)
        await self._connection.execute("SELECT 1")

    async def _forget(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            with contextlib.suppress(psycopg.Error):
                await connection.close()


def _first_line(error: psycopg.Error) -> str:
    """Without the address: `FATAL:  password authentication failed for user "tlsstress_app"`."""
    line = str(error).strip().splitlines()[-1]
    return line.split("FATAL:", 1)[-1].strip()[:200]
