"""Several programs kept running as one: started, watched, started again, stopped together."""

import asyncio
import math
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

from worker.processes import die_with_parent

Say = Callable[[str], None]

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 5.0
STEADY_S = 10.0
"""Who lived this long had started well: its next death begins with a short wait again."""
HOPELESS = 3
"""Quick deaths in a row after which waiting for readiness makes no sense."""
GRACE_S = 25.0
"""Between being asked and being killed; a worker lets its activities end within 20 s."""
LOOK_AGAIN_S = 0.05
WATCH_EVERY_S = 1.0
LOG_KEPT_BYTES = 10 * 1024 * 1024
LOG_TAIL_LINES = 15


class NotReady(Exception):
    """A program did not become ready. The message holds the end of its log."""


@dataclass(frozen=True)
class Child:
    """One program to keep running. `ready` says whether it does its work; None: running is enough."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to our own environment."""
    cwd: Path | None = None
    """Folder it runs in; None: ours."""
    ready: Callable[[], Awaitable[bool]] | None = None
    after: tuple[str, ...] = ()
    """Names of those that must be ready before this one is started."""
    may_be_mute_s: float = math.inf
    """Once ready, not ready for that long is as bad as dead: it is killed and started again."""


@dataclass
class _Kept:
    """What is known about a child now."""

    child: Child
    log: Path
    process: asyncio.subprocess.Process | None = None
    quick_deaths: int = 0

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def is_ready(self) -> bool:
        return self.running and (self.child.ready is None or await self.child.ready())


class Supervisor:
    """`async with Supervisor(children, log_dir, say) as s:` starts them all and, at the end, stops them all.

    Each writes to `log_dir/<name>.log`. One that dies is started again (0.2 s, then twice as long each time, 5 s at
    most), and `say` is told. They are stopped in reverse order. If we are killed, the kernel kills them.
    """

    def __init__(self, children: Sequence[Child], log_dir: Path, say: Say, *, grace_s: float = GRACE_S) -> None:
        self._kept = {child.name: _Kept(child, log_dir / f"{child.name}.log") for child in children}
        self._log_dir, self._say, self._grace_s = log_dir, say, grace_s
        self._keepers: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        self._log_dir.mkdir(parents=True, exist_ok=True)
        for name, kept in self._kept.items():
            self._keepers[name] = asyncio.create_task(self._keep(kept), name=f"keep {name}")
        return self

    async def __aexit__(self, *_: object) -> None:
        for name in reversed(self._kept):
            self._keepers[name].cancel()
            await asyncio.gather(self._keepers[name], return_exceptions=True)
            await self._stop(self._kept[name])

    def pid(self, name: str) -> int | None:
        """Process id of the one running now; None while it is down."""
        kept = self._kept[name]
        return kept.process.pid if kept.process is not None and kept.running else None

    def log(self, name: str) -> Path:
        """Where its output goes."""
        return self._kept[name].log

    async def ready(self, name: str, within: float = 60.0) -> None:
        """Return when it is ready; `within` in seconds. Raises NotReady, at once when it keeps dying."""
        kept = self._kept[name]
        try:
            async with asyncio.timeout(within):
                while not await kept.is_ready():
                    if kept.quick_deaths >= HOPELESS:
                        raise NotReady(_complaint(kept, "keeps dying"))
                    await asyncio.sleep(LOOK_AGAIN_S)
        except TimeoutError:
            raise NotReady(_complaint(kept, f"was not ready within {within:g} s")) from None
        kept.quick_deaths = 0

    async def _keep(self, kept: _Kept) -> None:
        for name in kept.child.after:
            while not await self._kept[name].is_ready():  # noqa: ASYNC110 - nothing wakes us: another process's state
                await asyncio.sleep(LOOK_AGAIN_S)
        wait = FIRST_WAIT_S
        while True:
            lived, why = await self._one_life(kept)
            steady = lived >= STEADY_S
            wait, kept.quick_deaths = (FIRST_WAIT_S, 0) if steady else (wait, kept.quick_deaths + 1)
            self._say(f"{kept.child.name} {why}; starting it again in {wait:.1f} s (log: {kept.log})")
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_S)

    async def _one_life(self, kept: _Kept) -> tuple[float, str]:
        """Run it until it dies: seconds it lived, and what it died of."""
        began = asyncio.get_running_loop().time()
        try:
            kept.process = await _start(kept)
        except OSError as error:
            return 0.0, f"could not be started: {error}"
        cause = await _death(kept, kept.process)
        _sweep(kept.process.pid)
        return asyncio.get_running_loop().time() - began, cause

    async def _stop(self, kept: _Kept) -> None:
        process = kept.process
        if process is None:
            return
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), self._grace_s)
            except TimeoutError:
                self._say(f"{kept.child.name} did not stop within {self._grace_s:g} s and was killed")
        _sweep(process.pid)
        await process.wait()


def sigterm_stops() -> None:
    """Whoever asks us to stop, as systemd does, gets what Ctrl-C gets: this task is cancelled, its blocks are left."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


async def _death(kept: _Kept, process: asyncio.subprocess.Process) -> str:
    """What it died of, or was killed for here."""
    if kept.child.may_be_mute_s == math.inf:
        return _cause(await process.wait())
    mute = asyncio.create_task(_mute(kept), name=f"watch {kept.child.name}")
    end = asyncio.create_task(process.wait())
    try:
        await asyncio.wait((mute, end), return_when=asyncio.FIRST_COMPLETED)
        if end.done():
            return _cause(end.result())
        process.kill()
        await end
        return f"was running but gave no answer for {kept.child.may_be_mute_s:g} s, and was killed"
    finally:
        mute.cancel()
        end.cancel()


async def _mute(kept: _Kept) -> None:
    """Return when it has been mute for too long. Before it was ready for the first time there is nothing to lose."""
    clock = asyncio.get_running_loop().time
    heard = math.inf
    while clock() - heard < kept.child.may_be_mute_s:
        await asyncio.sleep(min(WATCH_EVERY_S, kept.child.may_be_mute_s))
        if await kept.is_ready():
            heard = clock()


async def _start(kept: _Kept) -> asyncio.subprocess.Process:
    with _opened(kept.log) as log:
        return await asyncio.create_subprocess_exec(
            *kept.child.command,
            env={**os.environ, **kept.child.env},
            cwd=kept.child.cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches us alone: we stop them, in order
            preexec_fn=die_with_parent(),
        )


def _opened(log: Path) -> IO[bytes]:
    if log.exists() and log.stat().st_size > LOG_KEPT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    return log.open("ab")


def _sweep(group: int) -> None:
    """Kill what it left behind in its session; a program that cleaned up after itself left nothing."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # PermissionError: what macOS says of a group of zombies
        return


def _cause(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def _complaint(kept: _Kept, what: str) -> str:
    lines = kept.log.read_text(errors="replace").splitlines() if kept.log.exists() else []
    return f"{kept.child.name} {what}. The end of {kept.log}:\n" + "\n".join(lines[-LOG_TAIL_LINES:])
