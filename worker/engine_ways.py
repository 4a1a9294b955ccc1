"""The ways to a `temporal` program, best first: what is here, what the SDK downloads, what Go builds."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

Say = Callable[[str], None]
"""Told one line of progress."""

PROGRAM = "github.com/temporalio/cli/cmd/temporal"
CLI = "1.5.1"
"""The newest that a module of ours can build: later ones have a `replace` in their go.mod."""
DRIVER = "1.51.0"
"""SQLite's. The CLI's own, 1.34.1, is of no use any more once a call was given up at the wrong moment
(docs/decisions/0028)."""
OLDEST_SERVER = (1, 28)
"""What we were tried against is 1.29.1 and later; older servers lack parts of what incidents are made of."""
OLDEST_GO = (1, 21)
"""Older ones cannot fetch the Go that the build asks for; Debian 12's own is 1.19."""
NEWS_EVERY_S = 10.0
REACHABLE_WITHIN_S = 6.0
DOWNLOAD_WITHIN_S = 180.0
BUILD_WITHIN_S = 1800.0


class NotThisWay(Exception):
    """This way leads nowhere on this machine. The message says why."""


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """`$XDG_CACHE_HOME/incidents/bin`: shared by all clones of one user, and safe to delete."""
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "incidents" / "bin"


def cached() -> Path:
    """Where what Go built is kept. Its folder says of what, so that an earlier one is not taken for it."""
    return cache_folder() / f"{CLI}-sqlite-{DRIVER}" / "temporal"


def cached_download() -> Path:
    """Where what the SDK downloaded is kept."""
    return cache_folder() / "downloaded" / "temporal"


def link() -> Path:
    """`.venv/bin/temporal`, as the README's lines call it."""
    return Path(sys.prefix) / "bin" / "temporal"


def on_path(_say: Say) -> Path:
    """The developer's own. Raises NotThisWay."""
    elsewhere = [folder for folder in os.get_exec_path() if Path(folder) != link().parent]  # our link is not a find
    found = shutil.which("temporal", path=os.pathsep.join(elsewhere))
    if not found:
        raise NotThisWay("no `temporal` there")
    return usable(Path(found).resolve())


def from_cache(_say: Say) -> Path:
    """What an earlier set-up left. Raises NotThisWay."""
    for kept in (cached(), cached_download()):
        if kept.is_file():
            return usable(kept)
    raise NotThisWay(f"nothing at {cached()}")


def downloaded(say: Say) -> Path:
    """The SDK's downloader; asks first whether there is a way out, for it would hang where there is none."""
    downloader = [sys.executable, "-m", "worker.engine_download"]
    say("engine: asking whether the Temporal CLI can be downloaded (6 s at most) …")
    _run([*downloader, "reachable"], say, limit_s=REACHABLE_WITHIN_S)
    with _workplace() as folder:
        say("engine: downloading the Temporal CLI, about 100 MB …")
        _run([*downloader, "fetch", folder], say, limit_s=DOWNLOAD_WITHIN_S)
        return _keep(Path(folder), "temporal-*", cached_download())


def built(say: Say) -> Path:
    """The last version that can be built, with a sound driver; minutes long, so it keeps talking. Raises NotThisWay."""
    go = _go()
    with _workplace() as folder:
        say(f"engine: building Temporal's CLI {CLI} once, with {go}")
        say("engine: about 4 minutes on 2 cores, 3 GB of Go's caches; later set-ups reuse the result")
        for step in (("mod", "init", "engine"), ("get", f"{PROGRAM}@v{CLI}", f"modernc.org/sqlite@v{DRIVER}")):
            _run([go, *step], say, limit_s=BUILD_WITHIN_S, cwd=folder)
        _run([go, "build", "-o", "temporal", PROGRAM], say, limit_s=BUILD_WITHIN_S, cwd=folder)
        return _keep(Path(folder), "temporal", cached())


def _go() -> str:
    go = shutil.which("go")
    if not go:
        raise NotThisWay("no `go` on PATH")
    told = subprocess.run([go, "version"], capture_output=True, text=True, timeout=60, check=False).stdout
    version = re.search(r"\bgo(\d+)\.(\d+)", told)
    if not version or (int(version[1]), int(version[2])) < OLDEST_GO:
        raise NotThisWay(
            f"{go} is {told.strip() or 'silent about its version'}; {OLDEST_GO[0]}.{OLDEST_GO[1]} is needed"
        )
    return go


def usable(binary: Path) -> Path:
    """The same path, when it is a Temporal CLI new enough. Raises NotThisWay."""
    try:
        told = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotThisWay(f"{binary} does not run ({error})") from None
    server = re.search(r"^temporal version .*\(Server (\d+)\.(\d+)", told.stdout)  # a built CLI calls itself 0.0.0-DEV
    if not server:
        raise NotThisWay(f"{binary} does not call itself a Temporal CLI with a server")
    if (int(server[1]), int(server[2])) < OLDEST_SERVER:
        raise NotThisWay(
            f"{binary} has server {server[1]}.{server[2]}, older than {OLDEST_SERVER[0]}.{OLDEST_SERVER[1]}"
        )
    return binary


def _workplace() -> "tempfile.TemporaryDirectory[str]":
    cache_folder().mkdir(parents=True, exist_ok=True)  # same file system as the cache, so that _keep is one rename
    return tempfile.TemporaryDirectory(dir=cache_folder(), prefix="getting-")


def _keep(folder: Path, pattern: str, where: Path) -> Path:
    found = sorted(path for path in folder.glob(pattern) if path.is_file() and os.access(path, os.X_OK))
    if not found:
        raise NotThisWay(f"it ended well but left no {pattern} in {folder}")
    usable(found[0])
    where.parent.mkdir(exist_ok=True)
    found[0].replace(where)
    return where


def _run(command: list[str], say: Say, *, limit_s: float, cwd: str = "") -> None:
    """Run to its end, saying every 10 s that it still runs. Raises NotThisWay with its last words."""
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(command, stdout=words, stderr=words, cwd=cwd or _root())
        try:
            code = _wait(process, say, limit_s)
        finally:
            if process.poll() is None:  # out of time, or Ctrl-C
                process.kill()
                process.wait()
        if code != 0:
            raise NotThisWay(_last_line(words) or f"exit code {code}")


def _wait(process: subprocess.Popen[bytes], say: Say, limit_s: float) -> int:
    began = time.monotonic()
    while True:
        spent = time.monotonic() - began
        if spent >= limit_s:
            raise NotThisWay(f"no result within {limit_s:.0f} s")
        try:
            return process.wait(timeout=min(NEWS_EVERY_S, limit_s - spent))
        except subprocess.TimeoutExpired:
            say(f"engine: still at it, {time.monotonic() - began:.0f} s so far")


def _root() -> Path:
    """Where `-m worker…` is found even before the package is installed."""
    return Path(__file__).parent.parent


def _last_line(words: IO[bytes]) -> str:
    words.seek(0)
    lines = words.read().decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""
