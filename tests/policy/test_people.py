"""What people say: what it changes, what is refused and why, what they are answered (design §5)."""

import pytest

from incident.model.incident import Criterion, Phase
from incident.model.messages import (
    MESSAGES,
    Ack,
    Approve,
    Assign,
    Confirm,
    FileActionItem,
    Message,
    Mitigated,
    Note,
    Postmortem,
    Reject,
    Resolve,
    SetSeverity,
)
from incident.model.playbook import Approval
from incident.model.role import Role
from incident.model.severity import Severity
from incident.policy import people
from tests.policy.story import Story, hurting, mitigated, resolved, with_levers

PM = Postmortem(url="https://wiki.example/pm", by="ana")


def closed() -> Story:
    return resolved().says(PM)


def answered(story: Story, message: Message) -> str:
    """What the sender of an update is told; a refusal begins with `no`."""
    refused = people.refusal(story.incident, message)
    if refused:
        return f"no: {refused}"
    before = story.incident
    return people.answer(before, story.says(message).incident, message)


# ── ack ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_ack_owns_the_incident():
    """Acknowledge the page so the team knows it is owned (runbook §2.1)."""
    story = Story().acks("ana").after(minutes=1).acks("bo")

    assert (story.incident.acked_by, story.incident.acked_at) == ("ana", story.began)


def test_a_later_ack_is_a_line_of_the_timeline():
    """The first one is `acked_by`, later ones are timeline entries (design §5)."""
    assert Story().acks("ana").acks("bo").lines[-3::2] == ["ana acknowledged", "bo is on it too"]


def test_a_thumb_that_presses_twice_is_one_ack():
    """A phone's button is pressed again when nothing seems to happen."""
    assert Story().acks("ana").acks("ana").lines.count("ana is on it too") == 0


def test_an_ack_without_a_name_is_someone_s():
    """No input at all is an ack by `someone` (design §5)."""
    assert Story().says(Ack()).incident.acked_by == "someone"


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        pytest.param(Story, "yes: incident-ShopDown-a is yours", id="the first"),
        pytest.param(lambda: Story().acks("ana"), "yes; ana has it too", id="not the first"),
        pytest.param(lambda: Story().acks("bo"), "yes: incident-ShopDown-a is yours already", id="the same one again"),
    ],
)
def test_an_ack_is_answered_with_who_has_it(life, expected):
    """Two people at 3 a.m. learn of each other (design §5)."""
    assert answered(life(), Ack(by="bo")) == expected


# ── note, assign, follow-up ──────────────────────────────────────────────────────────────────────────────────────


def test_a_note_is_on_the_timeline_with_its_author():
    """Document every action in the thread (runbook §2.2)."""
    entry = Story().says(Note(text="pool is empty", by="ana")).incident.timeline[-1]

    assert (entry.what, entry.by) == ("pool is empty", "ana")


def test_a_hypothesis_is_what_the_next_update_tells():
    """SEV, impact, current hypothesis, next update time (runbook §7)."""
    story = Story().says(Note(text="secret rotated", hypothesis=True)).after(minutes=30)

    assert "*Hypothesis:* secret rotated" in story.last_post("update").lines


def test_a_plain_note_is_no_hypothesis():
    """Only what is said to be one (design §5)."""
    assert Story().says(Note(text="pool is empty")).incident.hypothesis == ""


@pytest.mark.parametrize(
    ("role", "line"),
    [
        (Role.IC, "bo is IC"),
        (Role.SCRIBE, "bo is scribe"),
        (Role.COMMS, "bo is comms"),
        (Role.RESPONDER, "bo is responder"),
    ],
)
def test_a_role_is_assigned(role, line):
    """Declare the incident: IC, scribe, comms (runbook §2)."""
    story = Story().says(Assign(role=role, to="bo", by="ana"))

    assert (story.incident.roles, line in story.lines) == ({role: "bo"}, True)


def test_a_role_can_be_handed_over():
    """The next shift takes over (runbook §2)."""
    story = Story().says(Assign(role=Role.IC, to="bo")).says(Assign(role=Role.IC, to="cy"))

    assert story.incident.roles == {Role.IC: "cy"}


def test_a_follow_up_is_filed_with_its_owner():
    """Action items: owner, due, tracking (runbook §8)."""
    story = Story().says(FileActionItem(what="rotate safely", owner="bo", due="2026-07-01", by="ana"))

    assert (story.incident.action_items[-1].due, story.lines[-1]) == (
        "2026-07-01",
        "follow-up filed: rotate safely, owner bo",
    )


def test_a_backlog_is_not_an_incident_s():
    """200 follow-ups and no more: the incident has to stay small (temporal-guide §4)."""
    story = Story()
    for n in range(people.MOST_ITEMS):
        story.says(FileActionItem(what=f"item {n}"))

    assert answered(story, FileActionItem(what="one more")).startswith("no: incident-ShopDown-a has 200 action items")


# ── approve, reject ──────────────────────────────────────────────────────────────────────────────────────────────


def proposing() -> Story:
    return hurting().acks().plans()


@pytest.mark.parametrize(
    ("life", "message", "expected"),
    [
        pytest.param(proposing, Approve(by="ana"), "yes: restart-1 approved", id="the only open one, unnamed"),
        pytest.param(proposing, Approve(proposal="restart-1"), "yes: restart-1 approved", id="by its name"),
        pytest.param(
            proposing,
            Approve(proposal="restart-7"),
            "no: restart-7 is not open; open: restart-1",
            id="one that is not open: which are",
        ),
        pytest.param(hurting, Approve(), "no: there is no open proposal", id="none is open"),
        pytest.param(
            hurting,
            Approve(proposal="restart-1"),
            "no: restart-1 is not open, nor is any other",
            id="none is open, whatever its name",
        ),
        pytest.param(
            lambda: proposing().says(Approve()),
            Approve(proposal="restart-1"),
            "no: restart-1 is not open, nor is any other",
            id="approved already",
        ),
        pytest.param(hurting, Reject(), "no: there is no open proposal", id="nothing to say no to"),
    ],
)
def test_a_yes_or_no_means_the_open_proposal(life, message, expected):
    """Without `proposal` it means the only open one, and is refused when there is none (design §5)."""
    assert answered(life(), message) == expected


def test_the_same_person_is_not_two_people():
    """Money, data deletion and public exposure need a second person (design §7)."""
    story = hurting(playbook=with_levers("restart", approval=Approval.TWO_PEOPLE)).plans().says(Approve(by="ana"))

    assert answered(story, Approve(by="ana")) == "no: restart-1 needs a second person; ana said yes already"


def test_one_of_two_may_still_say_no():
    """A no needs nobody's leave (design §7)."""
    story = hurting(playbook=with_levers("restart", approval=Approval.TWO_PEOPLE)).plans().says(Approve(by="ana"))

    assert people.refusal(story.incident, Reject(by="ana")) == ""


# ── what each phase refuses ──────────────────────────────────────────────────────────────────────────────────────

IN_POSTMORTEM = "incident-ShopDown-a is resolved already; what it waits for is the postmortem"


@pytest.mark.parametrize(
    ("life", "message", "expected"),
    [
        pytest.param(
            mitigated,
            Mitigated(),
            "incident-ShopDown-a is in phase resolve: its impact has stopped already",
            id="mitigated twice",
        ),
        pytest.param(
            Story,
            PM,
            "incident-ShopDown-a is in phase triage: the postmortem comes once it is resolved",
            id="a postmortem too early",
        ),
        pytest.param(resolved, Resolve(), IN_POSTMORTEM, id="resolve what is resolved"),
        pytest.param(
            resolved, Confirm(criterion="durable", evidence="x"), IN_POSTMORTEM, id="confirm what is resolved"
        ),
        pytest.param(
            resolved,
            SetSeverity(severity=Severity.SEV1, why="x"),
            "incident-ShopDown-a is SEV-1 already",
            id="the severity it has",
        ),
        *(
            pytest.param(closed, message, "incident-ShopDown-a is closed", id=f"{type(message).__name__} after the end")
            for message in (Ack(), Note(text="x"), Resolve(), PM, SetSeverity(severity=Severity.SEV2, why="x"))
        ),
    ],
)
def test_what_cannot_be_done_now_is_refused_with_the_reason(life, message, expected):
    """Every update answers yes or no with the reason (design §5)."""
    assert people.refusal(life().incident, message) == expected


@pytest.mark.parametrize("message", [Ack(), Note(text="x"), FileActionItem(what="x"), Assign(role="ic", to="bo")])
def test_an_incident_that_waits_for_its_postmortem_still_listens(message):
    """The story goes on until it is closed (runbook §2.4)."""
    assert people.refusal(resolved().incident, message) == ""


def test_a_refused_signal_changes_nothing_but_the_timeline():
    """It cannot be answered, so it is written down (design §5)."""
    story = mitigated().says(Mitigated(by="bo"))
    entry = story.incident.timeline[-1]

    assert (story.phase, entry.what, entry.by) == (Phase.RESOLVE, "Mitigated was refused", "bo")


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("life", "message", "expected"),
    [
        pytest.param(
            hurting, Mitigated(by="ana"), "yes: incident-ShopDown-a is now in phase resolve", id="a new phase"
        ),
        pytest.param(resolved, PM, "yes: incident-ShopDown-a is now in phase closed", id="the end"),
        pytest.param(Story, Note(text="pool is empty"), "yes: pool is empty", id="what was written down"),
        pytest.param(
            lambda: mitigated().clears().sees(probe="ok", journey="ok", books="ok").after(hours=1),
            Confirm(criterion=Criterion.DURABLE, evidence="patched"),
            "yes: incident-ShopDown-a is now in phase postmortem",
            id="the last criterion",
        ),
    ],
)
def test_a_yes_says_what_came_of_it(life, message, expected):
    """Every update answers (design §5)."""
    assert answered(life(), message) == expected


def test_every_message_has_its_rule():
    """A message without a rule would be heard and forgotten (design §5)."""
    assert set(people.SAYINGS) == set(MESSAGES.values())
