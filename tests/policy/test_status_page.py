"""The public status page: asked for once, then kept up to date, one notice at a time (runbook §7)."""

from dataclasses import replace

from incident.model.effects import SetStatusPage
from incident.model.incident import Criterion, Due, Phase
from incident.model.messages import Approve, Mitigated, Reject
from incident.model.outcomes import StatusPageNotSet, StatusPageSet
from incident.model.severity import Severity
from incident.policy import people
from tests.policy.story import PLAYBOOK, Story

VISIBLE = replace(
    PLAYBOOK, plainly="You cannot buy at the moment.", customer_visible=True, component="Shop", automation_check=None
)


def hurt(**begin: object) -> Story:
    """Acknowledged by ana, and customers are seen to be hurt."""
    return Story(**({"playbook": VISIBLE} | begin)).acks().sees(probe="bad")  # type: ignore[arg-type]


def allowed(**begin: object) -> Story:
    return shows(hurt(**begin).says(Approve(proposal="status-1", by="ana")))


def shows(story: Story) -> Story:
    """The page takes the notice that is on its way."""
    return story.takes(StatusPageSet(number=story.all(SetStatusPage)[-1].number, id="page-7"))


def states(story: Story) -> list[str]:
    return [effect.notice.state.value for effect in story.all(SetStatusPage)]


def test_the_first_notice_waits_for_a_yes() -> None:
    """It is public."""
    story = hurt().after(hours=2)

    assert [p.id for p in story.incident.open_proposals] == ["status-1"]
    assert states(story) == []


def test_the_yes_is_ic_s_or_comms() -> None:
    """What the public reads is theirs to decide."""
    assert "is for ic or responder or comms to decide" in people.refusal(
        hurt().incident, Approve(proposal="status-1", by="bo")
    )


def test_triage_announces_nothing() -> None:
    """It may be one flaky vantage (runbook §2.1)."""
    assert Story(playbook=VISIBLE).incident.open_proposals == ()


def test_what_customers_do_not_see_is_not_on_it() -> None:
    """The playbook says which alerts they see."""
    assert hurt(playbook=replace(VISIBLE, customer_visible=False)).incident.open_proposals == ()


def test_a_sev3_is_not_on_it() -> None:
    """No customer impact (runbook §1)."""
    assert hurt(severity=Severity.SEV3).incident.open_proposals == ()


def test_after_the_yes_it_follows_the_incident_by_itself() -> None:
    """Update on mitigate and resolve (runbook §7)."""
    story = shows(allowed().says(Mitigated(by="ana", how="restarted"))).clears()
    story.sees(probe="ok", journey="ok", books="ok")
    shows(story.confirms(Criterion.DURABLE).after(hours=1))

    assert (story.phase, states(story)) == (Phase.POSTMORTEM, ["investigating", "monitoring", "resolved"])


def test_all_notices_are_of_one_status_incident() -> None:
    """The page's own id comes back with the first, our mark goes with each."""
    story = allowed().says(Mitigated(by="ana", how="restarted"))
    first, second = story.all(SetStatusPage)

    assert (first.mark, second.mark) == (story.incident.key, story.incident.key)
    assert (first.known_id, second.known_id) == ("", "page-7")


def test_each_cadence_says_that_we_are_still_at_it() -> None:
    """If customer-visible, at each cadence, with the next update's time."""
    story = shows(allowed().after(minutes=31))

    assert story.all(SetStatusPage)[-1].notice.text.endswith("This is not over yet. Next update by 13:00 UTC.")


def test_one_notice_at_a_time() -> None:
    """An older text that is tried again must not replace a newer one."""
    story = hurt().says(Approve(proposal="status-1", by="ana")).says(Mitigated(by="ana", how="restarted"))
    before = states(story)
    shows(story)

    assert (before, states(story)) == (["investigating"], ["investigating", "monitoring"])


def test_a_page_that_cannot_be_reached_is_told_once_and_tried_again() -> None:
    """With what it should say by then."""
    story = hurt().says(Approve(proposal="status-1", by="ana"))
    for _ in range(3):
        story.takes(StatusPageNotSet(number=story.all(SetStatusPage)[-1].number, why="down")).after(minutes=5)

    assert len(states(story)) == 4
    assert story.lines.count("the status page could not be set") == 1


def test_a_page_that_refuses_us_is_not_asked_for_ever() -> None:
    """A person has to mend the setting."""
    story = hurt().says(Approve(proposal="status-1", by="ana"))
    story.takes(StatusPageNotSet(number=1, why="wrong key", for_good=True))

    assert story.due_in(Due.STATUS_PAGE) is None


def test_a_no_holds_for_the_episode() -> None:
    """Nobody is asked again and again."""
    story = hurt().says(Reject(proposal="status-1", by="ana", why="two customers")).after(hours=3)

    assert (story.incident.open_proposals, states(story)) == ((), [])


def test_an_impact_that_stopped_before_the_yes_announces_nothing() -> None:
    """There is nothing to say any more."""
    story = hurt().says(Mitigated(by="ana", how="restarted"))

    assert (story.incident.open_proposals, states(story)) == ((), [])


def test_it_fires_again_and_the_page_says_so_without_asking() -> None:
    """The same status incident, which is not over after all."""
    story = shows(allowed().says(Mitigated(by="ana", how="restarted"))).clears().after(minutes=5).fires("b")
    story.sees(probe="bad")

    assert states(story) == ["investigating", "monitoring", "investigating"]


def test_words_the_public_must_not_read_are_not_even_proposed() -> None:
    """The playbook's sentence names an inside."""
    story = hurt(playbook=replace(VISIBLE, plainly="RDS is down."))

    assert "nothing for the status page" in story.lines
