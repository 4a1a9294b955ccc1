"""Asks the sources of rotations who is on call, and remembers what they said for when they are silent.

One file each in `integrations/oncall_sources`, which offers `source(settings, http)`; the name of the file is the word
before the colon in a rotation's `source`. A page waits WITHIN_S for all of them together; without any there is nothing
to wait for. A source that is silent is answered for by its last answer, with its age, said aloud: somebody who was on
call is better than nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

import httpx
import structlog

from incident.model.effects import Page
from integrations import oncall_sources
from integrations.errors import IntegrationError
from integrations.last_known import LastKnown, Remembered
from integrations.ports import OncallSource
from integrations.reach import Lacking
from integrations.settings import OncallSourcesSettings
from oncall.answer import Answer, Named, recognised
from oncall.answered import Answered
from oncall.audience import Audience, Question, audience
from oncall.needed import needed
from oncall.schedule import Rotation, Schedule
from oncall.sparing import without

WITHIN_S = 2.0
"""A page waits no longer for who it is for."""
OLDEST = timedelta(hours=24)
"""Ours: a shift is over by then, or nearly so. The next rung knows somebody who is sure to be right."""

log = structlog.get_logger(__name__)

Ask = Callable[[OncallSource, str], Awaitable[tuple[Named, ...]]]
"""Of a source, about one of its schedules."""
Make = Callable[[OncallSourcesSettings, httpx.AsyncClient], OncallSource | Lacking]


@cache
def all_sources() -> Mapping[str, Make]:
    """Kind → what makes its source."""
    names = sorted(found.name for found in iter_modules(oncall_sources.__path__))
    return MappingProxyType({name: import_module(f"{oncall_sources.__name__}.{name}").source for name in names})


def sources(settings: OncallSourcesSettings, http: httpx.AsyncClient) -> dict[str, OncallSource | Lacking]:
    """Every kind there is, or the setting it lacks."""
    return {name: make(settings, http) for name, make in all_sources().items()}


@dataclass(frozen=True, kw_only=True)
class Members:
    """Keys of people. `unknown`: why there may be more of them."""

    people: tuple[str, ...] = ()
    unknown: str = ""

    def and_also(self, person: str | None) -> "Members":
        """The same with one more."""
        return replace(self, people=tuple(dict.fromkeys((*self.people, person)))) if person else self


@dataclass(frozen=True)
class OnDuty:
    """`memory` None: nothing is remembered, as for a question about another day."""

    sources: Mapping[str, OncallSource | Lacking] = field(default_factory=dict)
    memory: LastKnown | None = None
    within_s: float = WITHIN_S
    oldest: timedelta = OLDEST
    """A last known answer that is older than this counts no more."""

    async def audience(self, schedule: Schedule, page: Page, team: tuple[str, ...], now: datetime) -> Audience:
        """Whom this page is for at this instant. `team`: channels of the whole team, in order. Never raises."""
        asked = Question(targets=page.targets, domain=page.domain, severity=page.severity, at=now, team=team)
        rotations = needed(schedule, page.targets, page.domain, now)
        found = audience(await self.answered(schedule, now, only=rotations), asked)
        return replace(found, recipients=without(schedule, found.recipients, page.spared)) if page.spared else found

    async def members(self, schedule: Schedule, now: datetime) -> dict[str, Members]:
        """Rotation → who takes turns in it. Never raises for what a source does.

        Where its source is silent: whoever it named last.
        """
        found = {name: Members(people=rotation.members) for name, rotation in schedule.rotations.items()}
        asked = schedule.sourced
        if not asked:
            return found
        asking = (self._members(schedule, rotation, now) for rotation in asked.values())
        told = await asyncio.gather(*asking, return_exceptions=True)
        answered = await self.answered(schedule, now)
        on_call = {name: answered.answer(name).person for name in asked}
        for name, said in zip(asked, told, strict=True):
            members = said if isinstance(said, Members) else Members(unknown=_why(asked[name], said))
            found[name] = members.and_also(on_call[name])
        return found

    async def _members(self, schedule: Schedule, rotation: Rotation, now: datetime) -> Members:
        said = await self._heard(rotation, lambda source, where: source.members(where, now, rotation.zone))
        if isinstance(said, str):
            return Members(unknown=said)
        people = (recognised(schedule.people, one) for one in said)
        return Members(people=tuple(dict.fromkeys(person for person in people if person)))

    async def answered(self, schedule: Schedule, at: datetime, *, only: Collection[str] | None = None) -> Schedule:
        """The plan with what every source said about `at`. Never raises for what a source does.

        `only`: names of rotations that may be needed; the others are not asked about.
        """
        asked = {name: r for name, r in schedule.sourced.items() if only is None or name in only}
        if not (asked and schedule.people):
            return schedule
        asking = (self._ask(schedule, rotation, at) for rotation in asked.values())
        found = dict(zip(asked, await asyncio.gather(*asking, return_exceptions=True), strict=True))
        heard = {name: answer for name, answer in found.items() if isinstance(answer, Answer)}
        silent = {name: _why(asked[name], said) for name, said in found.items() if not isinstance(said, Answer)}
        known = await self._renewed(self.memory, schedule, heard, at) if self.memory else {}
        last = {name: self._last(asked[name], why, known.get(name), at) for name, why in silent.items()}
        return Answered.of(schedule, heard | last)

    async def _renewed(
        self, memory: LastKnown, schedule: Schedule, heard: Mapping[str, Answer], at: datetime
    ) -> dict[str, Remembered]:
        """A disk that is full or wedged must not keep anybody asleep."""
        now = {name: Remembered(person=a.person, at=at) for name, a in heard.items() if a.person}
        try:
            async with asyncio.timeout(self.within_s):
                return await asyncio.to_thread(memory.renew, schedule.sourced, now)
        except (OSError, TimeoutError) as error:
            log.error("who is on call is not remembered", file=memory.path.name, because=type(error).__name__)
            return {}

    def _last(self, rotation: Rotation, why: str, known: Remembered | None, at: datetime) -> Answer:
        if known is None:
            return Answer(source=rotation.calls, note=f"{why}; no earlier answer is known", is_old=True)
        age = _age(at - known.at)
        if at - known.at > self.oldest:
            note = f"{why}; its last answer is {age} old, which is too old to count"
            return Answer(source=rotation.calls, note=note, is_old=True)
        note = f"{why}; last known answer, {age} old"
        return Answer(source=rotation.calls, person=known.person, note=note, is_old=True, age=age)

    async def _ask(self, schedule: Schedule, rotation: Rotation, at: datetime) -> Answer | str:
        """What it said, or why it is silent."""
        named = await self._heard(rotation, lambda source, where: source.at(where, at, rotation.zone))
        return named if isinstance(named, str) else _answer(schedule, rotation, named)

    async def _heard(self, rotation: Rotation, ask: Ask) -> tuple[Named, ...] | str:
        """What it said, or why it is silent."""
        kind, _, where = rotation.source.partition(":")
        found = self.sources.get(kind)
        if found is None:
            return f"there is no source {kind}: there are {', '.join(all_sources())}"
        if isinstance(found, Lacking):
            return f"{rotation.calls} cannot be asked: set {found.setting}"
        try:
            async with asyncio.timeout(self.within_s):
                return await ask(found, where)
        except IntegrationError as error:
            return f"{rotation.calls} is silent: {error}"
        except TimeoutError:
            return f"{rotation.calls} is silent: no answer within {self.within_s:g} s"


def _why(rotation: Rotation, said: str | BaseException) -> str:
    """A slip of ours in one source must not cost a page, so whatever it raised is a silence of its own."""
    if isinstance(said, str):
        return said
    log.error("a source of who is on call failed", source=rotation.calls, because=type(said).__name__)
    return f"{rotation.calls} is silent: {type(said).__name__}"


def _answer(schedule: Schedule, rotation: Rotation, named: Sequence[Named]) -> Answer:
    """The first whom we know."""
    for one in named:
        if person := recognised(schedule.people, one):
            return Answer(source=rotation.calls, person=person, until=one.until)
    theirs = ", ".join(one.id for one in named if one.id)
    note = f"{rotation.calls} names somebody we do not know{f' ({theirs})' if theirs else ''}"
    return Answer(source=rotation.calls, note=note if named else f"{rotation.calls} has nobody on call")


def _age(passed: timedelta) -> str:
    """`40 min`, `5 h`, `3 days`; a clock that was put back makes it no younger than nothing."""
    minutes = max(int(passed.total_seconds() // 60), 0)
    if minutes < 120:
        return f"{minutes or 'under 1'} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
