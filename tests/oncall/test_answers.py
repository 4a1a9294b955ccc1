"""Sources of rotations as data: whom they name, and what the plan makes of it."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from incident.model.severity import Severity
from oncall.answer import Answer, Named, recognised
from oncall.answered import Answered
from oncall.audience import Question, audience
from oncall.changes import gaps
from oncall.problems import problems
from oncall.schedule import Person, Rotation, Schedule
from oncall.who import who
from tests.oncall.plans import holiday, plan, utc

NOW = utc("2026-06-16T12:00")
PEOPLE = {
    "ana": Person(name="Ana Lima", email="ana@example.org", pagerduty="PANA"),
    "bo": Person(name="Bo", email="bo@example.org"),
    "ana_two": Person(name="Ana Lima-Costa"),
}


@pytest.mark.parametrize(
    ("named", "key"),
    [
        (Named(id="PANA", words="somebody"), "ana"),
        (Named(mails=("x@example.org", "BO@example.org"), words="Ana Lima"), "bo"),
        (Named(words="ana"), "ana"),
        (Named(words="ANA LIMA"), "ana"),
        (Named(words="On call - Bo - Database"), "bo"),
        (Named(words="ana_two on duty"), "ana_two"),
        (Named(words="Bob"), None),
        (Named(words="Bo and Ana Lima"), None),
        (Named(id="POTHER"), None),
        (Named(), None),
    ],
)
def test_somebody_is_recognised_by_what_is_surest_or_not_at_all(named: Named, key: str | None) -> None:
    """Id, then mail, then the whole name, then a name within; two that fit are nobody."""
    assert recognised(PEOPLE, named) == key


def sourced(answer: Answer | None = None, **more: object) -> Schedule:
    """`database` is somebody else's to plan."""
    bare = plan(Rotation(source="pagerduty:PX"), **more)
    return Answered.of(bare, {"database": answer}) if answer else bare


def said(person: str | None, note: str = "") -> Answer:
    return Answer(source="pagerduty:PX", person=person, note=note)


def test_whom_the_source_names_is_on_call() -> None:
    """As the rotation's only member."""
    assert who(sourced(said("b")), "database", NOW).person == "b"


def test_a_source_nobody_asked_has_nobody_and_says_so() -> None:
    """Unknown is never somebody."""
    found = who(sourced(), "database", NOW)
    assert (found.person, found.why.passed) == (None, ("nobody has asked pagerduty:PX about rotation database",))


def test_who_is_away_here_is_not_called_whatever_the_source_says() -> None:
    """A holiday of ours counts before every shift."""
    away = sourced(said("b"), holidays=[holiday("b", "2026-06-16T00:00", "2026-06-17T00:00")])
    assert who(away, "database", NOW).why.passed == ("b is away",)


def test_a_later_hour_of_a_source_is_no_gap() -> None:
    """It is not known, so doctor does not cry for 14 days."""
    assert gaps(sourced(said("b")), "database", NOW, NOW + timedelta(days=14)) == []


def asked(schedule: Schedule, *targets: str) -> list[tuple[str, str]]:
    question = Question(targets=targets, domain="database", severity=Severity.SEV1, at=NOW, team=("ntfy",))
    return [(recipient.person, recipient.why) for recipient in audience(schedule, question).recipients]


@pytest.mark.parametrize("target", ["on-call", "rotation:database", "owner"])
def test_an_old_answer_is_paged_with_its_age(target: str) -> None:
    """Whichever way the rotation is named."""
    old = sourced(said("b", "2 h old"), owners={"database": ("rotation:database",)})
    assert asked(old, target) == [("b", "2 h old")]


def test_a_rotation_has_members_or_a_source() -> None:
    """Both at once is a slip."""
    both = plan(Rotation(members=("a",), source="pagerduty:PX"))
    assert [problem.what for problem in problems(both)] == ["rotation database has members and a source"]


def test_a_rotation_of_members_must_begin_somewhere() -> None:
    """Only a source needs no first day."""
    with pytest.raises(ValidationError, match="starts"):
        Rotation(members=("a",))


@pytest.mark.parametrize(
    ("source", "called"),
    [
        ("pagerduty:PX", "pagerduty:PX"),
        ("icalendar:https://c.example.org/hush.ics", "icalendar"),
        ("icalendar:/srv/hush.ics", "icalendar"),
    ],
)
def test_an_address_is_never_told(source: str, called: str) -> None:
    """A calendar's address often is its password."""
    rotation = Rotation(source=source)
    assert rotation.calls == called
    assert "hush" not in repr(rotation)
