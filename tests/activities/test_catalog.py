"""Checks and levers are found by their files, and one that lacks something says so."""

from types import ModuleType

import pytest

from activities.catalog import CatalogueError, _offer, all_checks, all_levers


def test_every_check_of_the_runbook_is_found() -> None:
    """One file each."""
    assert {"app_role", "journey", "ledger", "master_secret_rotation", "rds_status", "ready_probe", "self_heal"} <= set(
        all_checks()
    )


def test_every_lever_is_found() -> None:
    """With a plan; and with an apply, unless a procedure of its own carries it out."""
    levers = all_levers()

    assert all(callable(lever.plan) for lever in levers.values())
    assert [name for name, lever in levers.items() if lever.apply is None] == ["redrive_step"]


def test_the_order_is_that_of_their_names() -> None:
    """The same on every machine."""
    assert list(all_checks()) == sorted(all_checks())


def test_a_file_without_its_function_says_what_it_lacks() -> None:
    """Whoever adds a check reads this first."""
    with pytest.raises(CatalogueError, match=r"activities\.checks\.new has no `async def check`"):
        _offer(ModuleType("activities.checks.new"), "check")
