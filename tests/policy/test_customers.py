"""Customers are written to: proposed with every word, approved, sent once, promised and kept (runbook §7)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incident.model.customers import Affected, Fate, Moment
from incident.model.effects import MailCustomers
from incident.model.finding import Finding, Status
from incident.model.incident import Criterion, Due, Phase, ProposalState
from incident.model.messages import Approve, Assign, Mitigated, Postmortem, Reject, TellCustomers
from incident.model.outcomes import CustomersMailed, Looked
from incident.model.role import Role
from incident.model.severity import Severity
from incident.policy import letters, people
from incident.policy.draft import Draft
from tests.policy.story import PLAYBOOK, Story

PLAIN = replace(
    PLAYBOOK,
    plainly="You cannot buy at the moment.",
    plainly_past="For a while you could not buy.",
    automation_check=None,
)


def hurt(*keys: str, **begin: object) -> Story:
    """Acknowledged by ana, and the impact check names these customers."""
    story = Story(playbook=PLAIN, **begin).acks()  # type: ignore[arg-type]
    story.sees(probe="bad")
    return names(story, *keys)


def names(story: Story, *keys: str) -> Story:
    affected = tuple(Affected(key=key) for key in keys)
    seen = Finding(check="probe", status=Status.BAD, summary="2 stuck", at=story.now, customers=affected, subjects=keys)
    look = story.look
    return story.takes(Looked(number=look.number, purpose=look.purpose, findings=(seen,)))


def approves(story: Story, by: str = "ana") -> Story:
    return story.says(Approve(by=by, proposal=story.incident.open_proposals[-1].id))


def arrives(story: Story, **fates: Fate) -> Story:
    mail = story.all(MailCustomers)[-1]
    told = {key: fates.get(key, Fate.SENT) for key in mail.customers}
    return story.takes(CustomersMailed(version=mail.version, fates=told, why="550 5.1.1" if fates else ""))


def mailed(**begin: object) -> Story:
    return arrives(approves(hurt("acme", "globex", **begin)))


def open_ids(story: Story) -> list[str]:
    return [p.id for p in story.incident.open_proposals]


# ── the first mail ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_mail_is_proposed_as_soon_as_customers_are_known() -> None:
    """SEV-1 with customer impact: as soon as scoped (runbook §7)."""
    assert open_ids(hurt("acme", "globex")) == ["mail-1"]


def test_people_read_every_word_before_they_say_yes() -> None:
    """What is affected, that we are on it, and when we write again."""
    post = hurt("acme").last_post("mail-1 to customers needs a yes of IC or comms")
    shown = "\n".join(post.lines)

    assert "You cannot buy at the moment." in shown
    assert "We know about it and are working on it now." in shown
    assert "We will write to you again by Tue 2026-06-16 14:00 UTC." in shown


def test_nothing_is_mailed_without_a_yes() -> None:
    """However long it waits."""
    assert hurt("acme").after(hours=8).all(MailCustomers) == []


def test_a_yes_mails_every_customer_once() -> None:
    """One effect for all of them, with one text."""
    mails = mailed().all(MailCustomers)

    assert [(mail.version, mail.customers) for mail in mails] == [(1, ("acme", "globex"))]


@pytest.mark.parametrize(("by", "counts"), [("ana", True), ("bo", False), ("cleo", True), ("someone", False)])
def test_the_yes_is_ic_s_or_comms(by: str, counts: bool) -> None:
    """ana has acknowledged, so she is IC; cleo is comms."""
    story = hurt("acme").says(Assign(role=Role.COMMS, to="cleo", by="ana"))

    assert (people.refusal(story.incident, Approve(by=by, proposal="mail-1")) == "") is counts


def test_whoever_is_named_ic_has_the_word_and_not_who_acknowledged() -> None:
    """A role that was taken over is taken over."""
    story = hurt("acme").says(Assign(role=Role.IC, to="dee", by="ana"))

    assert "is for ic or responder or comms to decide" in people.refusal(
        story.incident, Approve(by="ana", proposal="mail-1")
    )


def test_a_sev2_writes_to_nobody() -> None:
    """Customers hear of a SEV-1 (runbook §7)."""
    assert open_ids(hurt("acme", severity=Severity.SEV2)) == []


def test_a_raised_severity_writes_then() -> None:
    """What was scoped before is not forgotten."""
    assert open_ids(hurt("acme", severity=Severity.SEV2).sets(Severity.SEV1)) == ["mail-1"]


def test_people_can_name_customers_too() -> None:
    """A support ticket knows more than a check."""
    story = hurt().says(TellCustomers(affected=("initech",), by="ana"))

    assert open_ids(story) == ["mail-1"]


def test_a_count_alone_mails_nobody_and_is_told() -> None:
    """Forty customers, and nobody knows which."""
    story = hurt().says(TellCustomers(count=40, by="ana"))

    assert open_ids(story) == []
    assert "40 customers affected" in story.lines


def test_more_customers_make_a_new_draft() -> None:
    """A yes to two customers is no yes to three."""
    story = names(hurt("acme"), "acme", "globex")

    assert open_ids(story) == ["mail-2"]


def test_a_customer_who_comes_later_gets_a_first_mail_of_their_own() -> None:
    """And those who have one get no second."""
    story = approves(names(mailed(), "acme", "initech"))

    assert story.all(MailCustomers)[-1].customers == ("initech",)


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_rejected_draft_asks_for_words() -> None:
    """And no draft of ours comes again by itself."""
    story = hurt("acme").says(Reject(proposal="mail-1", by="ana", why="too vague")).after(hours=1)

    assert open_ids(story) == []
    assert any("customers" in line for line in story.last_post("what should customers read?").commands)


def test_a_person_s_words_are_the_next_draft() -> None:
    """With our promise and signature round them."""
    story = hurt("acme").says(TellCustomers(text="Sign-in is slow. We are on it.", by="ana"))
    approves(story)

    assert story.all(MailCustomers)[-1].text.startswith(
        "Sign-in is slow. We are on it.\n\nWe will write to you again by"
    )


def test_words_customers_must_not_read_are_refused_by_name() -> None:
    """Before they ever become a draft."""
    said = TellCustomers(text="RDS failed because of load.", by="ana")

    assert "“RDS” is an internal name" in people.refusal(hurt("acme").incident, said)


def test_a_draft_that_slipped_through_cannot_be_approved() -> None:
    """A playbook's sentence may be wrong: the check runs on what would be sent."""
    story = Story(playbook=replace(PLAIN, plainly="PgBouncer is down.")).acks()
    story.sees(probe="bad")
    names(story, "acme")

    refused = people.refusal(story.incident, Approve(by="ana", proposal="mail-1"))

    assert "mail-1 cannot go out" in refused
    assert "“PgBouncer”" in refused


def test_without_plain_words_a_person_writes() -> None:
    """The runbook has none for this alert: an empty mail is not sent."""
    story = Story(playbook=replace(PLAIN, plainly="")).acks()
    story.sees(probe="bad")
    names(story, "acme")

    assert "it has no text yet" in people.refusal(story.incident, Approve(by="ana", proposal="mail-1"))


def test_a_draft_about_an_impact_that_has_stopped_is_written_anew() -> None:
    """Nobody is told "we are working on it" after it was over."""
    story = hurt("acme").says(Mitigated(by="ana", how="restarted"))

    assert open_ids(story) == ["mail-2"]
    assert "has stopped" in story.incident.customers.letters[-1].text


def test_a_draft_nobody_approved_promises_anew() -> None:
    """The time in it must still be worth something when it is read."""
    story = hurt("acme").after(minutes=80)

    assert open_ids(story) == ["mail-2"]
    assert "again by Tue 2026-06-16 15:15 UTC" in story.incident.customers.letters[-1].text


# ── promises ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_next_mail_is_on_the_table_before_it_is_due() -> None:
    """Twenty minutes: time to read it and say yes."""
    story = mailed().after(minutes=100)

    assert open_ids(story) == ["mail-2"]


def test_a_promise_that_is_kept_is_not_late() -> None:
    """The follow-up went out in time."""
    story = arrives(approves(mailed().after(minutes=105))).after(minutes=60)

    assert [line for line in story.lines if "were promised" in line] == []


def test_a_promise_that_was_not_kept_is_told_by_itself() -> None:
    """At the very minute, on the timeline and in the thread."""
    story = mailed().after(hours=2)

    assert story.post_minutes("customers were promised a mail by Tue 2026-06-16 14:00 UTC and have none") == [120]


def test_it_is_told_again_until_it_is_kept() -> None:
    """Every half hour: a customer waits."""
    story = mailed().after(hours=3, minutes=30)

    minutes = story.post_minutes("customers were promised a mail by Tue 2026-06-16 14:00 UTC and have none")
    assert minutes == [120, 150, 180, 210]


def test_a_rejected_follow_up_leaves_the_promise_standing() -> None:
    """We said we would write."""
    story = mailed().after(minutes=100).says(Reject(proposal="mail-2", by="ana")).after(minutes=30)

    assert "customers were promised a mail by Tue 2026-06-16 14:00 UTC and have none" in story.lines


# ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────


def resolved() -> Story:
    story = mailed().says(Mitigated(by="ana", how="restarted")).clears()
    story.sees(probe="ok", journey="ok", books="ok")
    return story.confirms(Criterion.DURABLE).after(hours=1)


def test_at_resolution_the_last_mail_is_proposed() -> None:
    """It promises nothing more."""
    story = resolved()
    letter = story.incident.customers.letters[-1]

    assert (story.phase, letter.moment, letter.promises) == (Phase.POSTMORTEM, "last", None)


def test_an_incident_does_not_close_before_the_last_mail_is_decided_on() -> None:
    """After that nobody would ask for it."""
    refused = people.refusal(resolved().incident, Postmortem(url="https://wiki.example/1", by="ana"))

    assert "tells customers that it is over: approve or reject it first" in refused


def test_after_the_last_mail_it_closes() -> None:
    """And customers hear nothing more."""
    story = arrives(approves(resolved())).says(Postmortem(url="https://wiki.example/1", by="ana"))

    assert (story.phase, story.all(MailCustomers)[-1].moment) == (Phase.CLOSED, "last")


def test_it_fires_again_and_customers_are_written_to_anew() -> None:
    """They were told that it is over."""
    story = arrives(approves(resolved())).after(minutes=1).fires("b")
    story.sees(probe="bad")

    assert story.incident.customers.letters[-1].moment == "first"


# ── who was not reached ──────────────────────────────────────────────────────────────────────────────────────────


def test_who_was_refused_is_counted_and_a_person_asked() -> None:
    """An address that is wrong stays wrong."""
    story = arrives(approves(hurt("acme", "globex")), globex=Fate.REFUSED)

    assert "mail-1 sent to 1 of 2 customers; 1 refused for good" in story.lines
    assert story.last_post("1 of 2 customers could not be mailed")
    assert story.incident.needs_human


def test_who_could_not_be_reached_is_tried_again_under_the_same_version() -> None:
    """Nothing was sent to them yet, and the others get nothing twice."""
    story = arrives(approves(hurt("acme", "globex")), globex=Fate.UNREACHABLE).after(minutes=5)
    last = story.all(MailCustomers)[-1]

    assert (last.version, last.round, last.customers) == (1, 2, ("globex",))


def test_after_four_rounds_a_person_is_asked() -> None:
    """The mail server may be down for hours; the customer should not wait for it."""
    story = arrives(approves(hurt("acme")), acme=Fate.UNREACHABLE)
    for _ in range(3):
        arrives(story.after(minutes=5), acme=Fate.UNREACHABLE)

    assert story.due_in(Due.MAIL_AGAIN) is None
    assert story.incident.customers.unreached == {"acme": Fate.UNREACHABLE}


def test_a_mail_that_may_have_arrived_is_never_sent_again_by_itself() -> None:
    """A person decides; a customer who gets it twice wonders."""
    story = arrives(approves(hurt("acme")), acme=Fate.UNKNOWN).after(hours=1)

    assert len(story.all(MailCustomers)) == 1
    assert story.incident.customers.unreached == {"acme": Fate.UNKNOWN}


def test_a_person_who_told_them_ends_it() -> None:
    """By telephone, say."""
    story = arrives(approves(hurt("acme")), acme=Fate.REFUSED).says(TellCustomers(told=("acme",), by="ana"))

    assert story.incident.customers.unreached == {}


def test_a_person_may_have_it_sent_again_as_a_version_of_its_own() -> None:
    """With the same words, and a yes of its own."""
    story = arrives(approves(hurt("acme", "globex")), acme=Fate.UNKNOWN)
    approves(story.says(TellCustomers(again=("acme",), by="ana")))
    first, second = story.all(MailCustomers)

    assert (second.version, second.customers, second.text) == (2, ("acme",), first.text)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (TellCustomers(), "it says nothing"),
        (TellCustomers(again=("acme",)), "no mail was sent yet"),
        (TellCustomers(told=("pigeon",)), "not known to be affected: pigeon"),
        (TellCustomers(affected=tuple(f"c{n}" for n in range(1000))), "more than 1000 customers"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(message: TellCustomers, why: str) -> None:
    """As everything people say."""
    story = hurt("acme")
    if message.again:
        story.says(Reject(proposal="mail-1", by="ana"))

    assert why in people.refusal(story.incident, message)


def test_an_address_is_no_key() -> None:
    """It would stay in history for good."""
    with pytest.raises(ValueError, match="affected"):
        TellCustomers.model_validate({"affected": ["ops@acme.example"]})


def test_proposals_say_that_they_were_sent() -> None:
    """`status` shows it."""
    assert [p.state for p in mailed().incident.proposals] == [ProposalState.SENT]


def test_speed_shortens_the_promise_too() -> None:
    """A drill at sixty times its speed keeps its promises in two minutes."""
    from runbook.response import RESPONSE, at_speed

    assert at_speed(RESPONSE, 60).customers.next_update_after == timedelta(minutes=2)


def test_once_it_has_stopped_a_mail_speaks_of_it_as_past():
    """`is not ready for you yet … This is over` would be two mails in one."""
    story = Story(playbook=PLAIN).acks()
    letter = letters.written(Draft(story.incident, story.now), Moment.LAST, ("acme",), "")

    assert ("For a while you could not buy." in letter.text, "at the moment" in letter.text) == (True, False)
