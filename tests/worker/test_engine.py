"""The embedded engine: how one is got, and that it keeps what it took."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client

from tests.processes import running
from worker import engine, engine_ways
from worker.engine import (
    EngineError,
    engine_command,
    ensure,
    ensure_binary,
    free_port,
    require_free,
    wait_until_serving,
)
from worker.engine_ways import NotThisWay
from workflows.contract import SEARCH_ATTRIBUTES

NEW_ENOUGH = "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"
TOO_OLD = "temporal version 0.9.0 (Server 1.20.0, UI 2.10.0)"


def nothing(_line: str) -> None: ...


def script(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(("#!/bin/sh", *lines)) + "\n")
    path.chmod(0o755)
    return path


def program(path: Path, version: str) -> Path:
    return script(path, f'echo "{version}"')


def go(path: Path, *build: str, version: str = "1.26") -> Path:
    """A Go whose `build` does what is given."""
    told = f'[ "$1" = version ] && echo "go version go{version} linux/amd64"'
    return script(path, told, '[ "$1" = build ] || exit 0', *build)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has nothing: empty PATH but /bin's basics, empty cache, no way out, no engine elsewhere."""
    basics = tmp_path / "basics"
    basics.mkdir()
    for name in ("sh", "cp", "chmod", "cat"):
        (basics / name).symlink_to(f"/bin/{name}")
    (tmp_path / "venv/bin").mkdir(parents=True)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'venv/bin'}:{tmp_path / 'path'}:{basics}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")  # nobody listens there
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    return tmp_path


def test_the_developers_own_cli_comes_first(machine: Path) -> None:
    """A usable `temporal` on PATH is taken, whatever the cache holds."""
    own = program(machine / "path/temporal", NEW_ENOUGH)
    program(engine_ways.cached(), NEW_ENOUGH)
    assert ensure_binary(nothing) == own


def test_a_cli_too_old_is_passed_over(machine: Path) -> None:
    """An old one on PATH does not keep us from the one in our cache."""
    program(machine / "path/temporal", TOO_OLD)
    kept = program(engine_ways.cached(), NEW_ENOUGH)
    assert ensure_binary(nothing) == kept


def test_our_own_link_is_not_taken_for_the_developers(machine: Path) -> None:
    """`.venv/bin/temporal`, on PATH in an activated environment, is no find."""
    program(machine / "venv/bin/temporal", NEW_ENOUGH)
    with pytest.raises(NotThisWay, match="no `temporal` there"):
        engine_ways.on_path(nothing)


def test_go_builds_one_and_the_cache_keeps_it(machine: Path) -> None:
    """With Go only, one is built into our cache."""
    program(machine / "made", NEW_ENOUGH)
    go(machine / "path/go", f"cp {machine}/made temporal")
    assert (ensure_binary(nothing), engine_ways.from_cache(nothing)) == (engine_ways.cached(),) * 2


def test_one_that_was_built_with_the_driver_of_before_is_not_taken(machine: Path) -> None:
    """What an earlier set-up left at `temporal` can lose its database for good, so another one is built."""
    program(engine_ways.cache_folder() / "temporal", NEW_ENOUGH)
    program(machine / "made", NEW_ENOUGH)
    go(machine / "path/go", f"cp {machine}/made temporal")
    assert ensure_binary(nothing) == engine_ways.cached()


def test_a_long_build_keeps_talking(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a build runs there is news of it, with the time spent."""
    monkeypatch.setattr(engine_ways, "NEWS_EVERY_S", 0.05)
    program(machine / "made", NEW_ENOUGH)
    go_on = machine / "go-on"
    go(machine / "path/go", f"until [ -e {go_on} ]; do :; done; cp {machine}/made temporal")
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if "still at it" in line:
            go_on.touch()

    engine_ways.built(say)
    assert "engine: still at it, 0 s so far" in said


def test_a_go_too_old_to_build_is_told(machine: Path) -> None:
    """Debian 12's own Go is refused at once, with the version that is needed."""
    go(machine / "path/go", "exit 1", version="1.19")
    with pytest.raises(NotThisWay, match=r"go1\.19 linux/amd64; 1\.21 is needed"):
        engine_ways.built(nothing)


def test_a_failed_build_is_told_in_gos_own_words(machine: Path) -> None:
    """The reason is the last line Go printed."""
    go(machine / "path/go", "echo first; echo 'go: no space left on device' >&2; exit 1")
    with pytest.raises(NotThisWay, match="go: no space left on device"):
        engine_ways.built(nothing)


def test_a_failed_build_leaves_nothing_behind(machine: Path) -> None:
    """No half-made program and no work folder stays in the cache."""
    go(machine / "path/go", "cp /bin/cat half; exit 1")
    with pytest.raises(NotThisWay):
        engine_ways.built(nothing)
    assert list(engine_ways.cache_folder().iterdir()) == []


@pytest.mark.usefixtures("machine")
def test_without_any_way_the_error_names_each_one() -> None:
    """What was tried, why it failed and what to do: in one message."""
    with pytest.raises(EngineError) as refused:
        ensure_binary(nothing)
    message = str(refused.value)
    wanted = (*(name for name, _ in engine.WAYS), "no `go` on PATH", "nothing at", "TEMPORAL_ADDRESS=")
    assert [part for part in wanted if part not in message] == []


def test_a_network_that_swallows_everything_is_given_up_in_seconds(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where connections open and nobody ever answers, the downloader is given up within 10 s."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(NotThisWay):
            engine_ways.downloaded(nothing)
    assert time.monotonic() - began < 10


def test_the_cli_is_linked_where_the_readme_says(machine: Path) -> None:
    """`.venv/bin/temporal` leads to what was found, and a stale link is replaced."""
    (machine / "venv/bin/temporal").symlink_to(machine / "gone")
    own = program(machine / "path/temporal", NEW_ENOUGH)
    ensure(nothing)
    assert (machine / "venv/bin/temporal").resolve() == own


@pytest.mark.usefixtures("machine")
def test_with_an_engine_elsewhere_none_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """TEMPORAL_ADDRESS alone is enough: nothing is downloaded or built."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.example.org:7233")
    assert ensure(nothing) is None


def test_a_taken_port_is_named_with_the_setting_that_changes_it() -> None:
    """The error says which port, and which variable chooses another."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(EngineError, match=rf"port {port} .*INCIDENTS_ENGINE__PORT="):
            require_free(port, "INCIDENTS_ENGINE__PORT")


async def test_waiting_for_nobody_ends_with_a_reason() -> None:
    """An engine that never answers is an error that names its address."""
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(EngineError, match=f"engine at {address} did not answer"):
        await wait_until_serving(address, timeout=0.3)


def test_an_unknown_command_is_a_usage_error() -> None:
    """Exit code 2, as everywhere."""
    assert engine.main(["dance"]) == 2


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], tuple[list[str], str]]:
    """The command of a real engine on a home and ports of its own, and its address."""
    home, port, ui_port = tmp_path_factory.mktemp("home"), free_port(), free_port()
    command = engine_command(ensure_binary(nothing), home, port, ui_port)
    return lambda: (command, f"127.0.0.1:{port}")


async def test_the_engine_knows_our_search_attributes(start: Callable[[], tuple[list[str], str]]) -> None:
    """From its first second every attribute an incident is listed by exists."""
    command, address = start()
    with running(command):
        await wait_until_serving(address, timeout=30)
        client = await Client.connect(address)
        known = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="default"))
    assert {key.name for key in SEARCH_ATTRIBUTES} <= set(known.custom_attributes)


async def test_what_the_engine_took_survives_its_kill(start: Callable[[], tuple[list[str], str]]) -> None:
    """A workflow started before `kill -9` is there after the next start."""
    command, address = start()
    with running(command) as process:
        await wait_until_serving(address, timeout=30)
        await (await Client.connect(address)).start_workflow("Any", id="kept", task_queue="nobody")
        process.send_signal(signal.SIGKILL)
    with running(command):
        await wait_until_serving(address, timeout=30)
        kept = await (await Client.connect(address)).get_workflow_handle("kept").describe()
    assert kept.id == "kept"


async def test_incidents_engine_serves_where_the_settings_say(tmp_path: Path) -> None:
    """Address and Web UI are the settings', the database is in the home."""
    port = free_port()
    environment = {**os.environ, "INCIDENTS_HOME": str(tmp_path), "INCIDENTS_ENGINE__PORT": str(port)}
    environment |= {"INCIDENTS_ENGINE__UI_PORT": str(free_port())}
    with running([sys.executable, "-m", "cli.main", "engine"], environment):
        await wait_until_serving(f"127.0.0.1:{port}", timeout=30)
    assert (tmp_path / "engine.db").is_file()


async def test_incidents_engine_that_is_asked_to_stop_stops_in_order(tmp_path: Path) -> None:
    """SIGTERM, as systemd sends it: exit code 0, and its port is free."""
    port = free_port()
    environment = {**os.environ, "INCIDENTS_HOME": str(tmp_path), "INCIDENTS_ENGINE__PORT": str(port)}
    environment |= {"INCIDENTS_ENGINE__UI_PORT": str(free_port())}
    with running([sys.executable, "-m", "cli.main", "engine"], environment) as process:
        await wait_until_serving(f"127.0.0.1:{port}", timeout=30)
        process.terminate()
        assert await asyncio.to_thread(process.wait, 30) == 0
    require_free(port, "INCIDENTS_ENGINE__PORT")
