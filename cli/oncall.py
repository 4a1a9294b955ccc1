"""`incidents oncall`: who is on call now and next, and why. No engine, and nobody is paged."""

import asyncio
import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
import typer

from cli.connect import SayNo
from cli.escalation_lines import escalation_lines
from cli.reading import Json
from cli.rotation_lines import rotation_lines
from integrations.clock import utc_now
from integrations.http import shared_client
from integrations.on_duty import Members, OnDuty
from integrations.ports import Channels
from oncall.changes import next_change
from oncall.problems import problems
from oncall.schedule import Schedule
from oncall.who import OnCall, who
from oncall.wording import because, instant, zone_of
from oncall.written import EARLIEST, LATEST
from runbook import owners
from worker.settings import Settings, load_settings
from worker.wiring import on_duty

ALL = sorted({owner.domain for owner in vars(owners).values() if isinstance(owner, owners.Owner)})
"""Every domain there is, that of alerts the runbook does not know among them."""
DOMAINS = [domain for domain in ALL if domain != owners.NOBODY.domain]
"""Those that somebody owns (runbook §6)."""
NOTHING = """nobody is on call: no rotation is set. Write one into incidents.toml, in the folder you type this in:

[oncall.people.ana]
name = "Ana Lima"

[oncall.people.bo]

[oncall.rotations.default]
members = ["ana", "bo"]
starts = 2026-01-05
hand_over = 09:00:00
zone = "Europe/Berlin"
every = "weekly"
"""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Who has a domain from one change to the next. `until` None: no change within 400 days."""

    domain: str
    since: datetime
    until: datetime | None
    on_call: OnCall


def _domain(text: str | None) -> str | None:
    if text is not None and text not in ALL:
        raise typer.BadParameter(f"{text!r} is no domain; there are {', '.join(ALL)}")
    return text


def _instant(text: str | None) -> datetime:
    """UTC unless it says otherwise; now when left out."""
    if text is None:
        return utc_now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time; write 2026-06-16T03:28 or 2026-06-16T05:28+02:00") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if not EARLIEST.replace(tzinfo=None) <= at.replace(tzinfo=None) <= LATEST.replace(tzinfo=None):
        raise typer.BadParameter(f"{text!r} is out of the years {EARLIEST:%Y} to {LATEST:%Y}")
    return at.astimezone(UTC)


def oncall(
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Instead of now: ISO 8601, UTC without offset.")
    ] = None,
    domain: Annotated[
        str | None, typer.Option(metavar="DOMAIN", help="Only this one of the runbook's.", callback=_domain)
    ] = None,
    of: Annotated[str, typer.Option(metavar="ROTATION", help="Only who takes turns in this rotation.")] = "",
    as_json: Json = False,
) -> None:
    """Who is on call for each domain, until when, why, and who is next. Pages nobody.

    With --domain also whom an incident nobody acknowledges is carried to. Addresses are masked.

    Exit code 1: a domain or the rotation has nobody, or no rotation is set.

    Examples: incidents oncall · incidents oncall --domain database · incidents oncall --at 2026-12-25T03:00+01:00
    """
    asked, settings = _instant(at), load_settings()
    if not settings.oncall.is_set:
        raise SayNo(NOTHING.rstrip())
    if of:
        _show_rotation(settings, of, asked, is_now=at is None)
        return
    schedule = asyncio.run(_answered(settings, asked, is_now=at is None))
    turns = [turn(schedule, name, asked) for name in ([domain] if domain else DOMAINS)]
    typer.echo(_as_json(schedule, turns) if as_json else "\n".join(_lines(schedule, turns)))
    if domain and not as_json:
        typer.echo("\n".join(escalation_lines(schedule, domain, asked, Channels().team)))
    for problem in problems(schedule, ALL):
        typer.echo(f"! {problem.what}\n  → {problem.do}", err=True)
    empty = [found.domain for found in turns if found.on_call.person is None]
    if empty:
        raise SayNo(f"nobody is on call for {', '.join(empty)}")


def _show_rotation(settings: Settings, name: str, at: datetime, *, is_now: bool) -> None:
    """Whoever is in it may speak for it. Raises SayNo."""
    if name not in settings.oncall.rotations:
        raise SayNo(f"there is no rotation {name}; there is {', '.join(settings.oncall.rotations)}")
    schedule = asyncio.run(_answered(settings, at, is_now=is_now))
    members = asyncio.run(_members(settings, at, is_now=is_now))[name]
    typer.echo("\n".join(rotation_lines(schedule, name, members, at)))
    if not members.people:
        raise SayNo(f"nobody we know is in rotation {name}")


async def _answered(settings: Settings, at: datetime, *, is_now: bool) -> Schedule:
    async with shared_client() as http:
        return await _asking(settings, http, is_now=is_now).answered(settings.oncall, at)


async def _members(settings: Settings, at: datetime, *, is_now: bool) -> dict[str, Members]:
    async with shared_client() as http:
        return await _asking(settings, http, is_now=is_now).members(settings.oncall, at)


def _asking(settings: Settings, http: httpx.AsyncClient, *, is_now: bool) -> OnDuty:
    """What was known about now says nothing about another day, and the other way round."""
    asking = on_duty(settings, http)
    return asking if is_now else replace(asking, memory=None)


def turn(schedule: Schedule, domain: str, at: datetime) -> Turn:
    """The one that `at` is in, counted from there."""
    on_call, change = who(schedule, domain, at), next_change(schedule, domain, at)
    said = on_call.why.answer.until if on_call.why.answer else None
    ends = [end for end in (change, said) if end and end > at]
    return Turn(domain=domain, since=at, until=min(ends, default=None), on_call=on_call)


def _lines(schedule: Schedule, turns: list[Turn]) -> list[str]:
    return [line for found in turns for line in _told(schedule, found)]


def _told(schedule: Schedule, now: Turn) -> list[str]:
    """Three lines: who and until when, why, who is next."""
    because_of = because(schedule, now.domain, now.on_call)
    then = _then(schedule, now)
    lines = (f"{_who(schedule, now)} {_until(schedule, now)}", f"why: {because_of}", f"next: {then}")
    return [f"{name:<14}{line}" for name, line in zip((now.domain, "", ""), lines, strict=True)]


def _then(schedule: Schedule, now: Turn) -> str:
    source, following = _source(now), _next(schedule, now)
    if following:
        return f"{_who(schedule, following)} {_until(schedule, following)}"
    return f"{source} will know" if source else "no change within 400 days"


def _next(schedule: Schedule, now: Turn) -> Turn | None:
    """What a source will say is not known now."""
    return turn(schedule, now.domain, now.until) if now.until and not _source(now) else None


def _source(found: Turn) -> str:
    return found.on_call.why.answer.source if found.on_call.why.answer else ""


def _who(schedule: Schedule, found: Turn) -> str:
    return schedule.called(found.on_call.person) if found.on_call.person else "nobody"


def _until(schedule: Schedule, found: Turn) -> str:
    if found.until is None:
        source = _source(found)
        return f"as long as {source} says so" if source else "for the next 400 days"
    return f"until {instant(found.until, zone_of(schedule, found.domain, found.on_call))}"


def _as_json(schedule: Schedule, turns: list[Turn]) -> str:
    told = [_row(schedule, now) | {"next": _after(schedule, now)} for now in turns]
    return json.dumps(told, default=datetime.isoformat, indent=2, ensure_ascii=False)


def _after(schedule: Schedule, now: Turn) -> dict[str, Any] | None:
    following = _next(schedule, now)
    return _row(schedule, following) if following else None


def _row(schedule: Schedule, found: Turn) -> dict[str, Any]:
    why = found.on_call.why
    person = schedule.people.get(found.on_call.person or "")
    return {
        "domain": found.domain,
        "person": found.on_call.person,
        "name": person.name or found.on_call.person if person else None,
        "since": found.since,
        "until": found.until,
        "zone": zone_of(schedule, found.domain, found.on_call),
        "why": because(schedule, found.domain, found.on_call),
        "layer": why.layer,
        "source": asdict(why.answer) if why.answer else None,
        "shift": asdict(why.shift) if why.shift else None,
        "override": why.override.model_dump(mode="json", by_alias=True) if why.override else None,
    }
