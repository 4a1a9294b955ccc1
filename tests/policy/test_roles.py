"""Who does what, who is reminded, and what a hand-over tells (runbook §2)."""

from datetime import timedelta

import pytest

from incident.model.effects import Page, Post
from incident.model.incident import Due
from incident.model.messages import Ack, Assign, Note, Take
from incident.model.role import Role
from incident.model.severity import Severity
from incident.policy import people, view
from incident.policy.postmortem import markdown
from tests.policy.story import Story, hurting, mitigated, resolved

SEV1, SEV2, SEV3 = Severity.SEV1, Severity.SEV2, Severity.SEV3
IC, SCRIBE, COMMS, RESPONDER = Role.IC, Role.SCRIBE, Role.COMMS, Role.RESPONDER


def briefed(**begin) -> Story:
    """The thread is open."""
    return Story(**begin).sees(probe="unknown", healer="ok")


# ── declared ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        pytest.param(SEV1, (IC, SCRIBE, COMMS), id="SEV-1: IC, scribe, comms"),
        pytest.param(SEV2, (RESPONDER,), id="SEV-2: a single responder"),
        pytest.param(SEV3, (RESPONDER,), id="SEV-3: a single responder"),
    ],
)
def test_a_severity_declares_its_roles(severity, expected):
    """SEV-1: declare IC, scribe, comms; SEV-2/3: a single responder (runbook §2)."""
    assert Story(severity=severity).incident.declared == expected


def test_a_declaration_is_on_the_timeline():
    """Declare the incident (runbook §2)."""
    assert "declared: IC, scribe and comms are wanted" in Story().lines


def test_the_thread_begins_with_who_is_wanted():
    """Whoever opens the thread sees what is missing (runbook §2)."""
    root = next(e.post for e in (effect for _, effect in Story().asked) if e.kind == "brief")

    assert "*Roles:* IC nobody yet · scribe nobody yet · comms nobody yet" in root.lines


# ── who leads ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        pytest.param(SEV1, {IC: "ana"}, id="SEV-1: IC"),
        pytest.param(SEV2, {RESPONDER: "ana"}, id="SEV-2: responder"),
        pytest.param(SEV3, {RESPONDER: "ana"}, id="SEV-3: responder"),
    ],
)
def test_the_first_acker_leads(severity, expected):
    """Until someone takes it (runbook §2)."""
    assert Story(severity=severity).acks("ana").acks("bo").incident.roles == expected


def test_whoever_gave_no_name_leads_nothing():
    """Nobody could turn to them; the reminder goes on (runbook §2)."""
    story = Story().says(Ack())

    assert (story.incident.roles, Due.ROLES in story.incident.due) == ({}, True)


def test_who_was_assigned_stays_when_somebody_else_acknowledges():
    """An ack takes no role away (runbook §2)."""
    assert Story().says(Assign(role=IC, to="bo", by="cy")).acks("ana").incident.roles == {IC: "bo"}


@pytest.mark.parametrize(
    ("role", "acked"),
    [
        pytest.param(IC, "bo", id="IC"),
        pytest.param(RESPONDER, "bo", id="responder"),
        pytest.param(SCRIBE, "", id="scribe"),
    ],
)
def test_who_takes_the_lead_has_acknowledged(role, acked):
    """It is owned: the pager stops (runbook §2.1). A scribe writes; that owns nothing."""
    story = Story().says(Take(role=role, by="bo"))

    assert (story.incident.acked_by, Due.ACK in story.incident.due) == (acked, not acked)


def test_who_is_assigned_the_lead_has_not_acknowledged():
    """They may be asleep: somebody else said so (runbook §2.1)."""
    story = Story().says(Assign(role=IC, to="bo", by="ana")).after(minutes=5)

    assert (story.incident.acked_by, [page.targets for page in story.all(Page)]) == (
        "",
        [("on-call",), ("person:bo",), ("on-call",)],
    )


# ── severity changes ─────────────────────────────────────────────────────────────────────────────────────────────


def test_raising_to_sev1_declares_then():
    """The responder leads on as IC; scribe and comms are wanted now (runbook §2)."""
    story = briefed(severity=SEV2).acks("ana").sets(SEV1)

    assert story.incident.roles == {IC: "ana"}
    assert story.last_post("declared: IC ana · scribe nobody yet · comms nobody yet").commands == (
        """temporal workflow signal -w incident-ShopDown-a --name take --input '{"role": "scribe", "by": "you"}'""",
        """temporal workflow signal -w incident-ShopDown-a --name take --input '{"role": "comms", "by": "you"}'""",
    )


def test_lowering_says_what_is_no_longer_needed():
    """The IC goes on as the single responder; the others are free (runbook §2)."""
    story = briefed().acks("ana").says(Take(role=SCRIBE, by="bo")).sets(SEV2)
    post = story.last_post("a single responder from here: ana")

    assert post.lines == ("IC (ana), scribe (bo) and comms are no longer needed",)
    assert story.incident.roles == {RESPONDER: "ana"}


def test_what_fires_again_after_the_end_needs_people_anew():
    """Who led last week may be asleep (runbook §2)."""
    story = resolved().fires()

    assert (story.incident.roles, story.incident.empty_roles) == ({}, (IC, SCRIBE, COMMS))


# ── reminders ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_role_is_reminded_of():
    """Ours: after 10 minutes, and half as often each time, so that it drowns nothing."""
    story = briefed().acks("ana").after(hours=6)

    assert story.post_minutes("nobody is scribe or comms yet") == [10, 30, 70, 150, 310]


def test_a_reminder_turns_to_who_leads():
    """The IC can assign (runbook §2)."""
    assert briefed().acks("ana").after(minutes=10).last_post("nobody is scribe or comms yet").mentions == ("ana",)


def test_no_reminder_once_every_role_is_taken():
    """Nothing to say (design §9)."""
    story = briefed().acks("ana").says(Take(role=SCRIBE, by="bo")).says(Take(role=COMMS, by="cy"))

    assert story.due_in(Due.ROLES) is None


def test_one_person_may_have_two_roles():
    """At 3 a.m. there may be only two (runbook §2)."""
    story = briefed().acks("ana").says(Take(role=SCRIBE, by="bo")).says(Take(role=COMMS, by="bo"))

    assert story.incident.roles == {IC: "ana", SCRIBE: "bo", COMMS: "bo"}


def test_a_reminder_that_came_due_in_an_outage_comes_once():
    """No burst of backlog (design §6)."""
    story = briefed().acks("ana").asleep(hours=6)

    assert story.post_minutes("nobody is scribe or comms yet") == [360]


# ── taken, assigned, handed over ─────────────────────────────────────────────────────────────────────────────────


def test_the_one_who_is_assigned_is_told():
    """They are called by name where the chat knows them (runbook §2)."""
    post = briefed().says(Assign(role=SCRIBE, to="bo", by="ana")).last_post("bo is scribe")

    assert (post.mentions, post.lines) == (("bo",), ("*Roles:* IC nobody yet · scribe bo · comms nobody yet",))


def test_a_hand_over_tells_how_it_stands():
    """Who had it, situation, open proposals, next update (runbook §2, §7)."""
    story = hurting().acks("ana").says(Note(hypothesis="pool exhausted", by="ana")).plans()
    post = story.after(minutes=10).says(Take(role=IC, by="bo")).last_post("IC goes from ana to bo")

    assert post.lines == (
        "*ana* had it since Tue 2026-06-16 12:00 UTC.",
        "*Phase:* mitigate · *Owned by:* ana",
        "*Roles:* IC bo · scribe nobody yet · comms nobody yet",
        "*Impact:* ✗ probe: probe bad",
        "*Hypothesis:* pool exhausted",
        "*Being done:* bo looks into it",
        "*Waiting for:* a yes or no to restart-1",
        "*Waiting for:* probe to turn green",
        "*Next update:* 12:30:00 UTC",
        "*Open:* restart-1: restart the shop",
    )
    assert post.mentions == ("bo", "ana")


def test_a_hand_over_is_on_the_timeline_with_its_summary():
    """The postmortem has it (runbook §2.2)."""
    story = hurting().acks("ana").plans().says(Take(role=IC, by="bo"))
    entry = story.incident.timeline[-1]

    assert (entry.what, entry.by) == ("bo is IC, in place of ana", "bo")
    since = "ana had it since Tue 2026-06-16 12:00 UTC"
    assert entry.because == f"{since}; phase mitigate; hypothesis: none yet; open: restart-1; next update 12:30:00 UTC"


def test_each_who_has_a_role_has_it_since_they_took_it():
    """Not since the incident began, nor since somebody else had it."""
    story = hurting().acks("ana").after(minutes=10).says(Take(role=IC, by="bo")).after(minutes=5)
    entry = story.says(Assign(role=IC, to="kim", by="bo")).incident.timeline

    assert [e.because.partition(";")[0] for e in entry if "in place of" in e.what] == [
        "ana had it since Tue 2026-06-16 12:00 UTC",
        "bo had it since Tue 2026-06-16 12:10 UTC",
    ]


def test_whoever_led_before_the_severity_changed_has_led_since_then():
    """The responder of a SEV-2 becomes the IC of a SEV-1; it is the same person at the same work."""
    story = hurting(severity=Severity.SEV2).acks("ana").after(minutes=10).sets(Severity.SEV1)

    assert story.incident.role_since[IC] == story.began


def test_before_the_thread_is_open_a_role_is_only_written_down():
    """The page has its turn first (design §9)."""
    assert Story(slow_pager=True).says(Take(role=SCRIBE, by="bo")).all(Post) == []


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(Take(role=IC), "who? A role needs a name others can turn to", id="nobody knows who"),
        pytest.param(Assign(role=IC, to="someone"), "who? A role needs a name others can turn to", id="to nobody"),
        pytest.param(Take(role=IC, by="ana"), "ana is IC already", id="has it"),
        pytest.param(Assign(role=IC, to="ana", by="bo"), "ana is IC already", id="is given what they have"),
        pytest.param(Take(role=IC, by="bo"), "", id="takes it over"),
    ],
)
def test_a_role_goes_to_somebody_who_does_not_have_it(message, expected):
    """Answered with the reason (design §5)."""
    refused = people.refusal(Story().acks("ana").incident, message)

    assert refused.startswith(expected) if expected else refused == ""


# ── where roles are read ─────────────────────────────────────────────────────────────────────────────────────────


def test_status_shows_who_has_which_role_and_what_is_missing():
    """A script, and `incidents show` (design §5)."""
    story = mitigated()
    answer = view.status(story.incident, story.now)

    assert (answer["roles"], answer["roles_empty"]) == ({"ic": "ana"}, ["scribe", "comms"])


def test_the_web_ui_shows_roles():
    """Where everybody looks (design §1)."""
    story = Story().acks("ana")

    assert "**Roles** IC ana · scribe nobody yet · comms nobody yet" in view.details(story.incident, story.now)


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        pytest.param(lambda: resolved().says(Take(role=SCRIBE, by="bo")), "ana · **Scribe:** bo", id="SEV-1"),
        pytest.param(lambda: resolved(severity=SEV2), "ana · **Scribe:** nobody declared", id="SEV-2: the responder"),
    ],
)
def test_the_postmortem_names_the_roles_its_template_asks_for(life, expected):
    """Incident Commander and scribe (runbook §8)."""
    story = life()

    assert f"**Incident Commander:** {expected}" in markdown(story.incident, story.now)


def test_the_next_reminder_counts_from_when_a_role_was_last_taken():
    """Somebody is at it: it begins anew."""
    story = briefed().acks("ana").after(minutes=35).says(Take(role=SCRIBE, by="bo")).after(minutes=36)

    assert story.post_minutes("nobody is comms yet") == [45, 65]
    assert story.due_in(Due.ROLES) == timedelta(minutes=34)
