"""`incidents doctor`: is everything here that an incident needs? Reads only, and pages nobody but for `--page-test`."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape

from cli.connect import SayNo
from cli.panels import console
from worker.settings import Settings, load_settings


class Verdict(StrEnum):
    OK = "ok"
    BAD = "bad"
    UNKNOWN = "unknown"
    """It could not be seen. Never counts as ok."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that was looked at. `do`: what mends it."""

    what: str
    verdict: Verdict
    seen: str
    do: str = ""


STYLES = {Verdict.OK: "green", Verdict.BAD: "bold red", Verdict.UNKNOWN: "yellow"}


def doctor(
    page_test: Annotated[
        str,
        typer.Option(metavar="NAME", help="Only send this person a real test page, through each of their contacts."),
    ] = "",
) -> None:
    """Look at everything an incident needs, and say what to do where something is missing.

    Exit code 1: something is bad.

    Examples: incidents doctor · incidents doctor --page-test ana
    """
    settings = load_settings()
    lines = asyncio.run(_page_test(settings, page_test) if page_test else _examine(settings))
    show(lines)
    bad = [line.what for line in lines if line.verdict is Verdict.BAD]
    if bad:
        raise SayNo(f"bad: {', '.join(bad)}")


async def _examine(settings: Settings) -> list[Line]:
    from cli.examine import examine

    return await examine(settings)


async def _page_test(settings: Settings, name: str) -> list[Line]:
    from cli.page_test import page_test

    if name not in settings.oncall.people:
        known = ", ".join(settings.oncall.people) or "nobody"
        raise SayNo(f"there is no {name} in [oncall.people]; there is {known}")
    return await page_test(settings, name)


def show(lines: Sequence[Line]) -> None:
    """One line each, and under it what to do."""
    widest = max(len(line.what) for line in lines)
    out = console()
    for line in lines:
        style = STYLES[line.verdict]
        out.print(f"[{style}]{line.verdict:<8}[/]{line.what:<{widest}}  {escape(line.seen)}", soft_wrap=True)
        if line.do and line.verdict is not Verdict.OK:
            out.print(f"{'':<8}{'':<{widest}}  → {escape(line.do)}", soft_wrap=True)
