"""How our files look: small, described, and free of what belongs to one machine."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from activities.provide import World, provide
from tests.house.sources import PRODUCT, ROOT, modules, tracked

MOST_LINES = 45
SHORT = 12
"""Lines of a function whose name and types may speak for it."""
HOSTS = r"pyp[i]\.or[g]|pythonhoste[d]|registry\.npmj[s]|proxy\.golan[g]|sum\.golan[g]|repo1?\.mave[n]"
HOSTS += r"|(index|static)\.crate[s]|deb\.debia[n]"
PLACES = r"/wor[k]/|/far[m]/|/roo[t]/|/hom[e]/\w+/"
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    yield from (node for node in ast.walk(tree) if isinstance(node, Function))


def lines(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_function_is_longer_than_a_screen() -> None:
    """45 lines; a longer one has two subjects."""
    long = [f"{p}: {n.name}" for p, tree in modules().items() for n in functions(tree) if lines(n) > MOST_LINES]
    assert long == []


def test_package_files_are_empty() -> None:
    """`__init__.py` does nothing: who imports a room imports a module of it."""
    assert [str(path) for path in tracked("*__init__.py") if path.read_text().strip()] == []


def test_every_module_says_what_it_is_for() -> None:
    """A first line for whoever opens it."""
    assert [path for path, tree in modules().items() if tree.body and not ast.get_docstring(tree)] == []


def undescribed(tree: ast.Module) -> Iterator[str]:
    """Public functions that need a word; the only one of a module is described by the module's own docstring."""
    public = [node for node in tree.body if isinstance(node, Function) and not node.name.startswith("_")]
    for node in public:
        if lines(node) > SHORT and len(public) > 1 and not ast.get_docstring(node) and node.name != "main":
            yield node.name


def test_what_does_not_speak_for_itself_is_described() -> None:
    """A public function of more than 12 lines has a docstring, unless it is all its module is about."""
    assert [f"{path}: {name}" for path, tree in modules(*PRODUCT).items() for name in undescribed(tree)] == []


class Nothing:
    """Stands for the whole world, as long as nobody does anything with it."""

    def __getattr__(self, name: str) -> "Nothing":
        if name.startswith("__"):  # `__wrapped__` of itself for ever: what reports a failure follows it
            raise AttributeError(name)
        return self


def declared() -> Iterator[str]:
    """Every activity that is defined somewhere."""
    for tree in modules("activities").values():
        for node in functions(tree):
            if any(ast.unparse(decorator).startswith("activity.defn") for decorator in node.decorator_list):
                yield node.name


def test_every_activity_is_provided_once() -> None:
    """What is written is registered, on one queue: a missing one would only be noticed in an incident."""
    nothing: Any = Nothing()
    world = World(**dict.fromkeys(World.__dataclass_fields__, nothing))
    queues = vars(provide(world)).values()
    assert sorted(activity.__name__ for queue in queues for activity in queue) == sorted(declared())


def test_nothing_of_one_machine_is_in_the_repository() -> None:
    """No registry's host and no path of a developer's disk: the next machine has others."""
    pattern = re.compile(f"{HOSTS}|{PLACES}".encode())
    found = [(path, pattern.search(path.read_bytes())) for path in tracked()]
    assert [f"{path.relative_to(ROOT)}: {where[0]!r}" for path, where in found if where] == []
