"""A calendar (RFC 5545) as a schedule: a file, or an address such as a vendor's "export as iCal" link.

Who is on call is whoever an event that lasts just then names, by the mail of an attendee or by its title. An event
without a zone (a whole day, a floating time) is meant on the rotation's own clock.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
import recurring_ical_events
from icalendar import Calendar

from incident.model.zones import at_local
from integrations.errors import Refused
from integrations.http import Answer, failure_of, fetch, unreachable
from integrations.settings import OncallSourcesSettings
from oncall.answer import Named

WHO = "the calendar"
MOST_BYTES = 2_000_000
"""A few years of shifts are a tenth of it."""
MOST_RULES = 1000
"""Events that recur. A rotation of fifty people has fifty."""
TOO_OFTEN = ("SECONDLY", "MINUTELY")
"""No shift recurs so often; unfolding one that does would keep a processor busy for minutes, page or no page."""
WITHIN_S = 1.9
"""Shorter than a page waits for all sources (`integrations/on_duty.py`), so that the reason is ours to tell."""
AROUND = timedelta(days=1)
"""Looked at on both sides: an event without a zone may be that far from where UTC would have it."""
TURNS_WITHIN = timedelta(days=45)
"""On both sides of an instant: whoever has a turn in these three months is a member."""


def source(settings: OncallSourcesSettings, http: httpx.AsyncClient) -> "ICalendar":
    """Needs no settings: the path or address is the rotation's."""
    return ICalendar(http)


@dataclass(frozen=True)
class ICalendar:
    """Plays `OncallSource`. What it is asked about is a path, or an http(s) address, which may hold a secret."""

    http: httpx.AsyncClient
    within_s: float = WITHIN_S
    seen: dict[str, Answer] = field(default_factory=dict)
    """Newest answer of each address that names its versions: an unchanged one is not sent again."""

    async def at(self, where: str, at: datetime, zone: str) -> tuple[Named, ...]:
        """The event that began last counts first. Raises Unreachable, RateLimited, Refused."""
        return await asyncio.to_thread(_named, await self._text(where), at, zone)

    async def members(self, where: str, at: datetime, zone: str) -> tuple[Named, ...]:
        """Whoever an event of these weeks names. Raises Unreachable, RateLimited, Refused."""
        return await asyncio.to_thread(_around, await self._text(where), at, zone)

    async def _text(self, where: str) -> bytes:
        is_web = where.startswith(("http://", "https://", "webcal://"))
        return await self._fetched(where) if is_web else await asyncio.to_thread(_read, Path(where))

    async def _fetched(self, url: str) -> bytes:
        url = url.replace("webcal://", "https://", 1)
        known = self.seen.get(url)
        asked = {"If-None-Match": known.etag} if known else {}
        try:
            answer = await fetch(
                self.http, url, within_s=self.within_s, most_bytes=MOST_BYTES, headers=asked, follow=True
            )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
            raise Refused(f"{WHO} has an address that is no web address") from None
        except httpx.HTTPError as error:
            raise unreachable(WHO, error) from None
        if known and answer.status == httpx.codes.NOT_MODIFIED:
            return known.body
        if failure := failure_of(WHO, httpx.Response(answer.status)):
            raise failure
        if answer.cut:
            raise Refused(f"{WHO} is longer than {MOST_BYTES} bytes")
        if answer.etag:
            self.seen[url] = answer
        return answer.body


def _read(path: Path) -> bytes:
    try:
        with path.expanduser().open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except (OSError, RuntimeError, ValueError) as error:  # no such user of `~`, a NUL in the path
        raise Refused(f"{WHO} cannot be read ({getattr(error, 'strerror', None) or type(error).__name__})") from None
    if len(text) > MOST_BYTES:
        raise Refused(f"{WHO} is longer than {MOST_BYTES} bytes")
    return text


def _named(text: bytes, at: datetime, zone: str) -> tuple[Named, ...]:
    lasting = [turn for turn in _turns(text, at, AROUND, zone) if turn.begins <= at < turn.ends]
    return tuple(turn.who for turn in sorted(lasting, key=lambda turn: turn.begins, reverse=True))


def _around(text: bytes, at: datetime, zone: str) -> tuple[Named, ...]:
    return tuple(dict.fromkeys(replace(turn.who, until=None) for turn in _turns(text, at, TURNS_WITHIN, zone)))


@dataclass(frozen=True)
class _Turn:
    begins: datetime
    ends: datetime
    who: Named


def _turns(text: bytes, at: datetime, around: timedelta, zone: str) -> list[_Turn]:
    """What others wrote may be broken in ways that no library lists: any of them is a no with its kind."""
    try:
        calendar = Calendar.from_ical(text)
        _bounded(calendar)
        events = recurring_ical_events.of(calendar, skip_bad_series=True).between(at - around, at + around)
        return [_turn(event, zone) for event in events if str(event.get("STATUS", "")).upper() != "CANCELLED"]
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise Refused(f"{WHO} is not iCalendar that can be read ({type(error).__name__})") from None


def _bounded(calendar: Any) -> None:
    """Raises Refused for rules that unfold into more than any plan has."""
    rules = [rule for event in calendar.walk("VEVENT") for rule in _listed(event.get("RRULE"))]
    often = any(set(rule.get("FREQ", [])) & set(TOO_OFTEN) or len(_times(rule)) > 1 for rule in rules)
    if often or len(rules) > MOST_RULES:
        raise Refused(f"{WHO} has events that recur too often, or too many of them, to be shifts")


def _times(rule: Any) -> list[Any]:
    """Several of them on one day are several shifts for each day of the rule."""
    return [*_listed(rule.get("BYMINUTE")), *_listed(rule.get("BYSECOND"))]


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [] if found is None else [found]


def _turn(event: Any, zone: str) -> _Turn:
    begins, ends = _instant(event.start, zone), _instant(event.end, zone)
    return _Turn(begins, ends, _who(event, ends))


def _instant(told: date | datetime, zone: str) -> datetime:
    if not isinstance(told, datetime):
        return at_local(told, time(0), zone)
    return told.astimezone(UTC) if told.tzinfo else at_local(told.date(), told.time(), zone)


def _who(event: Any, ends: datetime) -> Named:
    listed = _listed(event.get("ATTENDEE"))
    mails = tuple(str(a).partition(":")[2] for a in listed if str(a).lower().startswith("mailto:"))
    return Named(mails=mails, words=str(event.get("SUMMARY", "")), until=ends)
