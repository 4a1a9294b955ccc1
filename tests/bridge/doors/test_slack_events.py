"""What people write in an incident's thread is on its timeline, once, as theirs."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bridge.speaking import Answer, Outcome, Word
from integrations.errors import Unreachable
from tests.bridge.doors.conftest import SLACK, Street
from tests.bridge.doors.test_slack import key_of, signed
from tests.waiting import eventually

CHANNEL, THREAD = "C0PRACTICE", "1718539200.000100"


@dataclass
class Threads:
    """Whose thread it is, as Slack would tell."""

    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    asked: int = 0
    down: bool = False

    async def incident_of(self, channel: str, ts: str) -> str:
        self.asked += 1
        if self.down:
            raise Unreachable("Slack did not answer")
        return self.keys.get((channel, ts), "")


@pytest.fixture
async def incident(street: Street) -> str:
    return await street.opened()


@pytest.fixture
async def threads(street: Street, incident: str) -> Threads:
    """The incident has its thread. The hall is the one the routes were made with."""
    known = Threads({(CHANNEL, THREAD): await key_of(street, incident)})
    object.__setattr__(street.hall, "threads", known)
    return known


def event(text: str = "the pool is empty", *, event_id: str = "Ev1", **more: Any) -> dict[str, Any]:
    said = {"type": "message", "user": "U0ANA", "text": text, "channel": CHANNEL, "ts": "1718539300.1"}
    return {
        "type": "event_callback",
        "event_id": event_id,
        "event": said | {"thread_ts": THREAD} | more,
    }


async def sent(street: Street, told: dict[str, Any], **headers: str) -> httpx.Response:
    body = json.dumps(told).encode()
    return await street.http.post("/slack/events", content=body, headers=signed(street, body) | headers)


async def notes(street: Street, incident: str) -> list[tuple[str, str]]:
    return [(line["what"], line["who"]) for line in await street.lines(incident) if line["kind"] == "person"]


async def test_slack_finds_its_door(street: Street) -> None:
    """`url_verification`: the challenge comes back."""
    answer = await sent(street, {"type": "url_verification", "challenge": "3eZbrw1a"})
    assert (answer.status_code, answer.json()) == (200, {"challenge": "3eZbrw1a"})


async def test_a_reply_in_the_thread_is_a_note_of_theirs(street: Street, incident: str, threads: Threads) -> None:
    """Verified, because Slack says who it was."""
    answer = await sent(street, event("the pool is empty &amp; <@U0BO> knows"))
    assert answer.status_code == 200
    assert await notes(street, incident) == [("the pool is empty & @bo knows", "ana, verified by slack")]


async def test_the_same_event_again_is_the_same_note(street: Street, incident: str, threads: Threads) -> None:
    """Slack sends it again when our answer was late."""
    for retry in ("", "1", "2"):
        answer = await sent(street, event(), **({"x-slack-retry-num": retry} if retry else {}))
        assert answer.status_code == 200
    assert len(await notes(street, incident)) == 1


async def test_two_replies_are_two_notes(street: Street, incident: str, threads: Threads) -> None:
    """Whose thread it is, is asked once."""
    await sent(street, event("first", event_id="Ev1"))
    await sent(street, event("second", event_id="Ev2"))
    assert [what for what, _ in await notes(street, incident)] == ["first", "second"]
    assert threads.asked == 1


async def test_somebody_we_do_not_know_is_heard_all_the_same(street: Street, incident: str, threads: Threads) -> None:
    """Claimed, and not under one of our names."""
    await sent(street, event("hello", user="U0STRANGER"))
    assert await notes(street, incident) == [("hello", "U0STRANGER (in Slack) (claimed by slack)")]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"bot_id": "B0PRACTICE"}, id="our own posts"),
        pytest.param({"subtype": "message_changed"}, id="an edit"),
        pytest.param({"subtype": "channel_join"}, id="somebody joined"),
        pytest.param({"subtype": "bot_message"}, id="another bot"),
        pytest.param({"thread_ts": ""}, id="outside a thread"),
        pytest.param({"thread_ts": "1718539300.1"}, id="the first message of a thread"),
        pytest.param({"thread_ts": "1.2"}, id="another thread"),
        pytest.param({"text": "  "}, id="only a picture"),
        pytest.param({"user": ""}, id="nobody"),
        pytest.param({"type": "reaction_added"}, id="no message"),
    ],
)
async def test_whatever_else_happens_is_no_note(street: Street, incident: str, threads: Threads, more: Any) -> None:
    """Answered 200, so that Slack does not send it again."""
    answer = await sent(street, event(**more))
    assert (answer.status_code, await notes(street, incident)) == (200, [])


async def test_what_slack_did_not_sign_is_no_note(street: Street, incident: str, threads: Threads) -> None:
    """Forged, or replayed after 5 minutes."""
    body = json.dumps(event()).encode()
    by_another, six_minutes = signed(street, body, "another secret"), timedelta(minutes=6)
    forged = await street.http.post("/slack/events", content=body, headers=by_another)
    old = await street.http.post("/slack/events", content=body, headers=signed(street, body, SLACK, six_minutes))
    assert (forged.status_code, old.status_code, await notes(street, incident)) == (401, 401, [])


async def test_while_slack_cannot_say_whose_thread_it_is_it_sends_again(
    street: Street, incident: str, threads: Threads
) -> None:
    """503: nothing is lost, and nothing is guessed."""
    threads.down = True
    first = await sent(street, event())
    threads.down = False
    second = await sent(street, event(), **{"x-slack-retry-num": "1"})
    assert (first.status_code, second.status_code, len(await notes(street, incident))) == (503, 200, 1)


async def test_a_reply_nobody_takes_is_left_with_the_engine(
    street: Street, incident: str, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the last time that Slack sends it: a worker takes it when it is back."""

    async def nobody(word: Word, within: timedelta) -> Answer:
        return Answer(outcome=Outcome.AWAY, text="no answer")

    monkeypatch.setattr(street.hall.speaker, "say", nobody)
    first = await sent(street, event())
    last = await sent(street, event(), **{"x-slack-retry-num": "3"})
    assert (first.status_code, last.status_code) == (503, 200)

    async def told() -> bool:
        return await notes(street, incident) == [("the pool is empty", "ana, verified by slack")]

    await eventually(told, "the note is on the timeline")


async def test_a_closed_incident_takes_no_note(street: Street, threads: Threads) -> None:
    """A no is final: sent again it would be no again."""
    threads.keys[CHANNEL, THREAD] = "incident-Gone@20260616T120000.000000Z"
    assert (await sent(street, event())).status_code == 200


async def test_without_a_bot_nobody_knows_whose_thread_it_is(street: Street) -> None:
    """The missing setting is named."""
    answer = await sent(street, event())
    assert (answer.status_code, "INCIDENTS_CHAT__BOT_TOKEN" in answer.text) == (503, True)


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense"])
async def test_what_makes_no_sense_is_not_sent_again(street: Street, body: bytes) -> None:
    """400, and Slack is told not to try."""
    answer = await street.http.post("/slack/events", content=body, headers=signed(street, body))
    assert (answer.status_code, answer.headers["x-slack-no-retry"]) == (400, "1")


async def test_a_very_long_reply_is_cut(street: Street, incident: str, threads: Threads) -> None:
    """A note has 4,000 characters at most."""
    await sent(street, event("x" * 30_000))
    ((what, _),) = await notes(street, incident)
    assert (len(what), what[-1]) == (4000, "…")
