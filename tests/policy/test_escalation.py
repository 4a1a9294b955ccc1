"""Who is paged, when, and again (runbook §1, §2, §2.1, §6)."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from incident.model.effects import Brief, Page
from incident.model.escalation import Call
from incident.model.incident import Due
from incident.model.messages import Assign, Escalate, Mitigated, Unack
from incident.model.outcomes import PageFailed
from incident.model.response_policy import Overnight
from incident.model.role import Role
from incident.model.severity import Severity
from runbook.response import RESPONSE
from tests.policy.story import NIGHT, NOON, Story, delivered, hurting, mitigated, resolved, undelivered

SEV1, SEV2, SEV3 = Severity.SEV1, Severity.SEV2, Severity.SEV3


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# ── who is paged at the beginning ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("severity", "at", "expected"),
    [
        pytest.param(SEV1, NOON, [0], id="SEV-1 pages at once, by day"),
        pytest.param(SEV1, NIGHT, [0], id="SEV-1 pages at once, by night"),
        pytest.param(SEV2, NOON, [], id="SEV-2 does not page by day"),
        pytest.param(SEV2, NIGHT, [0], id="SEV-2 pages overnight"),
        pytest.param(SEV2, utc("2026-06-16 21:59:59"), [], id="SEV-2 a second before the night"),
        pytest.param(SEV2, utc("2026-06-16 22:00"), [0], id="SEV-2 at the night's first instant"),
        pytest.param(SEV2, utc("2026-06-17 07:59:59"), [0], id="SEV-2 in the night's last second"),
        pytest.param(SEV2, utc("2026-06-17 08:00"), [], id="SEV-2 when the night is over"),
        pytest.param(SEV3, NOON, [], id="SEV-3 does not page by day"),
        pytest.param(SEV3, NIGHT, [], id="SEV-3 does not page overnight"),
    ],
)
def test_the_severity_says_who_is_paged_at_once(severity, at, expected):
    """Page? SEV-1 yes, SEV-2 if overnight, SEV-3 no (runbook §1)."""
    assert Story(severity=severity, at=at).page_minutes == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-01-16 20:30", []),  # winter: 21:30 in Berlin
        ("2026-07-16 20:30", [0]),  # summer: 22:30 in Berlin
        ("2026-03-29 05:30", [0]),  # DST day: 07:30 in Berlin's new summer time
        ("2026-03-29 06:30", []),  # DST day: 08:30
        ("2026-10-25 06:30", [0]),  # DST day: 07:30 in Berlin's new winter time
    ],
)
def test_the_night_is_that_of_the_team_s_zone(at, expected):
    """Overnight is when the team sleeps, on its own clock (runbook §1)."""
    berlin = replace(RESPONSE, overnight=Overnight(zone="Europe/Berlin", starts=time(22), ends=time(8)))

    assert Story(severity=SEV2, at=utc(at), policy=berlin).page_minutes == expected


def test_a_sev3_never_pages():
    """SEV-3: page no, not on the second night either (runbook §1)."""
    assert Story(severity=SEV3).after(days=2).page_minutes == []


def test_an_unowned_sev2_pages_when_the_night_begins():
    """By day somebody reads the channel; overnight nobody does (runbook §1)."""
    assert Story(severity=SEV2).after(hours=12).page_minutes == [600, 605, 665]


def test_an_owned_sev2_lets_people_sleep():
    """Somebody has it already (runbook §2.1)."""
    assert Story(severity=SEV2).acks().after(days=2).page_minutes == []


def test_a_night_that_passed_while_nothing_ran_waits_for_the_next_one():
    """After an outage it is decided anew: by day a SEV-2 pages nobody (design §6)."""
    story = Story(severity=SEV2).asleep(hours=22)

    assert ([], timedelta(hours=12)) == (story.page_minutes, story.due_in(Due.NIGHT))


def test_the_first_page_goes_out_before_anything_else():
    """Page first: the thread and the first look come after it (design §9)."""
    assert [Page, Brief] == [type(effect) for _, effect in Story().asked]


# ── acknowledge, or page again ───────────────────────────────────────────────────────────────────────────────────


def test_an_unacknowledged_page_is_repeated_after_5_minutes_and_then_hourly():
    """Acknowledge within 5 minutes, else the pager re-pages hourly (runbook §1, §2)."""
    assert Story(severity=SEV2, at=NIGHT).after(hours=3).page_minutes == [0, 5, 65, 125]


def test_an_unacknowledged_sev1_is_escalated_between_its_hourly_pages():
    """Hourly, and once more at 30 minutes, because it is not mitigated either (runbook §1, §6)."""
    assert Story().after(hours=3).page_minutes == [0, 5, 30, 65, 125]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        pytest.param(0, [0], id="at once"),
        pytest.param(4.9, [0], id="just in time"),
        pytest.param(6, [0, 5], id="too late: it has widened"),
        pytest.param(70, [0, 5, 30, 65], id="after an hour"),
    ],
)
def test_an_acknowledgement_silences_the_pager(minutes, expected):
    """Acknowledge the page so the team knows it is owned (runbook §2.1)."""
    story = Story(severity=SEV1).after(minutes=minutes).says(Mitigated()).acks()

    assert story.after(days=1).page_minutes == expected


def test_nobody_acknowledging_widens_to_the_owner():
    """Not owned within 5 minutes: on-call and the domain owner (runbook §2, §6)."""
    page = Story().after(minutes=5).all(Page)[-1]

    assert page.audience == "on-call and shop owner"


def test_nobody_acknowledging_wakes_the_channel():
    """Critical alerts @channel Slack (runbook §1, §6)."""
    assert Story().after(minutes=5).last_post("nobody has acknowledged").broadcast


def test_each_hourly_page_wakes_the_channel():
    """Hourly re-page + Slack @channel (runbook §1)."""
    assert Story().after(minutes=130).post_minutes("still unacknowledged") == [65, 125]


def test_the_timeline_says_why_it_paged_again():
    """The postmortem needs the timeline (runbook §2.2)."""
    entry = next(e for e in Story().after(minutes=5).incident.timeline if "paging again" in e.what)

    assert (entry.what, entry.because) == ("paging again, widened to shop owner", "nobody acknowledged within 5 min")


def test_hours_of_outage_are_one_page_not_a_burst():
    """After an outage no burst of backlog: one page, and the hour counts from now (design §6)."""
    story = Story().asleep(hours=7)

    assert ([0, 420], timedelta(hours=1)) == (story.page_minutes, story.due_in(Due.REPAGE))


def test_a_sev2_paged_at_the_end_of_the_night_is_not_paged_again_by_day():
    """SEV-2: only overnight; by day the channel is woken and the owner asked there (runbook §1, §2)."""
    story = Story(severity=SEV2, at=utc("2026-06-17 07:57")).after(hours=2)

    assert (story.page_minutes, story.post_minutes("nobody has acknowledged")) == ([0], [5])


def test_a_sev2_still_unowned_is_paged_again_in_the_next_night():
    """SEV-2: page if overnight (runbook §1)."""
    story = Story(severity=SEV2, at=utc("2026-06-17 07:57"))

    assert story.after(hours=14, minutes=3).page_minutes == [0, 14 * 60 + 3]


def test_hourly_pages_of_a_sev2_end_with_the_night():
    """SEV-2: page if overnight (runbook §1)."""
    story = Story(severity=SEV2, at=utc("2026-06-17 06:00"))

    assert story.after(hours=12).page_minutes == [0, 5, 65]


def test_a_resolved_incident_pages_nobody():
    """What is over needs no waking (runbook §2)."""
    story = resolved()

    assert [page for at, page in story.after(days=3).asked if isinstance(page, Page) and at > story.began] == []


# ── what a page says ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_page_says_what_why_and_how_to_acknowledge():
    """Title: severity and alert; text: what it means, the incident and the page's number, the ack (design §5)."""
    page = Story().all(Page)[0]

    assert page.title == "SEV-1 ShopDown a"
    assert page.text == (
        "Customers cannot buy.\n"
        "Why now: ShopDown fires.\n"
        "Page 1 of incident-ShopDown-a, for on-call.\n"
        'Ack: temporal workflow signal -w incident-ShopDown-a --name ack --input \'{"by": "you"}\''
    )


def test_a_page_shows_nothing_of_what_the_alert_carries():
    """A lock screen is public, and a description may name customers (design §5)."""
    story = Story(alert=replace(Story().incident.alert, summary="ACME is down", description="tenant ACME"))

    assert "ACME" not in story.all(Page)[0].title + story.all(Page)[0].text


@pytest.mark.parametrize(("severity", "urgent"), [(SEV1, True), (SEV2, False)])
def test_only_a_sev1_is_urgent(severity, urgent):
    """Only the critical pager breaks through a phone's silence (runbook §1)."""
    assert Story(severity=severity, at=NIGHT).all(Page)[0].urgent is urgent


def test_every_page_has_its_own_number():
    """The number is its key: a page asked for once is sent once (design §6)."""
    assert [page.number for page in Story().after(hours=1).all(Page)] == [1, 2, 3]


# ── a page that does not arrive ──────────────────────────────────────────────────────────────────────────────────


def test_a_page_says_which_way_it_arrived():
    """A way that fails is another thing that happened, and so is the one that did not (design §3)."""
    told = [line for line in Story(dead={"ntfy"}).lines if line.startswith("page 1")]

    assert told == ["page 1 could not be delivered by ntfy", "page 1 delivered by chat"]


def test_a_page_that_fails_is_on_the_timeline():
    """Why nobody woke up belongs into the postmortem (runbook §8)."""
    entry = Story(dead={"ntfy"}).incident.timeline[3]

    assert (entry.what, entry.because) == ("page 1 could not be delivered by ntfy", "ntfy is down")


def test_a_page_no_channel_delivers_is_tried_again_soon():
    """Nobody was reached: an hour would be too long, so every 2 minutes (response policy)."""
    assert Story(dead={"ntfy", "chat"}).after(minutes=5).page_minutes == [0, 2, 4]


def test_a_pager_that_comes_back_ends_the_quick_retries():
    """Once somebody could be reached, hourly is enough (runbook §1)."""
    story = Story(severity=SEV2, at=NIGHT, dead={"ntfy", "chat"}).after(minutes=1)
    story.dead.clear()

    assert story.after(minutes=90).page_minutes == [0, 2, 62]


def test_the_same_failure_again_and_again_is_told_once():
    """A pager that is down for hours must not bury the story (runbook §2.2)."""
    story = Story(dead={"ntfy", "chat"}).after(minutes=9)

    assert story.lines.count("page 1 could not be delivered by ntfy") == 1
    assert "page 2 could not be delivered by ntfy" not in story.lines


def test_a_failure_of_an_overtaken_page_changes_nothing_but_the_timeline():
    """A younger page is on its way already (design §6)."""
    story = Story(slow_pager=True).after(minutes=5)
    story.takes(undelivered())

    assert [page.number for page in story.all(Page)] == [1, 2]


def test_a_page_that_fails_after_the_acknowledgement_is_not_tried_again():
    """It is owned: nobody else has to wake up (runbook §2.1)."""
    story = Story(slow_pager=True).acks().takes(undelivered())

    assert [page.number for page in story.after(minutes=4).all(Page)] == [1]


def test_a_page_that_fails_after_lowering_to_sev3_is_not_tried_again():
    """SEV-3: page no, whatever was on its way when it was lowered (runbook §1)."""
    story = Story(slow_pager=True).sets(SEV3).takes(undelivered())

    assert [page.number for page in story.after(minutes=4).all(Page)] == [1]


def test_a_page_that_no_channel_takes_after_lowering_to_sev3_leaves_no_clock():
    """SEV-3: page no (runbook §1)."""
    story = Story(slow_pager=True).sets(SEV3).takes(undelivered(channel="chat"))

    assert story.incident.due.keys() == {Due.ROLES}


def test_a_page_that_had_no_turn_is_tried_again_soon():
    """Whatever broke on our side, nobody was reached: an hour would be too long (response policy)."""
    story = Story(slow_pager=True).takes(PageFailed(number=1, why="no answer in time"))

    assert story.due_in(Due.REPAGE) == timedelta(minutes=2)


def late(number: int = 1) -> PageFailed:
    return PageFailed(number=number, why="no worker for 60 s", late=True)


def test_a_late_page_that_is_still_true_is_sent_after_all():
    """State is re-checked before a page goes out (design §6)."""
    story = Story(slow_pager=True).takes(late())

    assert [page.number for page in story.all(Page)] == [1, 1]


@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param(lambda story: story.acks(), id="somebody acknowledged"),
        pytest.param(lambda story: story.sets(SEV3), id="lowered to a severity that pages nobody"),
        pytest.param(lambda story: story.sets(SEV2), id="lowered to one that pages overnight, by day"),
        pytest.param(lambda story: story.after(minutes=5), id="a younger page was asked for"),
    ],
)
def test_a_late_page_that_is_no_longer_true_is_not_sent(meanwhile):
    """No stale page after an outage (design §6)."""
    story = Story(slow_pager=True)
    meanwhile(story)
    before = len(story.all(Page))

    assert len(story.takes(late()).all(Page)) == before
    assert "page 1 not sent: no longer true" in story.lines


def test_a_page_that_had_arrived_already_is_told_as_such():
    """An activity that was tried twice sends nothing twice, and the timeline says so (design §6)."""
    story = Story(slow_pager=True).takes(delivered(repeat=True))

    assert "page 1 delivered by ntfy (it had already arrived)" in story.lines


def test_the_thread_is_opened_even_if_nobody_could_be_paged():
    """No incident stops because a pager is down (design §3)."""
    assert len(Story(dead={"ntfy", "chat"}).all(Brief)) == 1


# ── escalation to the owner ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        pytest.param(hurting().acks(), [30], id="a SEV-1, even if it is owned"),
        pytest.param(hurting(severity=SEV2).acks(), [], id="a SEV-2 has more time"),
        pytest.param(mitigated(), [], id="mitigated in time"),
    ],
)
def test_a_sev1_not_mitigated_within_30_minutes_escalates(story, expected):
    """Escalate when you cannot mitigate within the first 30 minutes of a SEV-1 (runbook §6)."""
    assert story.after(minutes=31).post_minutes("escalated to shop owner") == expected


def test_an_escalation_goes_out_though_somebody_has_acknowledged():
    """The owner is asked for: the responder alone was not enough (runbook §6)."""
    page = hurting().acks().after(minutes=30).all(Page)[-1]

    assert (page.audience, page.because) == ("on-call and shop owner", "not mitigated within 30 min")


def test_an_escalation_no_channel_delivers_is_tried_again():
    """The owner was not reached: again soon, until one channel delivers (runbook §6)."""
    story = hurting().acks()
    story.dead = {"ntfy", "chat"}
    story.after(minutes=33).dead.clear()

    assert story.after(minutes=60).page_minutes == [0, 30, 32, 34]


def test_an_owner_who_could_not_be_reached_is_let_alone_once_the_impact_has_stopped():
    """What has stopped needs no waking (runbook §2)."""
    story = hurting().acks()
    story.dead = {"ntfy", "chat"}

    assert story.after(minutes=31).says(Mitigated(by="ana")).after(minutes=29).page_minutes == [0, 30]


CREW = {"on-call": ("ana",), "owner": ("olga",), "everyone": ("ana", "olga", "bo"), "person:ana": ("ana",)}


def woken(story: Story) -> list[str]:
    """Whom the newest page is for."""
    return story.behind(story.all(Page)[-1])


@pytest.mark.parametrize(
    ("acker", "happens", "expected"),
    [
        pytest.param("ana", lambda s: s.after(minutes=30), ["olga"], id="by time: whoever is on call has it"),
        pytest.param("olga", lambda s: s.after(minutes=30), ["ana"], id="by time: the owner has it"),
        pytest.param("bo", lambda s: s.after(minutes=30), ["ana", "olga"], id="by time: somebody else has it"),
        pytest.param("someone", lambda s: s.after(minutes=30), ["ana", "olga"], id="by time: nobody knows who has it"),
        pytest.param("ana", lambda s: s.says(asks("owner", by="ana")), ["olga"], id="by whoever has it"),
        pytest.param("ana", lambda s: s.says(asks("everyone", by="ana")), ["olga", "bo"], id="for everyone"),
        pytest.param("ana", lambda s: s.says(asks("everyone", by="bo")), ["olga"], id="for everyone, by another"),
        pytest.param("olga", lambda s: s.says(asks("owner", by="ana")), ["olga"], id="for the owner, who has it"),
        pytest.param("ana", lambda s: s.says(asks("ana", by="bo")), ["ana"], id="for them by name: they are asked for"),
    ],
)
def test_an_escalation_calls_somebody_else_than_whoever_has_it(acker, happens, expected):
    """Nobody is paged for what did not need them; the only one there is, is called all the same (issue 5)."""
    assert woken(happens(hurting(people=CREW).acks(acker))) == expected


def asks(to: str, *, by: str) -> Escalate:
    return Escalate(why="we need them", to=to, by=by)


def test_an_escalation_nobody_has_acknowledged_spares_nobody():
    """Whoever is on call is still silent, and is called again with the owner."""
    assert woken(hurting(people=CREW).after(minutes=30)) == ["ana", "olga"]


def test_a_call_that_is_repeated_spares_whoever_has_it_too():
    """Nobody of those it was for could be reached; that is not the acker's business."""
    story = hurting(people=CREW).acks()
    story.dead = {"ntfy", "chat"}

    assert woken(story.after(minutes=33)) == ["olga"]


# ── given back, or given to somebody: all anew ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seconds", [0, 20, 59, 61])
@pytest.mark.parametrize(
    "message",
    [Unack(why="my train", by="ana"), Assign(role=Role.IC, to="bo", by="ana")],
    ids=["given back", "given to somebody"],
)
def test_what_is_given_back_pages_at_once_though_the_owner_has_just_been_called(message, seconds):
    """Un-ack or reassign restarts it (issue 5 §1): the owner's page asked for help, this one asks who has it."""
    story = hurting(people=CREW | {"person:bo": ("bo",)}).acks().after(minutes=30)
    before = len(story.all(Page))
    story.after(seconds=seconds).says(message)
    page = story.all(Page)[-1]

    assert (len(story.all(Page)) - before, page.targets, page.spared) == (
        1,
        ("on-call",) if isinstance(message, Unack) else ("person:bo",),
        (),
    )
    assert story.incident.calls[Call.LADDER].number == page.number
