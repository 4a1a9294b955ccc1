"""A mail that comes back hours later: the timeline says so, a person is asked, and saying it again changes nothing."""

import pytest

from incident.model.customers import Fate
from incident.model.effects import Post
from incident.model.events import Said
from incident.model.identity import Voice
from incident.model.incident import Criterion, Due, Phase
from incident.model.messages import Mitigated, Postmortem, TellCustomers
from incident.policy import people
from tests.policy.story import Story
from tests.policy.test_customers import approves, arrives, hurt, mailed, resolved

TITLE = "a mail came back from"


def bounced(*keys: str, mail: str = "mail-1", code: str = "5.1.1") -> TellCustomers:
    return TellCustomers(by="mail server", bounced=keys, mail=mail, code=code)


def posts(story: Story) -> list[str]:
    return [post.title for post in story.all(Post) if TITLE in post.title]


def test_the_timeline_says_whose_mail_came_back_and_why() -> None:
    """By the mail server, with its code and nothing else of what it said."""
    story = mailed().says(bounced("acme"))
    entry = next(e for e in story.incident.timeline if e.what == "mail-1 came back from 1 customer (acme)")

    assert (entry.because, entry.by) == ("5.1.1", "mail server")


def test_a_person_is_asked_to_reach_them() -> None:
    """As for a mail that was refused at once."""
    story = mailed().says(bounced("acme"))
    post = story.last_post("a mail came back from 1 customer (acme)")

    assert story.incident.customers.unreached == {"acme": Fate.BOUNCED}
    assert story.incident.needs_human
    assert ['"told": ["acme"]' in post.commands[0], '"again": ["acme"]' in post.commands[1]] == [True, True]


def test_the_same_mail_comes_back_once() -> None:
    """Two of a customer's addresses, or a mail server that brings its report again."""
    story = mailed().says(bounced("acme"))
    before = story.incident.timeline

    assert story.says(bounced("acme", code="5.2.2")).incident.timeline == before


def test_one_who_was_told_is_not_asked_about_again() -> None:
    """A late second report is about the mail that a person has made good for."""
    story = mailed().says(bounced("acme")).says(TellCustomers(told=("acme",), by="ana")).says(bounced("acme"))

    assert (story.incident.customers.unreached, len(posts(story))) == ({}, 1)


def test_a_newer_mail_that_comes_back_is_told_anew() -> None:
    """The address was mended, and wrongly."""
    story = mailed().says(bounced("acme"))
    arrives(approves(story.says(TellCustomers(again=("acme",), by="ana"))))
    assert story.incident.customers.unreached == {}

    story.says(bounced("acme", mail="mail-2"))
    assert story.incident.customers.unreached == {"acme": Fate.BOUNCED}


def test_many_that_come_back_are_asked_about_together() -> None:
    """The first at once, the others of the next minutes in one post."""
    story = arrives(approves(hurt("acme", "globex", "initech")))
    for key in ("acme", "globex", "initech"):
        story.says(bounced(key))
    assert len(posts(story)) == 1

    story.after(minutes=5)
    assert story.last_post("a mail came back from 2 customers (globex, initech)")


def test_one_who_was_told_meanwhile_is_left_out_of_it() -> None:
    """Nobody telephones twice."""
    story = mailed().says(bounced("acme")).says(bounced("globex")).says(TellCustomers(told=("globex",), by="ana"))

    assert (len(posts(story.after(minutes=5))), story.due_in(Due.RETURNED)) == (1, None)


def test_a_person_who_reads_the_mailbox_may_say_it_too() -> None:
    """Of the newest mail, where none is named."""
    story = mailed().says(TellCustomers(by="ana", bounced=("acme",)))

    assert "mail-1 came back from 1 customer (acme)" in story.lines


def test_it_is_heard_after_the_end_of_the_impact_too() -> None:
    """The last mail is the one most likely to come back late."""
    story = arrives(approves(resolved()))
    assert story.phase is Phase.POSTMORTEM

    assert "mail-2 came back from 1 customer (acme)" in story.says(bounced("acme", mail="mail-2")).lines


def test_a_resolution_in_between_forgets_nobody() -> None:
    """What came back just before is asked about just after."""
    story = mailed().says(Mitigated(by="ana", how="restarted")).clears()
    story.sees(probe="ok", journey="ok", books="ok").confirms(Criterion.DURABLE).after(minutes=58)
    story.says(bounced("acme")).says(bounced("globex"))
    assert (story.phase, len(posts(story))) == (Phase.RESOLVE, 1)

    story.after(minutes=6)
    assert (story.phase, posts(story)[1:] != []) == (Phase.POSTMORTEM, True)


def test_what_the_thread_has_not_heard_it_hears_at_the_end() -> None:
    """After that nothing comes due any more."""
    story = arrives(approves(resolved()))
    story.says(bounced("acme", mail="mail-2")).says(bounced("globex", mail="mail-2"))
    story.says(Postmortem(by="ana", url="https://wiki.example/pm"))

    assert story.phase is Phase.CLOSED
    assert story.last_post("a mail came back from 1 customer (globex)")


@pytest.mark.parametrize(
    ("story", "message", "why"),
    [
        (mailed, bounced("pigeon"), "not known to be affected: pigeon"),
        (mailed, bounced("acme", mail="mail-9"), "there is no mail-9"),
        (lambda: hurt("acme"), bounced("acme", mail=""), "no mail was sent yet"),
    ],
)
def test_what_cannot_have_come_back_is_refused_with_the_reason(story, message, why) -> None:
    """As everything that is said."""
    assert why in people.refusal(story().incident, message)


def test_a_closed_incident_says_that_it_is_closed() -> None:
    """A mail server may try for five days."""
    story = arrives(approves(resolved())).says(Postmortem(by="ana", url="https://wiki.example/pm"))

    assert people.refusal(story.incident, bounced("acme")).endswith("is closed")


@pytest.mark.parametrize("field", [{"code": "<ops@acme.example>: no"}, {"mail": "mail-1 to ops@acme.example"}])
def test_nothing_but_a_code_and_a_version_is_taken(field: dict[str, str]) -> None:
    """What a mail server says may repeat an address, which would stay in history for good."""
    with pytest.raises(ValueError, match="pattern"):
        TellCustomers.model_validate({"bounced": "acme", **field})


def test_the_mail_server_s_word_is_a_claim() -> None:
    """The bridge says which door it came through, and knows nobody of that name."""
    voice = Voice(by="mail server", via="mail")
    story = mailed().takes(Said(message=bounced("acme"), voice=voice))
    entry = next(e for e in story.incident.timeline if "came back" in e.what)

    assert (entry.via, entry.verified) == ("mail", False)
