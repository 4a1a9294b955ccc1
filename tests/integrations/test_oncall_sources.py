"""Sources of who is on call: what each vendor says, what all are held to, and what counts while one is silent."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from gameday.receivers.desk import Fault
from gameday.receivers.pagerduty import REST_TOKEN
from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.last_known import LastKnown
from integrations.on_duty import OnDuty, all_sources, sources
from integrations.oncall_sources.icalendar import MOST_BYTES, ICalendar
from integrations.oncall_sources.pagerduty import PagerDutySchedule
from integrations.ports import OncallSource
from integrations.settings import OncallSourcesSettings
from oncall.answer import Named
from oncall.schedule import Person, Rotation, Schedule
from oncall.who import OnCall, who
from tests.fakes import FakeSource
from tests.integrations.receiving import Served
from tests.oncall.plans import BERLIN, utc

NOW = utc("2026-06-16T12:00")
EVENT = """BEGIN:VEVENT
UID:{uid}
DTSTART{start}
DTEND{end}
{more}
END:VEVENT
"""


def event(start: str, end: str, more: str = "SUMMARY:ana", uid: int = 1) -> str:
    return EVENT.format(start=start, end=end, more=more, uid=uid)


def calendar(folder: Path, *events: str) -> str:
    """Its path."""
    text = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n" + "".join(events) + "END:VCALENDAR\n"
    path = folder / "shifts.ics"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    return str(path)


async def words(where: str, at: str, zone: str = "UTC") -> list[str]:
    async with httpx.AsyncClient() as http:
        return [named.words for named in await ICalendar(http).at(where, utc(at), zone)]


LOCAL = f";TZID={BERLIN}:"
WEEKLY = (
    event(f"{LOCAL}20260316T090000", f"{LOCAL}20260323T090000", "SUMMARY:ana\nRRULE:FREQ=WEEKLY;INTERVAL=2"),
    event(f"{LOCAL}20260323T090000", f"{LOCAL}20260330T090000", "SUMMARY:bo\nRRULE:FREQ=WEEKLY;INTERVAL=2", 2),
)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-23T07:59:59", "ana"),
        ("2026-03-23T08:00", "bo"),
        ("2026-03-30T06:59:59", "bo"),
        ("2026-03-30T07:00", "ana"),
        ("2026-10-26T07:59:59", "bo"),
        ("2026-10-26T08:00", "ana"),
    ],
)
async def test_weekly_shifts_hand_over_at_nine_in_summer_and_winter(tmp_path: Path, at: str, expected: str) -> None:
    """08:00 UTC before the clock changes, 07:00 after it, and back in autumn."""
    assert await words(calendar(tmp_path, *WEEKLY), at) == [expected]


@pytest.mark.parametrize(("at", "expected"), [("2026-06-15T22:00", ["ana"]), ("2026-06-16T22:00", [])])
async def test_a_whole_day_is_one_on_the_rotation_s_clock(tmp_path: Path, at: str, expected: list[str]) -> None:
    """Midnight in Berlin is 22:00 UTC the day before."""
    path = calendar(tmp_path, event(";VALUE=DATE:20260616", ";VALUE=DATE:20260617"))
    assert await words(path, at, BERLIN) == expected


async def test_the_event_that_began_last_counts_first_and_a_cancelled_one_never(tmp_path: Path) -> None:
    """Somebody who stands in for a few hours is written on top of the week."""
    path = calendar(
        tmp_path,
        event(":20260615T000000Z", ":20260622T000000Z"),
        event(":20260616T110000Z", ":20260616T130000Z", "SUMMARY:bo", 2),
        event(":20260616T113000Z", ":20260616T130000Z", "SUMMARY:kim\nSTATUS:CANCELLED", 3),
    )
    assert await words(path, "2026-06-16T12:00") == ["bo", "ana"]


async def test_attendees_are_told_by_their_mail(tmp_path: Path) -> None:
    """And when their shift ends."""
    path = calendar(tmp_path, event(":20260616T000000Z", ":20260617T000000Z", "SUMMARY:x\nATTENDEE:mailto:a@x.test"))
    async with httpx.AsyncClient() as http:
        (named,) = await ICalendar(http).at(path, NOW, "UTC")
    assert named == Named(mails=("a@x.test",), words="x", until=utc("2026-06-17T00:00"))


@pytest.mark.parametrize("text", [b"", b"<html>hush</html>", b"\xff\xfe", b"x" * (MOST_BYTES + 1)])
async def test_what_is_no_calendar_is_refused(tmp_path: Path, text: bytes) -> None:
    """Without a word of it."""
    (tmp_path / "hush.ics").write_bytes(text)
    with pytest.raises(Refused) as refused:
        await words(str(tmp_path / "hush.ics"), "2026-06-16T12:00")
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=5", "FREQ=DAILY;BYMINUTE=0,1,2", "FREQ=HOURLY;BYSECOND=1,2"]
)
async def test_a_rule_that_unfolds_without_end_is_refused_at_once(tmp_path: Path, rule: str) -> None:
    """Nothing else in this process has to wait for it."""
    path = calendar(tmp_path, event(":20200101T000000Z", ":20200101T000001Z", f"SUMMARY:ana\nRRULE:{rule}"))
    with pytest.raises(Refused, match="recur too often"):
        await asyncio.wait_for(words(path, "2026-06-16T12:00"), 1)


async def test_a_calendar_of_a_thousand_rules_is_no_plan(tmp_path: Path) -> None:
    """Nor is it looked through."""
    many = (event(":20200101T000000Z", ":20200101T010000Z", "RRULE:FREQ=DAILY", uid) for uid in range(1001))
    with pytest.raises(Refused, match="too many"):
        await words(calendar(tmp_path, *many), "2026-06-16T12:00")


def entry(user: str, level: int = 1, *, start: str | None = None, end: str | None = None, of: str = "PX") -> Any:
    return {
        "user": {"id": user, "type": "user_reference", "summary": f"Name of {user}"},
        "schedule": {"id": of, "type": "schedule_reference"},
        "escalation_policy": {"id": "PE", "type": "escalation_policy_reference"},
        "escalation_level": level, "start": start, "end": end,
    }  # fmt: skip


def pagerduty(served: Served, token: str = REST_TOKEN, within_s: float = 20.0) -> PagerDutySchedule:
    return PagerDutySchedule(httpx.AsyncClient(), f"{served.url}/pagerduty/rest", SecretStr(token), within_s)


async def test_pagerduty_names_who_has_the_schedule_at_that_instant(served: Served) -> None:
    """Others' schedules, shifts before and after, and a second policy with the same one do not count."""
    served.receivers.pagerduty.oncalls[:] = [
        entry("PTWO", 2),
        entry("PONE", start="2026-06-16T09:00:00+02:00", end="2026-06-17T09:00:00+02:00"),
        entry("PONE", 3, start="2026-06-16T09:00:00+02:00", end="2026-06-17T09:00:00+02:00"),
        entry("PNEXT", start="2026-06-16T12:00:30Z"),
        entry("PPAST", end="2026-06-16T12:00:00Z"),
        entry("POTHER", of="PY"),
    ]
    found = await pagerduty(served).at("PX", NOW, "UTC")
    assert [(named.id, named.until) for named in found] == [("PONE", utc("2026-06-17T07:00")), ("PTWO", None)]


async def test_pagerduty_refuses_a_wrong_key_and_never_tells_it(served: Served) -> None:
    """401 in its own words."""
    with pytest.raises(Refused, match="401") as refused:
        await pagerduty(served, "hush").at("PX", NOW, "UTC")
    assert "hush" not in str(refused.value)


FAULTS = {Fault.DOWN: Unreachable, Fault.HANG: Unreachable, Fault.RATE_LIMIT: RateLimited}


@pytest.mark.parametrize("fault", FAULTS)
async def test_pagerduty_that_is_broken_is_told_by_kind(served: Served, fault: Fault) -> None:
    """Silence, too."""
    served.receivers.pagerduty.desk.faults.add(fault)
    with pytest.raises(FAULTS[fault]):
        await pagerduty(served, within_s=0.4).at("PX", NOW, "UTC")


@dataclass
class Case:
    source: OncallSource
    where: str
    """It has `PONE` or `ana` on call at NOW."""
    empty: str
    """It has nobody."""


def _icalendar(served: Served, folder: Path) -> Case:
    (folder / "empty").mkdir()
    full = calendar(folder, event(":20260616T000000Z", ":20260617T000000Z"))
    return Case(
        ICalendar(httpx.AsyncClient()), full, calendar(folder / "empty", event(":20250101T0000Z", ":20250102T0000Z"))
    )


def _pagerduty(served: Served, folder: Path) -> Case:
    served.receivers.pagerduty.oncalls[:] = [entry("PONE")]
    return Case(pagerduty(served), "PX", "PNONE")


CASES: dict[str, Callable[[Served, Path], Case]] = {"icalendar": _icalendar, "pagerduty": _pagerduty}


def test_every_source_there_is_is_held_to_the_contract() -> None:
    """A new file needs a case."""
    assert sorted(CASES) == sorted(all_sources())


@pytest.mark.parametrize("kind", CASES)
async def test_every_source_names_who_is_on_call(served: Served, tmp_path: Path, kind: str) -> None:
    """By something to be recognised by."""
    case = CASES[kind](served, tmp_path)
    (named,) = await case.source.at(case.where, NOW, "UTC")
    assert named.id or named.mails or named.words


@pytest.mark.parametrize("kind", CASES)
async def test_every_source_says_when_it_has_nobody(served: Served, tmp_path: Path, kind: str) -> None:
    """An answer, not an error."""
    case = CASES[kind](served, tmp_path)
    assert await case.source.at(case.empty, NOW, "UTC") == ()


@pytest.mark.parametrize("kind", CASES)
async def test_every_source_names_its_members(served: Served, tmp_path: Path, kind: str) -> None:
    """Whoever has a turn in the weeks around, by the same as when they are on call; nobody, where it has nobody."""
    case = CASES[kind](served, tmp_path)
    (on_call,) = await case.source.at(case.where, NOW, "UTC")
    soon = NOW + timedelta(days=30)
    assert await case.source.members(case.where, soon, "UTC") == (replace(on_call, until=None),)
    assert await case.source.members(case.empty, soon, "UTC") == ()


async def test_pagerduty_lists_whoever_has_a_turn_and_refuses_a_wrong_key(served: Served) -> None:
    """Each once."""
    served.receivers.pagerduty.oncalls[:] = [entry("PONE"), entry("PTWO", 2), entry("PONE", 3), entry("PNO", of="PY")]
    assert [named.id for named in await pagerduty(served).members("PX", NOW, "UTC")] == ["PONE", "PTWO"]
    with pytest.raises(Refused, match="401"):
        await pagerduty(served, "hush").members("PX", NOW, "UTC")


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/hush", "http://[hush", "https://hush:port/x"])
@pytest.mark.parametrize("kind", CASES)
async def test_every_source_tells_what_is_wrong_and_never_where(kind: str, address: str) -> None:
    """An address may be a secret."""
    http = httpx.AsyncClient(timeout=1)
    source = ICalendar(http) if kind == "icalendar" else PagerDutySchedule(http, address, SecretStr("hush"))
    with pytest.raises(IntegrationError) as error:
        await source.at(address, NOW, "UTC")
    assert "hush" not in str(error.value)


ANA = (Named(words="ana"),)
PLAN = Schedule(
    people={"ana": Person(), "bo": Person()},
    rotations={"default": Rotation(source="fake:F1")},
)


async def on_call(fake: Any, home: Path, at: datetime = NOW, schedule: Schedule = PLAN) -> OnCall:
    duty = OnDuty({"fake": fake}, LastKnown(home / "oncall.json"), within_s=0.2)
    return who(await duty.answered(schedule, at), "database", at)


@pytest.mark.parametrize("failure", [Unreachable("away"), Refused("no"), KeyError("a slip of ours")])
async def test_while_a_source_is_silent_its_last_answer_counts_with_its_age(tmp_path: Path, failure: Exception) -> None:
    """Whatever silences it, a slip of ours too."""
    await on_call(FakeSource(ANA), tmp_path)
    found = await on_call(FakeSource(failure), tmp_path, NOW + timedelta(hours=5))
    assert found.person == "ana"
    assert found.why.answer
    assert "last known answer, 5 h old" in found.why.answer.note


async def test_a_source_that_never_answered_has_nobody_and_says_why(tmp_path: Path) -> None:
    """So the rung falls through."""
    found = await on_call(FakeSource(Unreachable("away")), tmp_path)
    assert found.person is None
    assert found.why.passed == ("fake:F1 is silent: away; no earlier answer is known",)


async def test_a_source_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    """A page has better things to do."""

    class Hanging:
        async def at(self, where: str, at: datetime, zone: str) -> tuple[Named, ...]:
            await asyncio.Event().wait()
            return ()

    await on_call(FakeSource(ANA), tmp_path)
    assert (await on_call(Hanging(), tmp_path)).person == "ana"


async def test_another_schedule_does_not_inherit_the_last_answer(tmp_path: Path) -> None:
    """It was about other people."""
    await on_call(FakeSource(ANA), tmp_path)
    other = PLAN.model_copy(update={"rotations": {"default": Rotation(source="fake:F2")}})
    assert (await on_call(FakeSource(Unreachable("away")), tmp_path, schedule=other)).person is None


async def test_a_source_that_has_nobody_is_believed(tmp_path: Path) -> None:
    """It is not silent, so nothing old counts."""
    await on_call(FakeSource(ANA), tmp_path)
    assert (await on_call(FakeSource(), tmp_path)).why.passed == ("fake:F1 has nobody on call",)


async def test_somebody_we_do_not_know_is_told_by_their_id_only(tmp_path: Path) -> None:
    """Names and mail addresses of others stay out of histories."""
    found = await on_call(FakeSource((Named(id="PZ", words="Zoe", mails=("z@x.test",)),)), tmp_path)
    assert found.why.passed == ("fake:F1 names somebody we do not know (PZ)",)


@pytest.mark.parametrize("text", ["", "[]", '{"default": 3}', '{"default": {"source": "x"}}', "\x00"])
async def test_a_broken_memory_is_no_memory(tmp_path: Path, text: str) -> None:
    """And is mended by the next answer."""
    (tmp_path / "oncall.json").write_text(text)
    assert (await on_call(FakeSource(Unreachable("away")), tmp_path)).person is None
    await on_call(FakeSource(ANA), tmp_path)
    assert (await on_call(FakeSource(Unreachable("away")), tmp_path)).person == "ana"


async def test_a_home_that_cannot_be_written_costs_no_answer(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "home").write_text("")
    assert (await on_call(FakeSource(ANA), tmp_path / "home")).person == "ana"


async def test_without_a_source_nothing_is_asked_or_written(tmp_path: Path) -> None:
    """It costs nothing."""
    bare = Schedule(people={"ana": Person()})
    assert await OnDuty({}, LastKnown(tmp_path / "oncall.json")).answered(bare, NOW) is bare
    assert not (tmp_path / "oncall.json").exists()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("pagerduty:PX", "set INCIDENTS_ONCALL_SOURCES__PAGERDUTY_TOKEN"),
        ("carrier:P", "there are icalendar, pagerduty"),
    ],
)
async def test_what_cannot_be_asked_says_what_is_missing(source: str, why: str) -> None:
    """A setting, or a kind that there is."""
    plan = PLAN.model_copy(update={"rotations": {"default": Rotation(source=source)}})
    async with httpx.AsyncClient() as http:
        answered = await OnDuty(sources(OncallSourcesSettings(), http)).answered(plan, NOW)
    assert why in who(answered, "database", NOW).why.passed[0]
