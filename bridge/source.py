"""What every alert source offers: `parse(body) -> Parsed`. One file per vendor in `bridge/sources`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from bridge import sources
from incident.model.alert import Alert


@dataclass(frozen=True)
class NotThisVendor(Exception):
    """A body that can never be understood: why, and what was expected."""

    why: str
    expected: str

    def __str__(self) -> str:
        return f"{self.why}; expected {self.expected}"


@dataclass(frozen=True, kw_only=True)
class RefusedAlert:
    """One bad alert among others. `index` counts from 0."""

    index: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Parsed:
    alerts: tuple[Alert, ...]
    refused: tuple[RefusedAlert, ...]
    expected: str
    """What would have been understood."""


Parse = Callable[[bytes], Parsed]


@cache
def all_sources() -> Mapping[str, Parse]:
    """Vendor (file name, and path of its webhook) → parse."""
    names = sorted(found.name for found in iter_modules(sources.__path__))
    return MappingProxyType({name: import_module(f"{sources.__name__}.{name}").parse for name in names})
