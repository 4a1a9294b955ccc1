"""Who keeps an incident of their own hears that it is owned and that it is over, and is never told what it told us."""

from datetime import timedelta

import pytest

from incident.model.alarm import alarm_name, incident_key_of
from incident.model.effects import Page, Settle, Standing
from incident.model.events import Said
from incident.model.identity import Voice
from incident.model.incident import Criterion
from incident.model.messages import Ack, Unack
from incident.model.outcomes import SettleFailed
from tests.policy.story import BLIND, NOON, Story, delivered, resolved

KEY = Story().incident.key
TWO = {"on-call": ("ana",), "owner": ("bo",)}


def kept(**begin: object) -> Story:
    """Paged by a provider that keeps an incident of its own."""
    return Story(keepers={"ntfy"}, **begin)  # type: ignore[arg-type]


def ack_from_there(by: str = "ana") -> Said:
    """Somebody tapped in PagerDuty's app; the bridge passed it on."""
    return Said(message=Ack(by=by), voice=Voice(by=by, via="pagerduty", verified=True))


def told(story: Story) -> list[tuple[Standing, tuple[str, ...]]]:
    return [(effect.standing, tuple(alarm.person for alarm in effect.alarms)) for effect in story.all(Settle)]


def test_an_ack_here_is_an_ack_there() -> None:
    """It rings on otherwise (runbook §2.1)."""
    assert told(kept().acks()) == [(Standing.ACKNOWLEDGED, ("on-call",))]


def test_an_ack_from_there_is_not_told_back() -> None:
    """Two systems must not wake each other for ever."""
    assert told(kept().takes(ack_from_there())) == []


def test_an_ack_from_there_still_owns_the_incident() -> None:
    """It is an ack like any other."""
    assert kept().takes(ack_from_there()).incident.acked_by == "ana"


def test_with_two_of_them_the_other_one_is_told() -> None:
    """Which of them it came from is not known: the one that knows already takes it as nothing new."""
    story = kept(people=TWO).after(minutes=6)
    story.takes(ack_from_there())

    assert told(story) == [(Standing.ACKNOWLEDGED, ("ana", "bo"))]


def test_a_second_ack_is_told_to_nobody() -> None:
    """Nothing has changed for those who ring."""
    assert len(told(kept().acks().takes(ack_from_there("bo")).acks("cleo"))) == 1


def test_what_is_over_here_is_over_there() -> None:
    """At the moment it resolves (runbook §2.3)."""
    assert told(resolved(keepers={"ntfy"}))[-1] == (Standing.RESOLVED, ("on-call",))


def test_it_is_over_only_once() -> None:
    """Not again when the postmortem is published or overdue."""
    story = resolved(keepers={"ntfy"}).after(days=9)

    assert [standing for standing, _ in told(story)].count(Standing.RESOLVED) == 1


def test_nobody_is_told_where_nobody_keeps_anything() -> None:
    """A push message has no incident of its own."""
    assert told(resolved()) == []


def test_a_page_that_arrives_after_the_ack_stops_ringing() -> None:
    """It was on its way: their incident was opened after ours was owned."""
    story = Story(keepers={"ntfy"}, slow_pager=True).acks().takes(delivered(alarm=KEY))

    assert told(story) == [(Standing.ACKNOWLEDGED, ("on-call",))]


def test_a_page_that_arrives_after_the_end_stops_ringing() -> None:
    """However late it comes."""
    story = resolved().takes(delivered(alarm=KEY))

    assert told(story) == [(Standing.RESOLVED, ("on-call",))]


def test_a_page_that_calls_the_owner_rings_on() -> None:
    """Somebody has it, and needs somebody else (runbook §6): an alarm of another name, or it would be silent."""
    story = kept(people=TWO).acks().after(minutes=31)

    assert [alarm.name for alarm in story.incident.alarms if alarm.person == "bo"] == [f"{KEY}/1"]
    assert told(story) == [(Standing.ACKNOWLEDGED, ("ana",))]


def test_all_pages_before_the_first_ack_are_one_alarm() -> None:
    """Their own rules ring again; ours only adds to its log."""
    story = kept().after(hours=3)

    assert len(story.all(Page)) > 2
    assert [alarm.name for alarm in story.incident.alarms] == [KEY]


def test_the_end_is_told_of_every_alarm() -> None:
    """None rings on."""
    story = kept(people=TWO, playbook=BLIND).acks("kim").after(minutes=31).clears().confirms(*Criterion)
    known = {alarm for effect in story.all(Settle) for alarm in effect.alarms}

    assert (len(known), set(story.all(Settle)[-1].alarms)) == (3, known)
    assert story.incident.alarms == ()


@pytest.mark.parametrize("turn", [0, 1, 12])
def test_an_alarm_tells_whose_it_is(turn: int) -> None:
    """What happens to it there is said of our incident."""
    assert incident_key_of(alarm_name(KEY, turn)) == KEY


def test_after_it_fired_again_the_next_ack_is_told_again() -> None:
    """Their incident was resolved; the new page opened another one."""
    story = resolved(keepers={"ntfy"}).fires().acks()

    assert [standing for standing, _ in told(story)] == [
        Standing.ACKNOWLEDGED,
        Standing.RESOLVED,
        Standing.ACKNOWLEDGED,
    ]


def test_each_has_a_key_of_its_own() -> None:
    """Built from the incident, its kind and a number (design §6)."""
    keys = [effect.key for effect in resolved(keepers={"ntfy"}).all(Settle)]

    assert [key.rpartition("/settle/")[2] for key in keys] == ["1", "2"]


@pytest.mark.parametrize("standing", Standing)
def test_a_keeper_that_cannot_be_told_is_on_the_timeline(standing: Standing) -> None:
    """Whoever hears it ring on reads why."""
    story = kept().takes(SettleFailed(standing=standing, why="PagerDuty answered 503"))
    (entry,) = [entry for entry in story.incident.timeline if "could not tell" in entry.what]

    assert (entry.because, entry.at - NOON) == ("PagerDuty answered 503", timedelta(0))


def test_who_gives_it_back_lets_it_ring_again() -> None:
    """Under a new name: theirs was acknowledged."""
    story = kept().acks().after(minutes=10).says(Unack(by="ana", why="asleep on my feet"))

    assert story.all(Page)[-1].alarm == f"{KEY}/1"
