"""What is wrong with a plan is told all at once, each with what to do; and the file refuses what cannot be meant."""

import pytest
from pydantic import ValidationError

from oncall.problems import problems
from oncall.schedule import Layer, Override, Rotation, Schedule
from tests.oncall.plans import holiday, layer, override, plan, rotation

DOMAINS = ("database", "edge")
DAY = ("2026-06-16 00:00", "2026-06-17 00:00")
NEXT = ("2026-06-17 00:00", "2026-06-18 00:00")


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (plan(), []),  # a sound one
        (plan(overrides=[override("a", *DAY), override("b", *NEXT)]), []),  # one ends where the other begins
        (plan(overrides=[override("a", *DAY, "edge"), override("b", *DAY, "database")]), []),  # of two domains
        (plan(rotations={"default": rotation()}), []),  # of everybody
        (plan(rotation("")), ["rotation database has no members"]),
        (plan(rotation("axx")), ["rotation database names x, whom nobody knows"]),  # once, not twice
        (plan(rotation(zone="Mars/Base")), ["rotation database is in the zone 'Mars/Base', which does not exist"]),
        (
            plan(rotation(zone="Europe")),
            ["rotation database is in the zone 'Europe', which does not exist"],
        ),  # a folder
        (plan(rotation(zone="")), ["rotation database is in the zone '', which does not exist"]),
        (plan(rotation(zone="../x")), ["rotation database is in the zone '../x', which does not exist"]),  # a path
        (
            plan(layers={"database": [layer("database", zone="CET/Nope")]}),
            ["layer 1 of database is in the zone 'CET/Nope', which does not exist"],
        ),
        (
            plan(layers={"edge": [layer("gone")]}),
            ["layer 1 of edge names the rotation gone, which there is not"],
        ),
        (plan(layers={"edge": [layer("database", 8, 8)]}), ["layer 1 of edge has a window of zero length"]),
        (plan(layers={"edge": [layer("database", weekdays=())]}), ["layer 1 of edge has a window of zero length"]),
        (plan(overrides=[override("x", *DAY)]), ["override of x from 2026-06-16 00:00 UTC names x, whom nobody knows"]),
        (plan(holidays=[holiday("x", *DAY)]), ["holiday of x from 2026-06-16 00:00 UTC names x, whom nobody knows"]),
        (
            plan(holidays=[holiday("a", DAY[1], DAY[0])]),
            ["holiday of a from 2026-06-17 00:00 UTC ends before it begins"],
        ),
        (
            plan(overrides=[override("a", *DAY), override("b", DAY[0], NEXT[1], "edge")]),  # one is for every domain
            ["overrides overlap: of a from 2026-06-16 00:00 UTC, and of b from 2026-06-16 00:00 UTC"],
        ),
        (
            plan(overrides=[override("a", *DAY)], holidays=[holiday("a", *DAY)]),
            ["override of a from 2026-06-16 00:00 UTC: a is away then"],
        ),
        (plan(rotations={"databse": rotation()}), ["rotation databse is used by no layer and is no domain"]),
        (plan(layers={"egde": [layer("database")]}), ["layers are set for egde, which is no domain"]),
        (
            plan(overrides=[override("a", *DAY, "egde")]),
            ["override of a from 2026-06-16 00:00 UTC is for no domain there is"],
        ),
    ],
)
def test_each_slip_is_told(schedule, expected):
    """Each once."""
    assert [problem.what for problem in problems(schedule, DOMAINS)] == expected


def test_all_slips_are_told_together_with_what_to_do():
    """Nobody mends them one by one."""
    wrong = plan(rotation("x", zone="Mars/Base"), layers={"edge": [layer("gone", 8, 8)]}, holidays=[holiday("y", *DAY)])
    found = problems(wrong)
    assert (len(found), [problem.what for problem in found if not problem.do]) == (5, [])


@pytest.mark.parametrize(
    ("model", "fields", "words"),
    [
        (Layer, {"rotation": "r", "from": "08:00:00"}, "`from` and `until` go together"),
        (Layer, {"rotation": "r", "from": 8, "until": 20}, "not a number"),  # 8 would be eight seconds past midnight
        (Layer, {"rotation": "r", "from": "08:00+02:00", "until": "20:00"}, "a wall clock has no offset"),
        (Override, {"person": "a", "from": "2026-06-16T09:00", "until": "2026-06-17T09:00Z"}, "timezone"),
        (Override, {"person": "a", "from": "0216-06-16T09:00Z", "until": "2026-06-17T09:00Z"}, "greater than"),
        (Rotation, {"starts": "2026-06-16", "every": "hourly"}, "'daily' or 'weekly'"),
        (Rotation, {"starts": "2026-06-16", "every": 0}, "greater than or equal to 1"),
        (Rotation, {"starts": "2026-06-16", "handover": "09:00:00"}, "Extra inputs are not permitted"),
        (Schedule, {"rotation": {}}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_meant_is_refused(model, fields, words):
    """A slip is not read as something else."""
    with pytest.raises(ValidationError, match=words):
        model.model_validate(fields)


def test_ways_to_reach_people_are_not_printed():
    """A plan that is shown or logged tells nobody's telephone."""
    told = Schedule.model_validate({"people": {"a": {"contacts": [{"channel": "sms", "to": "4711"}]}}})
    assert "4711" not in repr(told) + str(told)
