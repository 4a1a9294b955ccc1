"""The platform stands for somebody else's code: nothing of ours knows it, and it knows nothing of ours."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[3]
PRODUCT = ("incident", "runbook", "bridge", "workflows", "activities", "integrations", "worker", "saga")
ALLOWED = {"gameday.processes", "gameday.world.database"}
"""Dying with its parent, and PostgreSQL."""


def imports(folder: Path) -> set[str]:
    """Modules named in import statements of all files below."""
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
    return found


def test_the_product_does_not_know_it() -> None:
    named = set().union(*(imports(ROOT / package) for package in PRODUCT))
    assert [name for name in sorted(named) if name.startswith("gameday")] == []


def test_it_does_not_know_the_product() -> None:
    ours = (*PRODUCT, "cli", "gameday", "bench", "tests")
    known = {name for name in imports(ROOT / "gameday/provisioning") if name.split(".")[0] in ours}
    assert {name for name in known if not name.startswith("gameday.provisioning")} == ALLOWED
