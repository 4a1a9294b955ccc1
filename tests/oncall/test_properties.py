"""What holds for every plan, sound or not."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from oncall.changes import LOOK_AHEAD, gaps, next_change, stretches
from oncall.problems import problems
from oncall.schedule import Holiday, Layer, Override, Rotation, Schedule
from oncall.who import who
from oncall.wording import because, instant, zone_of
from oncall.written import Weekday
from tests.oncall.plans import PEOPLE, utc

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Nowhere/Atall")
KNOWN = ZONES[:-1]
CHANGES = ("2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01", "2028-02-29", "2026-12-31")
"""Days on which clocks or calendars do something."""
hours = st.sampled_from([time(h, m) for h in (0, 1, 2, 3, 9, 22, 23) for m in (0, 30)])
people = st.sampled_from([*PEOPLE, "x"])
instants = st.builds(
    lambda day, minutes: utc(day) + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(-3 * 1440, 3 * 1440),
)
rotations = st.builds(
    Rotation,
    members=st.lists(people, max_size=4).map(tuple),
    starts=st.dates(date(2025, 12, 1), date(2026, 11, 1)),
    hand_over=hours,
    zone=st.sampled_from(ZONES),
    every=st.one_of(st.sampled_from(["daily", "weekly"]), st.integers(1, 30)),
)

sound = st.builds(
    Rotation,
    members=st.permutations([*PEOPLE]).map(tuple),
    starts=st.just(date(2025, 12, 1)),
    hand_over=hours,
    zone=st.sampled_from(KNOWN),
    every=st.integers(1, 9),
)


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    opens, closes = draw(st.one_of(st.just((None, None)), st.tuples(hours, hours)))
    days = draw(st.one_of(st.just(tuple(Weekday)), st.lists(st.sampled_from(Weekday), max_size=5).map(tuple)))
    zone = draw(st.sampled_from(("", *KNOWN, *ZONES)))
    return Layer(rotation=draw(st.sampled_from("rrssq")), opens=opens, closes=closes, weekdays=days, zone=zone)


periods = {"person": people, "starts_at": instants, "ends_at": instants}
holidays = st.fixed_dictionaries(periods).map(Holiday.model_validate)
domains = st.sampled_from(["", "database", "edge"])
overrides = st.fixed_dictionaries({**periods, "domain": domains}).map(Override.model_validate)
plans = st.builds(
    Schedule,
    people=st.just(PEOPLE),
    rotations=st.one_of(
        st.dictionaries(st.sampled_from(["r", "s", "database", "default"]), rotations, max_size=4),
        st.fixed_dictionaries({"r": sound, "s": sound}),
    ),
    layers=st.one_of(st.just({}), st.fixed_dictionaries({"database": st.lists(layers(), max_size=3)})),
    overrides=st.lists(overrides, max_size=2),
    holidays=st.lists(holidays, max_size=2),
)


@settings(max_examples=100)
@given(plan=plans, at=instants)
def test_nothing_raises_and_one_person_at_most(plan: Schedule, at: datetime) -> None:
    """Somebody we know, or None with a reason; and every word about it can be said."""
    found = who(plan, "database", at)
    said = because(plan, "database", found)
    assert instant(at, zone_of(plan, "database", found))
    assert found.person in (None, *PEOPLE)
    assert said
    assert isinstance(problems(plan, ["database"]), list)


@settings(max_examples=50)
@given(plan=plans, at=instants, steps=st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_nothing_changes_before_the_next_change(plan: Schedule, at: datetime, steps: list[float]) -> None:
    """The same person at every instant up to it, and another one at it."""
    change, now = next_change(plan, "database", at), who(plan, "database", at).person
    until = change or at + LOOK_AHEAD
    between = [at + (until - at) * step for step in steps] + [until - timedelta(microseconds=1)]
    assert {who(plan, "database", t).person for t in between if at <= t < until} <= {now}
    assert change is None or (change > at and who(plan, "database", change).person != now)


@settings(max_examples=40)
@given(plan=plans, at=instants)
def test_gaps_are_exactly_where_nobody_is(plan: Schedule, at: datetime) -> None:
    """Every quarter of an hour of four days is looked at one by one."""
    until = at + timedelta(days=4)
    found = gaps(plan, "database", at, until)
    for n in range(4 * 96):
        instant_ = at + timedelta(minutes=15 * n)
        in_gap = any(gap.starts_at <= instant_ < gap.ends_at for gap in found)
        assert in_gap == (who(plan, "database", instant_).person is None)


@settings(max_examples=50)
@given(plan=plans, at=instants, days=st.integers(0, 60))
def test_stretches_cover_all_of_it(plan: Schedule, at: datetime, days: int) -> None:
    """Without holes, without overlaps, and no two of the same person in a row."""
    until = at + timedelta(days=days)
    found = list(stretches(plan, "database", at, until))
    assert [s.starts_at for s in found[1:]] == [s.ends_at for s in found[:-1]]
    assert sum((s.ends_at - s.starts_at for s in found), timedelta()) == timedelta(days=days)
    assert all(one.on_call.person != two.on_call.person for one, two in pairwise(found))
