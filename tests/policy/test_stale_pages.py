"""What an incident answers when a worker asks whether a page of it may still go out (issue 5 §2)."""

from collections.abc import Callable

import pytest

from incident.model.already_paged import EarlierPage
from incident.model.effects import Page
from incident.model.events import AlreadyPaged
from incident.model.messages import Escalate, Mitigated
from incident.model.outcomes import Paged
from incident.model.severity import Severity
from incident.policy.paging import asked_about
from tests.policy.story import NIGHT, Story, hurting, resolved

SEV1, SEV2, SEV3 = Severity.SEV1, Severity.SEV2, Severity.SEV3


def about(story: Story, number: int) -> str:
    """The answer about this page, as it was sent out first."""
    page = next(page for page in story.all(Page) if page.number == number)
    return asked_about(story.incident, page.key, page.severity.value, story.now)


def by_the_second_path() -> Story:
    story = Story(slow_pager=True)
    return story.takes(AlreadyPaged(pages=(EarlierPage(at=story.now, channel="ntfy", person="ana"),)))


ANSWERS: list[tuple[str, Callable[[], Story], int, str]] = [
    ("nothing has changed", Story, 1, ""),
    ("somebody has acknowledged", lambda: Story().acks("bo"), 1, "bo has acknowledged"),
    ("it is resolved", resolved, 1, "it is resolved"),
    ("a newer page is out", lambda: Story().after(minutes=5), 1, "a newer page has taken its place"),
    ("the second path has paged", by_the_second_path, 1, "the second path has paged for it"),
    ("lowered to a severity that pages nobody", lambda: Story().sets(SEV3), 1, "a SEV-3 pages nobody at this hour"),
    ("lowered to one that pages overnight, by day", lambda: Story().sets(SEV2), 1, "a SEV-2 pages nobody at this hour"),
    ("the same, by night", lambda: Story(at=NIGHT).sets(SEV2), 1, "it is a SEV-2 now"),
    ("the owner is called after an ack", lambda: hurting().acks().after(minutes=30), 2, ""),
    (
        "the owner is called, and the impact stops",
        lambda: hurting().acks().after(minutes=30).says(Mitigated(by="ana")),
        2,
        "the impact has stopped",
    ),
    ("a person asked for them", lambda: Story().acks().says(Escalate(why="x", to="kim", by="ana")), 2, ""),
]


@pytest.mark.parametrize(
    ("story", "number", "answer"),
    [pytest.param(make, number, answer, id=name) for name, make, number, answer in ANSWERS],
)
def test_a_page_may_go_out_as_long_as_it_is_true(story: Callable[[], Story], number: int, answer: str) -> None:
    """Still un-acked, still open, still that severity; with the reason why not."""
    assert about(story(), number) == answer


@pytest.mark.parametrize("key", ["", "nonsense", "incident-ShopDown-a@20200101T000000.000000Z/page/1", "/page/1"])
def test_what_is_no_page_of_this_incident_does_not_go_out(key: str) -> None:
    """The same alert fired last week; that page is nobody's any more."""
    assert asked_about(Story().incident, key, "SEV-1", NIGHT) == "it is no page of this incident"


def test_a_page_that_stopped_on_its_way_is_told_with_its_reason() -> None:
    """Whoever was not woken is not looked for in vain."""
    story = Story(slow_pager=True).acks("bo").takes(Paged(number=1, overtaken="bo has acknowledged"))
    entry = next(e for e in story.incident.timeline if e.what == "page 1 stopped on its way")

    assert entry.because == "bo has acknowledged"


def test_a_page_that_stopped_on_its_way_is_nobody_s_failure() -> None:
    """It is not tried again, and nobody is told that nobody could be reached."""
    story = Story(slow_pager=True).acks("bo").takes(Paged(number=1, overtaken="bo has acknowledged"))

    assert (len(story.all(Page)), story.incident.unreached) == (1, False)


def test_one_that_stopped_for_another_severity_is_said_anew() -> None:
    """Under its own number, so that whoever has it already is not woken again."""
    story = Story(at=NIGHT, slow_pager=True).sets(SEV2).takes(Paged(number=1, overtaken="it is a SEV-2 now"))

    assert [(page.number, page.severity) for page in story.all(Page)] == [(1, SEV1), (1, SEV2)]
