"""`incidents doctor`: is everything here that an incident needs? Reads only; nobody is paged."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.markup import escape

from cli.connect import SayNo
from cli.panels import console
from worker.settings import load_settings


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


def doctor() -> None:
    """Look at everything an incident needs, and say what to do where something is missing.

    Exit code 1: something is bad.

    Example: incidents doctor
    """
    from cli.examine import examine

    lines = asyncio.run(examine(load_settings()))
    show(lines)
    bad = [line.what for line in lines if line.verdict is Verdict.BAD]
    if bad:
        raise SayNo(f"bad: {', '.join(bad)}")


def show(lines: Sequence[Line]) -> None:
    """One line each, and under it what to do."""
    widest = max(len(line.what) for line in lines)
    out = console()
    for line in lines:
        style = STYLES[line.verdict]
        out.print(f"[{style}]{line.verdict:<8}[/]{line.what:<{widest}}  {escape(line.seen)}", soft_wrap=True)
        if line.do and line.verdict is not Verdict.OK:
            out.print(f"{'':<8}{'':<{widest}}  → {escape(line.do)}", soft_wrap=True)
