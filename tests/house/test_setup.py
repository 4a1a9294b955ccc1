"""The set-up that `make run` and `make test` do first (Makefile, lock files, .ci/run)."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)

FAKE_PYTHON = """#!/bin/sh
# Stands for a Python: writes down what it is asked, and makes an environment of itself.
echo "$*" >> "$CALLS"
case "$*" in
    *sys.version_info*) exit ${TOO_OLD:-0} ;;
    *ensurepip*) exit ${NO_VENV:-0} ;;
    -V) echo "Python 3.9.2" ;;
    "-m venv --clear .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
esac
"""


def pins(name: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for package, version in PIN.findall((ROOT / name).read_text()):
        found.setdefault(canonicalize_name(package), set()).add(version)
    return found


def asked_for(*extras: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *(line for e in extras for line in project["optional-dependencies"][e])]
    return {canonicalize_name(Requirement(line).name) for line in lines} - {"incidents"}


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.lock", ("gameday", "dev")), ("requirements-runtime.lock", ())]
)
def test_everything_asked_for_is_locked(lock: str, extras: tuple[str, ...]) -> None:
    """What pyproject.toml asks for, and the build tool, has a pinned version."""
    assert (asked_for(*extras) | {"setuptools"}) - set(pins(lock)) == set()


def test_locked_versions_are_those_asked_for() -> None:
    """No pin contradicts pyproject.toml: `make lock` was run after its last change."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    locked, wrong = pins("requirements.lock"), []
    for wanted in (Requirement(line) for line in lines):
        versions = locked.get(canonicalize_name(wanted.name), set())
        wrong += [f"{wanted}: {version}" for version in versions if not wanted.specifier.contains(version)]
    assert wrong == []


def test_the_image_runs_what_the_tests_ran() -> None:
    """Both lock files pin the same versions."""
    tested = pins("requirements.lock")
    assert {
        name: versions for name, versions in pins("requirements-runtime.lock").items() if tested[name] != versions
    } == {}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-runtime.lock"])
def test_every_pin_has_a_hash(lock: str) -> None:
    """Nothing is installed whose bytes were not seen when it was locked."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / lock).read_text().strip())
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-runtime.lock"])
def test_lock_files_hold_no_addresses(lock: str) -> None:
    """Where packages come from is each machine's own choice."""
    assert re.findall(r"https?://|--index-url|--find-links", (ROOT / lock).read_text()) == []


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder as freshly cloned, with a Python that only writes down what it is asked."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    python = tmp_path / "fake-python"
    python.write_text(FAKE_PYTHON)
    python.chmod(0o755)
    return tmp_path


def make(clone: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"INCIDENTS_PYTHON": str(clone / "fake-python"), "CALLS": str(clone / "calls"), **environment}
    return subprocess.run(
        ["make", *arguments],
        cwd=clone,
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def calls(clone: Path) -> list[str]:
    return (clone / "calls").read_text().splitlines()


def test_set_up_installs_only_what_is_locked(clone: Path) -> None:
    """Dependencies with hashes, then ourselves without any, then the engine."""
    assert make(clone, "setup").returncode == 0
    wanted = ("--require-hashes -r requirements.lock", "--no-deps --no-build-isolation -e .", "-m worker.engine ensure")
    assert [next((w for w in wanted if w in call), None) for call in calls(clone)[-3:]] == list(wanted)


def test_a_second_set_up_does_nothing(clone: Path) -> None:
    """With everything in place it starts no Python at all."""
    make(clone, "setup")
    shutil.copy("/bin/true", clone / ".venv/bin/temporal")
    before = calls(clone)
    assert (make(clone, "setup").stdout, calls(clone)) == ("", before)


def test_a_changed_lock_file_is_installed(clone: Path) -> None:
    """After a pull that moves a pin, the next command installs it."""
    make(clone, "setup")
    stamp, lock = clone / ".venv/.set-up", clone / "requirements.lock"
    later = stamp.stat().st_mtime + 10
    os.utime(lock, (later, later))
    (clone / "calls").unlink()
    make(clone, "setup")
    assert any("--require-hashes" in call for call in calls(clone))


@pytest.mark.parametrize(
    ("environment", "advice"),
    [
        ({"INCIDENTS_PYTHON": "/nowhere/python3"}, "apt-get install python3"),
        ({"TOO_OLD": "1"}, "is Python 3.9.2, 3.11 or newer is needed"),
        ({"NO_VENV": "1"}, "apt-get install python3-venv"),
    ],
    ids=["no Python", "old Python", "no venv module"],
)
def test_what_is_missing_is_told_with_what_to_do(clone: Path, environment: dict[str, str], advice: str) -> None:
    """A machine that lacks something gets one sentence, not a traceback."""
    refused = make(clone, "setup", **environment)
    assert (refused.returncode, advice in refused.stderr) == (2, True), refused.stderr


def test_help_lists_every_command(clone: Path) -> None:
    """`make` alone says what there is."""
    shown = set(re.findall(r"^  make (\w+)", make(clone).stdout, re.MULTILINE))
    assert shown == {"help", "setup", "run", "test", "check", "bench", "lock", "clean"}


def test_ci_runs_what_the_readme_says() -> None:
    """`make check` and `make test`, and nothing else of its own making."""
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert [line for line in lines if line.startswith("make ")] == ["make check", "make test"]


def test_the_ci_script_is_sound() -> None:
    """bash can read it, and git knows that it is a program."""
    read = subprocess.run(["bash", "-n", str(ROOT / ".ci/run")], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr, os.access(ROOT / ".ci/run", os.X_OK)) == (0, "", True)
