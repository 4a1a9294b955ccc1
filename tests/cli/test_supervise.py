"""Several programs kept running as one (real small processes)."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.supervise import Child, NotReady, Supervisor
from tests.processes import as_in_a_terminal

FOREVER = "import signal; print('started', flush=True); signal.pause()"


def python(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", code, *map(str, arguments)]


def alive(pid: int) -> bool:
    """Running, and not merely waiting to be reaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


async def until(condition: Callable[[], object], within: float = 20.0) -> None:
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - another process's state wakes nobody
            await asyncio.sleep(0.01)


def nothing(_line: str) -> None: ...


async def never() -> bool:
    return False


async def test_a_killed_program_is_started_again(tmp_path: Path) -> None:
    """`kill -9` is followed by a new process of the same program."""
    async with Supervisor([Child("one", python(FOREVER))], tmp_path, nothing) as programs:
        await programs.ready("one")
        first = programs.pid("one")
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: programs.pid("one") not in (None, first))


async def test_a_restart_is_told_with_its_cause(tmp_path: Path) -> None:
    """One line says who died, of what, and when it starts again."""
    said: list[str] = []
    async with Supervisor([Child("one", python(FOREVER))], tmp_path, said.append) as programs:
        await programs.ready("one")
        os.kill(programs.pid("one") or 0, signal.SIGKILL)
        await until(lambda: said)
    assert said == [f"one was killed by SIGKILL; starting it again in 0.2 s (log: {tmp_path / 'one.log'})"]


async def test_a_program_that_runs_and_answers_no_more_is_started_again(tmp_path: Path) -> None:
    """Once it was ready, being mute for too long ends it; the next one is another process."""
    looks, said = itertools.count(), list[str]()

    async def well() -> bool:
        return next(looks) < 4

    child = Child("engine", python(FOREVER), ready=well, may_be_mute_s=0.2)
    async with Supervisor([child], tmp_path, said.append) as programs:
        await programs.ready("engine")
        first = programs.pid("engine")
        await until(lambda: programs.pid("engine") not in (None, first))
    assert said[0].startswith("engine was running but gave no answer for 0.2 s, and was killed; starting it again")


async def test_a_program_that_is_slow_to_begin_is_left_alone(tmp_path: Path) -> None:
    """Before it was ready for the first time, silence is no reason to kill it."""
    said: list[str] = []
    child = Child("slow", python(FOREVER), ready=never, may_be_mute_s=0.05)
    async with Supervisor([child], tmp_path, said.append) as programs:
        with pytest.raises(NotReady):
            await programs.ready("slow", within=0.5)
    assert said == []


async def test_waits_grow_while_a_program_keeps_dying(tmp_path: Path) -> None:
    """Each quick death doubles the wait before the next start."""
    said: list[str] = []
    async with Supervisor([Child("bad", python("raise SystemExit(3)"))], tmp_path, said.append):
        await until(lambda: len(said) == 3)
    waits = [line.partition("again in ")[2].split()[0] for line in said]
    assert waits == ["0.2", "0.4", "0.8"]


async def test_waiting_for_one_that_keeps_dying_ends_with_its_last_words(tmp_path: Path) -> None:
    """Readiness of a hopeless program is refused with the end of its log."""
    child = Child("bad", python("raise SystemExit('no database here')"), ready=never)
    async with Supervisor([child], tmp_path, nothing) as programs:
        with pytest.raises(NotReady, match=r"(?s)bad keeps dying.*no database here"):
            await programs.ready("bad")


async def test_waiting_for_one_that_never_serves_ends_in_time(tmp_path: Path) -> None:
    """A program that runs but is not ready is named once the time is over."""
    async with Supervisor([Child("mute", python(FOREVER), ready=never)], tmp_path, nothing) as programs:
        with pytest.raises(NotReady, match=r"mute was not ready within 0\.2 s"):
            await programs.ready("mute", within=0.2)


async def test_a_program_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    """A command that does not exist is a death with a reason, not a crash of the supervisor."""
    said: list[str] = []
    async with Supervisor([Child("ghost", [str(tmp_path / "ghost")])], tmp_path, said.append) as programs:
        with pytest.raises(NotReady):
            await programs.ready("ghost")
    assert "could not be started" in said[0]


async def test_a_program_waits_for_those_it_needs(tmp_path: Path) -> None:
    """`after` holds a start back until the other one is ready."""
    gate = tmp_path / "gate"

    async def gate_open() -> bool:
        return gate.exists()

    engine = Child("engine", python(FOREVER), ready=gate_open)
    worker = Child("worker", python("import os, sys; os.stat(sys.argv[1]); " + FOREVER, gate), after=("engine",))
    said: list[str] = []
    async with Supervisor([engine, worker], tmp_path, said.append) as programs:
        await until(lambda: "started" in log_text(programs, "engine"))
        gate.touch()
        await programs.ready("worker")
        await until(lambda: "started" in log_text(programs, "worker"))
    assert said == []


def log_text(programs: Supervisor, name: str) -> str:
    log = programs.log(name)
    return log.read_text() if log.exists() else ""


async def test_programs_are_stopped_in_reverse_order(tmp_path: Path) -> None:
    """The last one started is asked to stop first, and the next only when it is gone."""
    order = tmp_path / "order"
    code = (
        "import signal, sys\n"
        "def stop(*_):\n"
        "    open(sys.argv[1], 'a').write(sys.argv[2] + ' ')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, stop); print('started', flush=True)\n"
        "while True: signal.pause()\n"
    )
    names = ("engine", "worker", "bridge")
    children = [Child(name, python(code, order, name)) for name in names]
    async with Supervisor(children, tmp_path, nothing) as programs:
        for name in names:
            await until(lambda name=name: "started" in log_text(programs, name))
    assert order.read_text().split() == ["bridge", "worker", "engine"]


async def test_one_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    """A program that ignores SIGTERM is killed when its grace is over, and this is said."""
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + FOREVER
    said: list[str] = []
    async with Supervisor([Child("deaf", python(deaf))], tmp_path, said.append, grace_s=0.3) as programs:
        await until(lambda: "started" in log_text(programs, "deaf"))
        pid = programs.pid("deaf") or 0
    assert (alive(pid), said) == (False, ["deaf did not stop within 0.3 s and was killed"])


async def test_what_a_program_leaves_behind_is_killed_with_it(tmp_path: Path) -> None:
    """A grandchild does not outlive the supervisor."""
    parent = "import signal, subprocess, sys; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); signal.pause()"
    async with Supervisor([Child("parent", python(parent, *python(FOREVER)))], tmp_path, nothing) as programs:
        await until(lambda: log_text(programs, "parent").endswith("started\n"))
        grandchild = int(log_text(programs, "parent").split()[0])
    await until(lambda: not alive(grandchild))


async def test_a_childs_environment_is_added_to_ours(tmp_path: Path) -> None:
    """What the child is given, it sees, in its own log."""
    code = "import os; print(os.environ['COLOUR'], bool(os.environ['PATH']), flush=True); " + FOREVER
    async with Supervisor([Child("one", python(code), env={"COLOUR": "blue"})], tmp_path, nothing) as programs:
        await until(lambda: "started" in log_text(programs, "one"))
        assert log_text(programs, "one").startswith("blue True\n")


OWNER = """
import asyncio, sys
from pathlib import Path
from cli.supervise import Child, Supervisor

async def main():
    forever = [sys.executable, "-c", "import signal; signal.pause()"]
    async with Supervisor([Child("one", forever), Child("two", forever)], Path(sys.argv[1]), print) as programs:
        for name in ("one", "two"):
            await programs.ready(name)
        print(programs.pid("one"), programs.pid("two"), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that keeps two programs running, and has printed their ids."""
    with subprocess.Popen(
        python(OWNER, tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        preexec_fn=as_in_a_terminal(),  # noqa: PLW1509 - it must die with the test
    ) as process:
        yield process
        process.kill()


def printed_pids(owner: subprocess.Popen[str]) -> list[int]:
    assert owner.stdout is not None
    return [int(word) for word in owner.stdout.readline().split()]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
async def test_programs_never_outlive_their_owner(owner: subprocess.Popen[str], how: signal.Signals) -> None:
    """However the owner ends, its programs are gone with it."""
    pids = printed_pids(owner)
    assert [alive(pid) for pid in pids] == [True, True]
    owner.send_signal(how)
    await until(lambda: not any(alive(pid) for pid in pids))
