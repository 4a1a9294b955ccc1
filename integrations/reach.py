"""Finds the ways to reach a person: one file each in `integrations/pagers`, which offers `pager(reach, http)`.

The name of the file is the name of the channel, in `incidents.toml`, in the response policy and on the timeline.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

import httpx

from integrations import pagers
from integrations.ports import Pager
from integrations.settings import ChatSettings, MailSettings, PagerSettings


@dataclass(frozen=True)
class Reach:
    """What a way to reach people may be set up with."""

    pager: PagerSettings = field(default_factory=PagerSettings)
    chat: ChatSettings = field(default_factory=ChatSettings)
    mail: MailSettings = field(default_factory=MailSettings)


@dataclass(frozen=True)
class Lacking:
    """It cannot be used here: which setting is missing."""

    setting: str


Make = Callable[[Reach, httpx.AsyncClient], Pager | Lacking]


@cache
def all_ways() -> Mapping[str, Make]:
    """Channel → what makes its pager."""
    names = sorted(found.name for found in iter_modules(pagers.__path__))
    return MappingProxyType({name: import_module(f"{pagers.__name__}.{name}").pager for name in names})


def ways(reach: Reach, http: httpx.AsyncClient) -> tuple[dict[str, Pager], dict[str, str]]:
    """Channel → pager, and channel → setting it lacks."""
    made = {name: make(reach, http) for name, make in all_ways().items()}
    lacking = {name: found.setting for name, found in made.items() if isinstance(found, Lacking)}
    return {name: found for name, found in made.items() if not isinstance(found, Lacking)}, lacking
