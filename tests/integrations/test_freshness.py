"""When an incident is asked whether its page is still true, and what an answer is worth (issue 5 §2)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from integrations.freshness import AskedAgain, CannotAsk, Overtaken

NOW = datetime(2026, 6, 16, 3, 30, tzinfo=UTC)
SOON = NOW + timedelta(seconds=5)


class Incident:
    """Answers with the next of these; the last one again and again."""

    def __init__(self, *answers: str | CannotAsk) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self) -> str:
        self.asked += 1
        await asyncio.sleep(0)  # an answer takes a moment
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, CannotAsk):
            raise answer
        return answer


def asking(incident: Callable[[], Awaitable[str]], fresh_until: datetime | None = SOON) -> AskedAgain:
    return AskedAgain(incident, fresh_until, clock=lambda: NOW)


async def test_a_slip_of_ours_is_a_doubt_too() -> None:
    """It must not cost the page."""

    async def slip() -> str:
        raise KeyError("ours")

    assert await asking(slip).doubt(first=False) == "its incident cannot be asked: KeyError"


@pytest.mark.parametrize(
    ("first", "fresh_until", "asked"),
    [
        pytest.param(True, SOON, 0, id="the first message of a young page"),
        pytest.param(False, SOON, 1, id="a later message of a young page"),
        pytest.param(True, NOW, 1, id="the first message of a page that is old"),
        pytest.param(True, None, 1, id="a page of an older edition, which does not say"),
    ],
)
async def test_only_the_first_message_of_a_young_page_goes_out_unasked(
    first: bool, fresh_until: datetime | None, asked: int
) -> None:
    """It is true by construction, and the hot path."""
    incident = Incident("")
    await asking(incident, fresh_until).doubt(first=first)
    assert incident.asked == asked


async def test_a_page_that_is_overtaken_says_why() -> None:
    """The incident's own words."""
    with pytest.raises(Overtaken, match="ana has acknowledged"):
        await asking(Incident("ana has acknowledged")).doubt(first=False)


async def test_what_is_overtaken_stays_so() -> None:
    """A page is one question; a new reason is a new page."""
    still = asking(Incident("ana has acknowledged", ""))
    for first in (False, True):
        with pytest.raises(Overtaken):
            await still.doubt(first=first)


async def test_messages_of_one_moment_share_an_answer() -> None:
    """`everyone` is one question, not forty."""
    incident = Incident("")
    still = asking(incident)
    await asyncio.gather(*(still.doubt(first=False) for _ in range(40)))
    assert incident.asked == 1


async def test_an_answer_does_not_count_for_the_next_message() -> None:
    """A later attempt asks anew."""
    still = asking(Incident("", "ana has acknowledged"))
    assert await still.doubt(first=False) == ""
    with pytest.raises(Overtaken):
        await still.doubt(first=False)


async def test_who_cannot_ask_has_a_doubt() -> None:
    """And does not keep anybody asleep for it."""
    assert await asking(Incident(CannotAsk("its worker is away"))).doubt(first=False) == "its worker is away"


async def test_who_could_not_ask_does_not_make_everybody_wait() -> None:
    """Each wait is some seconds of somebody's sleep that should be over."""
    incident = Incident(CannotAsk("its worker is away"))
    still = asking(incident)
    for _ in range(3):
        await still.doubt(first=False)
    assert incident.asked == 1
