"""The practice world as a process: it starts again in its home, leaves nothing behind, and needs no PostgreSQL."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from activities.checks import app_role, ready_probe
from gameday.processes import NotStarted
from gameday.world.__main__ import withdraw
from gameday.world.aws import KEYS
from gameday.world.database import PREFIX, find_binaries, sweep_stale
from gameday.world.launch import COMMAND, RunningWorld, read_world, start_world
from tests.activities.practice import APP, ask, practice
from tests.waiting import eventually

needs_postgres = pytest.mark.skipif(find_binaries() is None, reason="no PostgreSQL on this machine")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def listens(address: str) -> bool:
    host, port = address.rsplit(":", 1)
    with socket.socket() as trial:
        return trial.connect_ex((host, int(port))) == 0


def children_of(pid: int) -> list[int]:
    """Processes whose parent it is, while it lives."""
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Running; a zombie nobody has waited for is not."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False


@needs_postgres
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux kills children with their parent")
async def test_a_killed_world_leaves_nothing_that_runs_and_nothing_for_long(tmp_path: Path) -> None:
    """No PostgreSQL process at once, no folder after the next start; and that start works in the same home."""
    before = folders()
    process = subprocess.Popen(  # noqa: ASYNC220 - returns at once
        [*COMMAND, "--home", str(tmp_path), "--port", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        world = await eventually(lambda: _announced(tmp_path), "the world is ready", within_s=60)
        database, mine = world.database.split()[-1], folders() - before
        servants = children_of(world.pid)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()

    assert servants
    await eventually(lambda: _gone(servants, database), "PostgreSQL has died with it")
    with start_world(tmp_path) as again:
        assert again.pid != world.pid
        assert not mine & folders()


async def _announced(home: Path) -> RunningWorld | None:
    with contextlib.suppress(FileNotFoundError):
        return read_world(home)
    return None


async def _gone(servants: list[int], address: str) -> bool:
    return not any(map(alive, servants)) and not listens(address)


@needs_postgres
def test_a_world_that_is_asked_to_stop_leaves_nothing_at_all(tmp_path: Path) -> None:
    """No folder, no announcement, nothing that listens."""
    before = folders()
    with start_world(tmp_path) as world:
        mine = folders() - before
    assert not mine & folders()
    assert not (tmp_path / "world.json").exists()
    assert not listens(world.database.split()[-1])


@needs_postgres
def test_a_living_worlds_folder_is_left_alone(practice: RunningWorld) -> None:
    """Several worlds on one machine: each start sweeps, none sweeps another's away."""
    before = folders()

    sweep_stale()

    assert before & folders()
    assert httpx.get(f"{practice.control}/sites/{APP}/api/ready").status_code == 200


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    """And what to do; at once, not after a minute."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(NotStarted) as failed, start_world(tmp_path, port):
            pass

    assert f"port {port} is taken: does another practice world run? Choose one with --port" in str(failed.value)


def test_a_world_withdraws_only_its_own_announcement(tmp_path: Path) -> None:
    """Another may have been started in the same home since."""
    announcement = tmp_path / "world.json"
    announcement.write_text(json.dumps({"pid": os.getpid() + 1}))
    withdraw(tmp_path)
    assert announcement.exists()

    announcement.write_text(json.dumps({"pid": os.getpid()}))
    withdraw(tmp_path)
    assert not announcement.exists()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    """A machine without PostgreSQL."""
    with start_world(tmp_path_factory.mktemp("played"), database=False) as world:
        yield world


async def is_ready(world: RunningWorld, wanted: str) -> bool:
    return (await ready_probe.check(ask(), practice(world.env))).state == wanted


def test_without_postgres_it_says_so(played: RunningWorld) -> None:
    """On its page and in its announcement."""
    assert played.database == "none"
    assert "none on this machine: played" in httpx.get(played.control).text


@pytest.mark.parametrize("fault", ["secret_rotated", "db_down", "db_stopped"])
async def test_without_postgres_the_database_is_played(played: RunningWorld, fault: str) -> None:
    """Broken and mended like a real one."""
    played.fault("self_heal_off")
    played.fault(fault)
    broken = await is_ready(played, "bad")
    played.mend(fault)
    played.mend("self_heal_off")

    assert broken
    assert await is_ready(played, "ok")


async def test_without_postgres_self_heal_heals_all_the_same(played: RunningWorld) -> None:
    """The drill can be played anywhere."""
    played.fault("secret_rotated")
    await eventually(lambda: is_ready(played, "ok"), "self-heal has redeployed the app")
    played.mend("secret_rotated")


async def test_without_postgres_there_is_no_role_to_try(played: RunningWorld) -> None:
    """Unknown, and the reason: no made-up answer."""
    finding = await app_role.check(ask(), practice(played.env))

    assert (finding.state, finding.summary) == (
        "unknown",
        "no database to try: set database_url_secret in INCIDENTS_APPS",
    )


def test_no_postgres_to_be_found_is_no_postgres(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where a machine has none: neither on the path nor where Debian puts it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))

    assert find_binaries() is None
