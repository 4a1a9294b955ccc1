"""A phone does what ntfy's app does: a button sends its request, and only what worked goes away."""

from dataclasses import dataclass, field

import httpx
import pytest

from gameday.world.faults import Faults
from gameday.world.people import ANA, BEN, TEAM
from gameday.world.phones import NoSuchButton, Phones
from gameday.world.sinks import Sinks

LINK = "http://bridge.example.org/act/token"
ACK = {"action": "http", "label": "Ack", "url": LINK, "method": "POST", "clear": True}


@dataclass
class OtherSide:
    """What the link leads to."""

    answer: httpx.Response | Exception = field(default_factory=lambda: httpx.Response(200, text="yes: it is yours\n"))
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.method, str(request.url)))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def bridge() -> OtherSide:
    return OtherSide()


@pytest.fixture
def phones(bridge: OtherSide) -> Phones:
    return Phones(Sinks(Faults()), httpx.AsyncClient(transport=httpx.MockTransport(bridge)))


def ring(phones: Phones, topic: str, *actions: dict[str, object]) -> str:
    """A message arrives; its id."""
    desk = phones.sinks.receivers.ntfy.desk
    name = f"m{len(desk.arrivals)}"
    desk.take(key="", to=topic, body={"topic": topic, "id": name, "actions": list(actions)})
    return name


async def test_a_press_posts_the_buttons_link(phones: Phones, bridge: OtherSide) -> None:
    """And shows the answer, in the words of the other side."""
    said = await phones.press(BEN, ring(phones, "ben", ACK), "Ack")

    assert (bridge.asked, said.yes, said.text) == ([("POST", LINK)], True, "yes: it is yours")


async def test_what_worked_goes_away(phones: Phones) -> None:
    """ntfy's `clear`."""
    await phones.press(BEN, ring(phones, "ben", ACK), "Ack")

    assert [notification.cleared for notification in phones.of(BEN)] == [True]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(httpx.Response(409, text="ana has it already"), "ana has it already", id="refused"),
        pytest.param(httpx.Response(503), "answered 503", id="away"),
        pytest.param(httpx.ConnectError("no route"), "no answer (ConnectError): try again", id="no answer"),
    ],
)
async def test_what_did_not_work_stays_and_says_why(
    phones: Phones, bridge: OtherSide, answer: httpx.Response | Exception, words: str
) -> None:
    """It can be pressed again."""
    bridge.answer = answer
    said = await phones.press(BEN, ring(phones, "ben", ACK), "Ack")

    assert (said.yes, said.text) == (False, words)
    assert [notification.cleared for notification in phones.of(BEN)] == [False]


async def test_nobody_presses_on_somebody_elses_phone(phones: Phones) -> None:
    """The message is on ana's, so ben has no such button."""
    message = ring(phones, "ana", ACK)

    with pytest.raises(NoSuchButton, match="ben's phone"):
        await phones.press(BEN, message, "Ack")


async def test_a_link_is_no_button_to_press(phones: Phones) -> None:
    """It is opened, in a browser."""
    message = ring(phones, "ana", {"action": "view", "label": "Runbook", "url": LINK})

    with pytest.raises(NoSuchButton):
        await phones.press(ANA, message, "Runbook")


def test_a_topic_that_is_nobodys_is_on_the_teams_phone(phones: Phones) -> None:
    """And on nobody else's."""
    ring(phones, "some-topic")

    assert [len(phones.of(owner)) for owner in (TEAM, ANA, BEN)] == [1, 0, 0]
