"""People were paged without us, while the engine or our workers were away: what that changes (issue 5 §6)."""

from datetime import datetime, timedelta

import pytest

from incident.model.already_paged import EarlierPage
from incident.model.events import AlreadyPaged
from incident.model.incident import Due
from incident.model.severity import Severity
from incident.policy.paging import still_true
from tests.policy.story import NOON, Story


def told(story: Story, *minutes_ago: float) -> Story:
    """The alert that opens the incident brings along who was paged before."""
    pages = tuple(page(story.now - timedelta(minutes=ago)) for ago in minutes_ago)
    return story.takes(AlreadyPaged(pages=pages))


def page(at: datetime) -> EarlierPage:
    return EarlierPage(at=at, channel="ntfy", person="ana")


def opened(*minutes_ago: float, **begin: object) -> Story:
    """An incident that opens when the engine is back; its first page is still in our hands."""
    return told(Story(slow_pager=True, **begin), *minutes_ago)


def test_who_was_paged_by_what_and_when_is_on_the_timeline() -> None:
    """So that the postmortem has it."""
    assert "paged by the second path: ana by ntfy at 11:58:00 UTC" in opened(2).lines


def test_nobody_is_paged_again_for_the_same_thing() -> None:
    """The first page need not go out any more."""
    story = opened(2)
    assert not still_true(story.incident, 1, story.now)


def test_without_a_second_path_the_first_page_goes_out() -> None:
    """The line above would otherwise prove little."""
    story = Story(slow_pager=True)
    assert still_true(story.incident, 1, story.now)


def test_the_five_minutes_run_since_people_know() -> None:
    """Not since the engine is back (runbook §2)."""
    assert opened(2).due_in(Due.ACK) == timedelta(minutes=3)


def test_after_a_long_outage_one_page_goes_to_the_owner_too() -> None:
    """Five minutes are long over, and nobody could acknowledge: one page tells it all, not a backlog (design §6)."""
    story = opened(70, 10).after(seconds=10)
    assert (story.incident.pages, story.incident.widened) == (2, True)


def test_who_was_paged_within_the_last_minute_is_left_alone_for_that_minute() -> None:
    """However overdue the acknowledgement is (policy number `same_page_within`)."""
    assert opened(61, 0.5).due_in(Due.ACK) == timedelta(seconds=30)


def test_an_unmitigated_sev1_counts_from_the_first_page_too() -> None:
    """Thirty minutes of hurt customers are thirty minutes, whoever was away (runbook §6)."""
    assert opened(10).due_in(Due.UNMITIGATED) == timedelta(minutes=20)


def test_the_hourly_page_counts_from_the_newest_one() -> None:
    """Paging again was due while we were away; somebody did it for us."""
    story = Story().after(minutes=20)
    assert told(story, 1).due_in(Due.REPAGE) == timedelta(minutes=59)


def test_told_again_it_changes_nothing() -> None:
    """A signal may come twice, and so may the pages in it."""
    story = opened(2)
    before = story.incident
    assert told(story, 2).incident == before


def test_a_clock_that_is_ahead_does_not_stretch_ours() -> None:
    """The bridge may run on another machine."""
    assert opened(-30).due_in(Due.ACK) == timedelta(minutes=5)


def test_who_has_it_already_is_only_told() -> None:
    """An ack silences, whoever pages (runbook §2.1)."""
    story = told(Story().acks(), 2)
    assert not story.incident.due.keys() & {Due.ACK, Due.REPAGE}


@pytest.mark.parametrize("severity", [Severity.SEV2, Severity.SEV3])
def test_a_severity_that_does_not_page_now_gets_no_clock_from_it(severity: Severity) -> None:
    """By day a SEV-2 pages nobody, whatever somebody else thought (runbook §1)."""
    assert Due.ACK not in opened(2, at=NOON, severity=severity).incident.due


def test_a_page_that_went_out_before_is_not_unsent() -> None:
    """Ours reached people first: theirs covers nothing."""
    story = told(Story().after(minutes=3), 1)
    assert story.incident.covered == 0
