"""Finds the checks and levers: one file each in `activities/checks` and `activities/levers`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType, ModuleType
from typing import Any

from activities import checks, levers
from activities.outside import Ask, Outside
from incident.model.finding import Finding
from incident.model.lever import LeverPlan, LeverReport

Check = Callable[[Ask, Outside], Awaitable[Finding]]


@dataclass(frozen=True, kw_only=True)
class Lever:
    """What a lever's file offers (design §7). `apply` gets the plan, and the instant of the yes (aware UTC).

    A lever for each of several subjects answers with a plan for each. One that is carried out by a procedure of its own
    names that workflow type in `PROCEDURE`, and has no `apply`.
    """

    plan: Callable[[Ask, Outside], Awaitable[LeverPlan | tuple[LeverPlan, ...]]]
    apply: Callable[[LeverPlan, Any, Outside], Awaitable[LeverReport]] | None


class CatalogueError(Exception):
    """A file in `checks` or `levers` that lacks what its kind must offer."""


@cache
def all_checks() -> Mapping[str, Check]:
    """Name → check. Raises CatalogueError."""
    return MappingProxyType({name: _offer(module, "check") for name, module in _modules(checks).items()})


@cache
def all_levers() -> Mapping[str, Lever]:
    """Name → lever. Raises CatalogueError."""
    return MappingProxyType(
        {name: Lever(plan=_offer(module, "plan"), apply=_apply(module)) for name, module in _modules(levers).items()}
    )


def _modules(room: ModuleType) -> dict[str, ModuleType]:
    names = sorted(found.name for found in iter_modules(room.__path__))
    return {name: import_module(f"{room.__name__}.{name}") for name in names}


def _apply(module: ModuleType) -> Any:
    return None if hasattr(module, "PROCEDURE") else _offer(module, "apply")


def _offer(module: ModuleType, name: str) -> Any:
    found = getattr(module, name, None)
    if found is None:
        raise CatalogueError(f"{module.__name__} has no `async def {name}`")
    return found
