"""A SEV-3 whose customers were written to: they hear the end of it, as everybody else's do (runbook §7)."""

import pytest

from incident.model.customers import Fate, Moment
from incident.model.effects import MailCustomers, RecordKind, WriteRecord
from incident.model.incident import Criterion, Phase
from incident.model.messages import Approve, Mitigated, Reject
from incident.model.severity import Severity
from incident.policy.resolution import waiting_for
from tests.policy.story import Story
from tests.policy.test_customers import arrives, hurt, mailed, open_ids


def over(story: Story) -> Story:
    """All four criteria hold, after it turned out to be a SEV-3."""
    story.sets(Severity.SEV3).says(Mitigated(by="ana", how="by hand")).clears()
    story.sees(probe="ok", journey="ok", books="ok")
    return story.confirms(Criterion.DURABLE).after(hours=1)


def last_of(story: Story) -> str:
    return story.incident.customers.letters[-1].proposal


def approved(story: Story) -> Story:
    return story.says(Approve(by="ana", proposal=last_of(story)))


def test_the_last_mail_is_offered_for_a_yes() -> None:
    """Nobody sends it by itself, and nobody forgets it."""
    story = over(mailed())

    assert (open_ids(story), story.incident.customers.letters[-1].moment) == (["mail-2"], Moment.LAST)
    assert (story.phase, story.incident.needs_human) == (Phase.POSTMORTEM, True)


def test_what_it_waits_for_is_the_mail_and_no_postmortem() -> None:
    """A SEV-3 owes none (runbook §2.4)."""
    story = over(mailed())

    assert waiting_for(story.incident, story.now) == ("a yes or no to mail-2", "the last mail to customers")
    assert RecordKind.DRAFT not in [effect.reason for effect in story.all(WriteRecord)]


def test_it_closes_once_the_last_mail_has_gone_out() -> None:
    """With a fate for each, so that the record has it."""
    story = approved(over(mailed()))
    assert story.phase is Phase.POSTMORTEM
    assert arrives(story).phase is Phase.CLOSED
    assert "closed" in [post.title.rpartition(": ")[2] for post in [story.last_post("closed")]]


def test_it_closes_when_people_decide_against_the_last_mail() -> None:
    """A no is a decision."""
    story = over(mailed())

    assert story.says(Reject(by="ana", proposal=last_of(story), why="they know")).phase is Phase.CLOSED


def test_a_last_mail_that_could_not_be_delivered_yet_is_waited_for() -> None:
    """It is tried again; closed incidents try nothing."""
    story = arrives(approved(over(mailed())), acme=Fate.UNREACHABLE)
    assert story.phase is Phase.POSTMORTEM
    story.after(minutes=6)
    assert [effect.round for effect in story.all(MailCustomers)] == [1, 1, 2]
    assert arrives(story).phase is Phase.CLOSED


@pytest.mark.parametrize("story", [hurt, lambda: hurt("acme")], ids=["nobody was hurt", "nobody was mailed"])
def test_without_a_mail_before_it_closes_at_once(story) -> None:
    """Customers who never heard of it need no news of its end."""
    assert over(story()).phase is Phase.CLOSED


def test_one_that_turns_out_to_be_worse_owes_its_postmortem_after_all() -> None:
    """Raised while the last mail is on the table (runbook §2.4)."""
    story = over(mailed()).sets(Severity.SEV2)
    arrives(approved(story))

    assert (story.phase, story.incident.postmortem_due is not None) == (Phase.POSTMORTEM, True)


def test_it_may_fire_again_meanwhile() -> None:
    """Then it is open as any other."""
    story = over(mailed()).fires()

    assert (story.phase, story.incident.episode) == (Phase.TRIAGE, 2)
