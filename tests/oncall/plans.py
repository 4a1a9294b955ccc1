"""Plans for the tests: people a, b, c and the zones whose clocks change."""

from datetime import UTC, date, datetime, time
from typing import Any

from oncall.schedule import Holiday, Layer, Override, Person, Rotation, Schedule

BERLIN = "Europe/Berlin"
"""UTC+1; UTC+2 from 2026-03-29 01:00 UTC to 2026-10-25 01:00 UTC."""
NEW_YORK = "America/New_York"
"""UTC-5; UTC-4 from 2026-03-08 07:00 UTC to 2026-11-01 06:00 UTC."""
PEOPLE = {"a": Person(name="Ana"), "b": Person(), "c": Person()}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rotation(members: str = "abc", **more: Any) -> Rotation:
    """Daily at 09:00 in Berlin from 2026-01-01 unless said otherwise; a letter is a member."""
    plan = {"starts": date(2026, 1, 1), "hand_over": time(9), "zone": BERLIN, "every": "daily"}
    return Rotation(members=tuple(members), **{**plan, **more})


def override(person: str, starts_at: str, ends_at: str, domain: str = "") -> Override:
    return Override(person=person, starts_at=utc(starts_at), ends_at=utc(ends_at), domain=domain)


def holiday(person: str, starts_at: str, ends_at: str) -> Holiday:
    return Holiday(person=person, starts_at=utc(starts_at), ends_at=utc(ends_at))


def plan(of: Rotation | None = None, **more: Any) -> Schedule:
    """The domain `database` has this rotation. Left out: Tuesday 2026-06-16 is c's, the day before b's."""
    given = {"people": PEOPLE, "rotations": {"database": of or rotation(starts=date(2026, 1, 3))}}
    return Schedule(**{**given, **more})


def layer(rotation: str, opens: int | None = None, closes: int | None = None, **more: Any) -> Layer:
    """Hours of the local clock."""
    window = {} if opens is None or closes is None else {"opens": time(opens), "closes": time(closes)}
    return Layer(rotation=rotation, **window, **more)
