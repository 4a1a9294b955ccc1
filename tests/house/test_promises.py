"""Nobody promises a root cause before the postmortem: our own words have no place for one (runbook §7)."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields

import pytest

from incident.model.card import Card
from incident.model.effects import Post
from tests.house.sources import modules

PROMISE = re.compile(r"root cause|\bcaused by\b|\bthe cause (is|was)\b|\bdue to a\b", re.IGNORECASE)
ROOMS = ("incident", "runbook", "activities", "integrations", "bridge", "workflows")
POSTMORTEM = "incident/policy/postmortem.py"
"""The one that asks for it."""


def words(tree: ast.Module) -> Iterator[str]:
    """Texts of a module that people may come to read: every literal that is not a description."""
    described = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in described:
            yield node.value


def promises(tree: ast.Module) -> list[str]:
    return [text for text in words(tree) if PROMISE.search(text)]


def test_no_template_of_a_thread_a_mail_or_a_page_names_a_cause() -> None:
    """What we post, page, mail and show is written by us: none of it says why."""
    found = {path: promises(tree) for path, tree in modules(*ROOMS).items() if path != POSTMORTEM}
    assert {path: said for path, said in found.items() if said} == {}


def test_the_postmortem_does() -> None:
    """There it belongs, and the net catches it."""
    assert promises(modules("incident")[POSTMORTEM])


@pytest.mark.parametrize("kind", [Post, Card])
def test_nothing_said_in_a_thread_has_a_field_for_a_cause(kind: type) -> None:
    """A field would be filled in some day."""
    assert [f.name for f in fields(kind) if "cause" in f.name] == []
