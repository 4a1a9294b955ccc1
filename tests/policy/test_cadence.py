"""What the thread hears, and when (runbook §1, §2.2, §7)."""

from datetime import timedelta

import pytest

from incident.model.effects import Post
from incident.model.events import NotUnderstood
from incident.model.incident import Due
from incident.model.messages import Mitigated, Note
from incident.model.outcomes import PostFailed
from incident.model.severity import Severity
from tests.policy.story import Story, finding, hurting, mitigated, resolved, with_levers

SEV1, SEV2, SEV3 = Severity.SEV1, Severity.SEV2, Severity.SEV3


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        pytest.param(SEV1, [30, 60, 90, 120], id="SEV-1: every 30 min"),
        pytest.param(SEV2, [120], id="SEV-2: every 2 h"),
        pytest.param(SEV3, [], id="SEV-3: at resolution"),
    ],
)
def test_updates_come_at_the_severity_s_cadence(severity, expected):
    """Comms cadence: 30 min, 2 h, at resolution (runbook §1)."""
    assert Story(severity=severity).acks().after(hours=2, minutes=10).post_minutes("update") == expected


def test_an_update_is_on_the_timeline_with_its_reason():
    """The Incident Commander owns the cadence, and can show that it was kept (runbook §7)."""
    entry = Story(severity=SEV2).acks().after(hours=2).incident.timeline[-1]

    assert (entry.what, entry.because) == ("posted the update that was due", "cadence of SEV-2")


def test_an_update_tells_what_the_runbook_asks_for():
    """SEV, impact, current hypothesis, next update time (runbook §7)."""
    story = hurting(playbook=with_levers()).acks().says(Note(text="secret rotated", hypothesis=True)).after(minutes=30)
    post = story.last_post("update")

    assert post.title == "SEV-1 ShopDown a: update"
    assert post.lines == (
        "*Phase:* mitigate · *Owned by:* ana",
        "*Roles:* IC ana · scribe nobody yet · comms nobody yet",
        "*Impact:* ✗ probe: probe bad",
        "*Hypothesis:* secret rotated",
        "*Being done:* ana looks into it",
        "*Waiting for:* probe to turn green",
        "*Next update:* 13:00:00 UTC",
    )


def test_an_update_is_honest_about_what_is_not_known():
    """Never promise a root cause before you have one (runbook §7)."""
    lines = Story().after(minutes=30).last_post("update").lines

    assert lines[:5] == (
        "*Phase:* triage · *Owned by:* nobody yet",
        "*Roles:* IC nobody yet · scribe nobody yet · comms nobody yet",
        "*Impact:* Customers cannot buy.",
        "*Hypothesis:* none yet",
        "*Being done:* nothing yet: nobody has it",
    )


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        pytest.param(Story, "*No change* since 12:00:00 UTC", id="nothing since it was declared"),
        pytest.param(lambda: Story(severity=SEV2).after(hours=2), "*No change* since 12:00:00 UTC", id="nor later"),
        pytest.param(lambda: Story().acks(), "", id="somebody took it"),
        pytest.param(
            lambda: Story().acks().after(minutes=30), "*No change* since 12:30:00 UTC", id="nothing since then"
        ),
        pytest.param(lambda: Story().says(Note(hypothesis="pool exhausted")), "", id="a hypothesis"),
        pytest.param(lambda: Story().says(Note(text="looking")), "*No change* since 12:00:00 UTC", id="only a note"),
        pytest.param(hurting, "", id="it hurts now"),
    ],
)
def test_an_update_says_when_nothing_has_changed(life, expected):
    """What goes out by itself is honest about having nothing new (runbook §7)."""
    story = life()
    story.after(seconds=story.due_in(Due.CADENCE).total_seconds())

    assert [line for line in story.last_post("update").lines if "No change" in line] == ([expected] if expected else [])


def test_whoever_leads_is_reminded_before_an_update():
    """The Incident Commander owns the cadence (runbook §7); ours: 5 minutes are enough to write a sentence."""
    story = Story().acks("ana").after(minutes=25)
    post = story.last_post("the next update goes out at 12:30:00 UTC")

    assert (post.mentions, post.commands) == (
        ("ana",),
        ("""temporal workflow signal -w incident-ShopDown-a --name note --input '{"hypothesis": "…", "by": "you"}'""",),
    )


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        pytest.param(Story(severity=SEV2).acks().after(hours=4), 2, id="before each of them"),
        pytest.param(
            Story().acks().after(minutes=10).says(Note(hypothesis="x")).after(minutes=19), 0, id="written already"
        ),
        pytest.param(Story().acks().says(Note(hypothesis="x")).after(minutes=59), 1, id="written before the last one"),
        pytest.param(Story(severity=SEV3).acks().after(hours=4), 0, id="SEV-3 has no cadence"),
        pytest.param(Story().acks().asleep(hours=5), 0, id="the update itself is due"),
    ],
)
def test_a_reminder_comes_where_it_helps(story, expected):
    """Not after somebody has just written what they think, nor after the fact (runbook §7)."""
    reminders = [post for post in story.all(Post) if "the next update goes out" in post.title]

    assert len(reminders) == expected


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        pytest.param(Story, ["ack"], id="nobody owns it"),
        pytest.param(lambda: Story().acks(), [], id="nothing to say"),
        pytest.param(lambda: hurting().plans(), ["ack", "approve"], id="a plan waits as well"),
    ],
)
def test_an_update_offers_what_would_help_most(life, expected):
    """People act on what they are shown (design §5)."""
    commands = life().after(minutes=30).last_post("update").commands

    assert [line.split("--name ")[1].split()[0] for line in commands] == expected


def test_an_update_missed_in_an_outage_is_made_once():
    """No burst of backlog: one update, and the next one half an hour later (design §6)."""
    story = Story().acks().asleep(hours=5)

    assert (story.post_minutes("update"), story.due_in(Due.CADENCE)) == ([300], timedelta(minutes=30))


def test_the_end_of_the_impact_is_said_at_once():
    """Update on mitigate and on resolve (runbook §7)."""
    story = hurting().acks().after(minutes=10).says(Mitigated(by="ana", how="restarted"))

    assert "*What helped:* restarted" in story.last_post("customer impact stopped").lines


@pytest.mark.parametrize(
    ("story", "title"),
    [
        pytest.param(hurting().acks().after(minutes=10).says(Mitigated()), "customer impact stopped", id="stopped"),
        pytest.param(
            mitigated().after(minutes=10).sees(probe="bad", journey="bad", books="ok"),
            "customer impact is back",
            id="back",
        ),
        pytest.param(resolved().after(minutes=10).fires(), "fired again: the fix was not durable", id="fired again"),
        pytest.param(Story(severity=SEV2).after(minutes=10).sets(SEV1), "now SEV-1 (was SEV-2)", id="raised"),
    ],
)
def test_the_next_update_that_is_announced_is_the_one_that_is_made(story, title):
    """Content: next update time (runbook §7)."""
    due = story.incident.due[Due.CADENCE]

    assert story.last_post(title).lines[-1] == f"*Next update:* {due:%H:%M:%S} UTC"


def test_updates_go_on_until_it_is_resolved():
    """Mitigated is not resolved (runbook §2.3)."""
    assert mitigated().due_in(Due.CADENCE) == timedelta(minutes=30)


def test_after_resolution_there_are_no_updates():
    """What is left is the postmortem (runbook §2.4); nor one at the very instant: the news is that it is resolved."""
    assert resolved().after(days=2).post_minutes("update") == [30]


def test_a_sev3_hears_at_resolution():
    """SEV-3s: at resolution (runbook §1)."""
    assert resolved(severity=SEV3).post_minutes("resolved and closed") == [60]


def test_every_post_has_its_own_key():
    """A post said once is said once, however often its activity is tried (design §6)."""
    posts = [post.key for post in hurting().plans().after(hours=3).all(Post)]

    assert len(posts) == len(set(posts))


def test_a_post_that_fails_is_on_the_timeline_once_while_it_lasts():
    """An incident whose chat is down has better things to tell (runbook §2.2)."""
    story = Story().takes(PostFailed(key="k", title="t", why="chat is down"))
    story.takes(PostFailed(key="k2", title="t2", why="chat is down"))

    assert story.lines.count("could not post in the thread") == 1


# ── messages that made no sense ──────────────────────────────────────────────────────────────────────────────────


def garbled(story: Story, times: int = 1) -> Story:
    for _ in range(times):
        story.takes(NotUnderstood(signal="ack", why="a list", expected='{"by": "ana"}'))
    return story


def test_a_message_that_made_no_sense_is_answered_with_what_was_expected():
    """Written on the timeline and in the chat, with what was expected (design §5)."""
    story = garbled(Story())

    assert story.last_post("ack was refused").lines == ('a list; expected {"by": "ana"}',)
    assert story.incident.timeline[-1].because == 'a list; expected {"by": "ana"}'


def test_each_of_them_is_on_the_timeline():
    """The timeline always (design §5)."""
    assert garbled(Story(), times=5).lines.count("ack was refused") == 5


def test_the_chat_hears_of_them_at_most_once_a_minute():
    """At most one such chat line a minute per incident, with a count (design §5)."""
    story = garbled(Story(), times=5).after(minutes=1)

    assert story.post_minutes("refused") == [0, 1]
    assert story.last_post("refused").title == "SEV-1 ShopDown a: 4 more messages were refused"


def test_a_flood_of_them_is_one_chat_line_a_minute():
    """A script gone wild must not drown the thread (design §5)."""
    story = Story()
    for _ in range(20):
        garbled(story, times=3).after(seconds=10)

    assert story.post_minutes("refused") == [0, 1, 2, 3]


def test_a_minute_of_silence_ends_the_counting():
    """Nothing to tell, no clock to keep (design §9)."""
    assert garbled(Story()).after(minutes=1).due_in(Due.MISUNDERSTOOD) is None


def test_a_lone_one_later_is_told_at_once():
    """Whoever waits for an answer gets one (design §5)."""
    story = garbled(garbled(Story()).after(minutes=10))

    assert story.post_minutes("ack was refused") == [0, 10]


def test_a_closed_incident_says_nothing_in_the_chat():
    """It asks nothing of the world but its record; the timeline has it (runbook §2)."""
    story = resolved(severity=SEV3)
    posts = len(story.all(Post))

    assert (len(garbled(story).all(Post)), story.lines[-1]) == (posts, "ack was refused")


def test_a_finding_is_shown_with_its_mark():
    """Green, red, or not seen (runbook §2.1)."""
    story = Story().sees(probe="unknown").after(minutes=30)

    assert "*Impact:* ? probe: probe unknown" in story.last_post("update").lines
    assert finding("probe", "ok", story.now).state == "ok"
