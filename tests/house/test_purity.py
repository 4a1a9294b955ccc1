"""`incident/` decides; it reads no clock, draws no lots and touches nothing."""

import ast
from collections.abc import Iterator

import pytest

from tests.house.sources import LOADED_ONCE, PURE, modules
from worker.sandbox import HELPERS, SHELLS

MAY_IMPORT = {
    *("collections", "collections.abc", "dataclasses", "datetime", "enum", "functools", "hashlib", "itertools"),
    *("json", "math", "operator", "re", "shlex", "typing", "unicodedata", "pydantic", "incident"),
}
"""Whatever gives the same answer every time. `shlex` quotes, `hashlib` hashes."""
ONLY_HERE = {"incident/model/zones.py": {"zoneinfo"}}
CLOCKS = {"now", "utcnow", "today"}
OUTSIDE = {"open", "input", "print", "exec", "eval", "__import__", "breakpoint", "hash", "id"}
"""`hash` of a text differs from process to process."""


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


MUTATORS = {"append", "extend", "insert", "add", "update", "pop", "popitem", "remove", "discard", "clear", "setdefault"}


def kept(tree: ast.Module) -> Iterator[str]:
    """What in this module would remember one incident while another is decided: all of them share its names."""
    names = {target.id for line in tree.body for target in _targets(line) if isinstance(target, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield ast.unparse(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
            yield from [ast.unparse(node)] if _root(node.func.value) in names else []
        for target in _targets(node):
            if isinstance(target, ast.Subscript | ast.Attribute) and _root(target) in names:
                yield ast.unparse(node)


def _targets(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Assign() | ast.Delete():
            return list(node.targets)
        case ast.AnnAssign() | ast.AugAssign():
            return [node.target]
    return []


def _root(node: ast.expr) -> str:
    """`SEEN` of `SEEN.by["ana"]`."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def impure(path: str, tree: ast.Module) -> Iterator[str]:
    """What in this module could answer differently the next time."""
    allowed = MAY_IMPORT | ONLY_HERE.get(path, set())
    yield from (f"import {name}" for name in imported(tree) if not {name, name.split(".")[0]} & allowed)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS and ast.unparse(node.value) in ("datetime", "date"):
            yield ast.unparse(node)
        if isinstance(node, ast.Call) and _asks_a_clock(node.func):
            yield ast.unparse(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OUTSIDE:
            yield f"{node.func.id}()"


def _asks_a_clock(called: ast.expr) -> bool:
    """By whatever name; the engine's own gives the same answer at every replay."""
    return isinstance(called, ast.Attribute) and called.attr in CLOCKS and ast.unparse(called.value) != "workflow"


def test_the_rules_are_pure() -> None:
    """No clock, no randomness, no I/O, no engine: the same event always means the same."""
    found = [f"{path}: {what}" for path, tree in modules(*PURE).items() for what in impure(path, tree)]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        *("import time", "import random", "import os", "import uuid", "import temporalio.workflow", "import httpx"),
        *("from zoneinfo import ZoneInfo", "at = datetime.now(UTC)", "day = date.today()", "open('x')", "hash('x')"),
        *("at = dt.datetime.now()", "at = clock.now()", "day = Day.today()"),
    ],
)
def test_an_impure_line_is_seen(line: str) -> None:
    """The net has no hole of this size."""
    assert list(impure("incident/policy/decide.py", ast.parse(line)))


SHELLS_TOO = {"asyncio", "base64", "binascii", "temporalio", "cryptography", "activities", "saga", "workflows"}
"""What the shells may use besides: the engine's own API, which gives the same answer at every replay."""


def test_the_shells_are_pure() -> None:
    """The sandbox of a worker does not look at them (docs/decisions/0026)."""
    found = [
        f"{path}: {what}"
        for path, tree in modules("workflows").items()
        for what in (*impure(path, tree), *kept(tree))
        if what.removeprefix("import ").split(".")[0] not in SHELLS_TOO
    ]
    assert found == []


def test_the_sandbox_names_every_module_of_the_shells() -> None:
    """One that is forgotten is executed anew for each incident."""
    there = {path.removesuffix(".py").replace("/", ".") for path in modules("workflows")} - {"workflows.__init__"}
    assert there == {*HELPERS, *SHELLS}


def test_the_rules_remember_nothing() -> None:
    """They are loaded once for all incidents (docs/decisions/0020): what one left behind, another would find."""
    found = [f"{path}: {what}" for path, tree in modules(*LOADED_ONCE).items() for what in kept(tree)]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "def f():\n    global SEEN\n    SEEN = 1",
        *(
            "SEEN = []\ndef f(x): SEEN.append(x)",
            "SEEN = {}\ndef f(x): SEEN[x] = 1",
            "SEEN = {}\ndef f(x): del SEEN[x]",
        ),
        *("SEEN: dict[str, set[str]] = {}\ndef f(x): SEEN[x].add(x)", "SEEN = [0]\ndef f(): SEEN[0] += 1"),
    ],
)
def test_a_line_that_remembers_is_seen(line: str) -> None:
    """The net has no hole of this size either."""
    assert list(kept(ast.parse(line)))
