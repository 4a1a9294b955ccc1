"""What the house tests read: our own files, and the lines that our pages tell people to type."""

import ast
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PURE = ("incident",)
LOADED_ONCE = (*PURE, "saga")
"""Rules that run in workflows, and which the sandbox passes through."""
PRODUCT = (*PURE, "saga", "oncall", "runbook", "bridge", "workflows", "activities", "integrations", "worker", "cli")


def tracked(pattern: str = "*") -> list[Path]:
    """Files of the repository that match, as git knows them, without those just deleted."""
    command = ["git", "ls-files", "-z", "--", pattern]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in told.split("\0") if name and (path := ROOT / name).is_file()]


@cache
def modules(*rooms: str) -> Mapping[str, ast.Module]:
    """Path → syntax tree of every Python file in these rooms (none named: of all)."""
    paths = [p for room in rooms for p in sorted((ROOT / room).rglob("*.py"))] if rooms else tracked("*.py")
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in paths}


def pages() -> list[Path]:
    """Everything people read."""
    return [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(language: str) -> Iterator[str]:
    """Fenced blocks of that language in all pages."""
    for page in pages():
        yield from re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def typed(program: str = "") -> list[list[str]]:
    """Lines to type, as words: without comments, `VAR=x` before them and what follows a pipe or `>`."""
    lines = [line for block in blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
    words = [_bare(shlex.split(line, comments=True)) for line in lines]
    return [line for line in words if line and program in ("", Path(line[0]).name)]


def _bare(words: list[str]) -> list[str]:
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    end = next((n for n, word in enumerate(words) if word in ("|", ">", "&&", ";")), len(words))
    return words[:end]
