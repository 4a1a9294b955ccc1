"""Slack: only what Slack signed, within its 5 minutes; a command is answered, a button acts."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from slack_sdk.signature import SignatureVerifier

from bridge.doors import slack
from integrations.slack_buttons import Tap, button
from tests.bridge.doors.conftest import SLACK, Street
from tests.waiting import eventually

EXAMPLE = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121"
    b".803a0bc887a14d10d2c447fce8b6703c"
)
EXAMPLE_AT, EXAMPLE_SIGNATURE = "1531420618", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
"""Body, time and signature of Slack's page "Verifying requests from Slack"; its signing secret is `SLACK`."""


def signed(street: Street, body: bytes, secret: str = SLACK, age: timedelta = timedelta(0)) -> dict[str, str]:
    at = str(int((street.clock() - age).timestamp()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=at, body=body)
    return {
        "x-slack-request-timestamp": at,
        "x-slack-signature": str(signature),
        "content-type": "application/x-www-form-urlencoded",
    }


async def typed(street: Street, text: str, user: str = "U0ANA", **more: Any) -> httpx.Response:
    body = urlencode(
        {"user_id": user, "user_name": "ana.l", "text": text, "response_url": "https://hooks.slack.test/r"}
    ).encode()
    return await street.http.post("/slack/command", content=body, headers=signed(street, body, **more))


async def tapped(street: Street, *actions: dict[str, Any], user: str = "U0ANA") -> httpx.Response:
    payload = {
        "type": "block_actions",
        "user": {"id": user, "username": "ana.l"},
        "actions": actions,
        "response_url": "https://hooks.slack.test/r",
    }
    body = urlencode({"payload": json.dumps(payload)}).encode()
    return await street.http.post("/slack/actions", content=body, headers=signed(street, body))


async def key_of(street: Street, incident: str) -> str:
    return f"{incident}@{await street.instant(incident)}"


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_slack_s_own_example_is_slack_s(street: Street) -> None:
    """The values of its page, at its time."""
    street.clock.ahead = timedelta(seconds=int(EXAMPLE_AT) - street.clock().timestamp() + 60)
    headers = {"x-slack-request-timestamp": EXAMPLE_AT, "x-slack-signature": EXAMPLE_SIGNATURE}
    answer = await street.http.post("/slack/command", content=EXAMPLE, headers=headers)
    assert (answer.status_code, "ack" in answer.json()["text"]) == (200, True)


@pytest.mark.parametrize(
    ("headers", "more"),
    [
        pytest.param({}, {"secret": "another secret"}, id="another secret"),
        pytest.param({}, {"age": timedelta(minutes=6)}, id="sent again after 6 minutes"),
        pytest.param({}, {"age": timedelta(minutes=-6)}, id="from the future"),
        pytest.param({"x-slack-request-timestamp": "soon"}, {}, id="a time that is no number"),
        pytest.param({"x-slack-signature": "v0="}, {}, id="an empty signature"),
        pytest.param({"x-slack-signature": "é".encode()}, {}, id="a signature that is no text"),
        pytest.param({"x-slack-signature": EXAMPLE_SIGNATURE}, {}, id="another request's"),
    ],
)
async def test_what_slack_did_not_sign_is_turned_away(street: Street, headers: Any, more: Any, capsys: Any) -> None:
    """401, logged, and nothing is said."""
    incident, body = await street.opened(), b"user_id=U0ANA&text=ack"
    capsys.readouterr()
    answer = await street.http.post("/slack/command", content=body, headers=signed(street, body, **more) | headers)
    assert (answer.status_code, (await street.status(incident))["acked_by"]) == (401, "")
    assert "turned away" in "".join(capsys.readouterr())


@pytest.mark.parametrize("missing", ["x-slack-signature", "x-slack-request-timestamp"])
async def test_a_request_without_a_signature_is_turned_away(street: Street, missing: str) -> None:
    """As a browser, or a scanner, would send it."""
    headers = signed(street, b"")
    headers.pop(missing)
    assert (await street.http.post("/slack/command", content=b"", headers=headers)).status_code == 401


async def test_a_large_body_is_not_read(street: Street) -> None:
    """413, before anything is worked out."""
    assert (await street.http.post("/slack/command", content=b"x" * 70_000)).status_code == 413


# ── /incident ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def seen(street: Street, incident: str) -> None:
    """Lists lag behind by a moment."""

    async def listed() -> bool:
        return incident in await street.hall.speaker.open_incidents()

    await eventually(listed, f"{incident} is listed")


async def test_a_command_acts_as_the_person_who_typed_it(street: Street) -> None:
    """Known by their Slack user id."""
    incident = await street.opened()
    await seen(street, incident)
    answer = await typed(street, f"ack {incident}")
    assert answer.json() == {"response_type": "ephemeral", "text": f"✓ yes: {incident} is yours"}
    assert (await street.status(incident))["acked_how"] == "verified by slack"


async def test_somebody_we_do_not_know_is_a_claim(street: Street) -> None:
    """Slack knows them, we do not; they cannot look like one of ours, and learn how to be known."""
    incident = await street.opened()
    await seen(street, incident)
    answer = await typed(street, f"ack {incident}", user="U0EVE")
    status = await street.status(incident)
    assert (status["acked_by"], status["acked_how"]) == ("ana.l (U0EVE in Slack)", "claimed by slack")
    assert 'slack = "U0EVE"' in answer.json()["text"]


async def test_a_no_comes_with_the_reason(street: Street) -> None:
    """In the incident's own words."""
    incident = await street.opened()
    await seen(street, incident)
    assert (await typed(street, f"approve {incident}")).json()["text"] == "✗ there is no open proposal"


@pytest.mark.parametrize("text", ["", "help", "dance", "acknowledge"])
async def test_what_makes_no_sense_is_answered_with_what_would(street: Street, text: str) -> None:
    """The words there are."""
    assert "`ack [id]`" in (await typed(street, text)).json()["text"]


async def test_a_command_that_is_sent_again_is_taken_once(street: Street) -> None:
    """The same bytes within 5 minutes: the same answer, one line."""
    incident = await street.opened()
    await seen(street, incident)
    body = urlencode({"user_id": "U0ANA", "text": f"note {incident} pool is empty"}).encode()
    headers = signed(street, body)
    answers = [(await street.http.post("/slack/command", content=body, headers=headers)).json() for _ in range(2)]
    lines = [line for line in await street.lines(incident) if line["what"] == "pool is empty"]
    assert (answers[0], len(lines)) == (answers[1], 1)


async def test_what_takes_long_is_answered_later(street: Street, monkeypatch: Any) -> None:
    """Within Slack's 3 seconds a word, then the answer at the request's own address."""
    monkeypatch.setattr(slack, "SOON_S", 0.0)
    incident = await street.opened()
    await seen(street, incident)
    assert (await typed(street, f"ack {incident}")).json()["text"] == slack.LATER

    async def answered() -> bool:
        return bool(street.sent)

    await eventually(answered, "the answer came")
    assert f"yes: {incident} is yours" in json.loads(street.sent[0].content)["text"]
    assert str(street.sent[0].url) == "https://hooks.slack.test/r"


async def test_where_it_stands_can_be_asked(street: Street) -> None:
    """Headline, phase, who has it, what it waits for."""
    incident = await street.opened()
    await seen(street, incident)
    text = (await typed(street, f"status {incident}")).json()["text"]
    assert "triage" in text
    assert "someone to ack" in text


# ── buttons ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_tap_on_a_button_acts(street: Street) -> None:
    """An empty 200 at once; the answer goes to whoever tapped."""
    incident = await street.opened()
    answer = await tapped(street, button("Ack", Tap(action="ack", incident=await key_of(street, incident))))

    async def acked() -> bool:
        return (await street.status(incident))["acked_how"] == "verified by slack" and bool(street.sent)

    await eventually(acked, "acknowledged")
    assert (answer.status_code, answer.text) == (200, "")


async def test_a_button_of_an_earlier_incident_does_nothing(street: Street) -> None:
    """The same alert fired again: its message is another one's."""
    incident = await street.opened()
    await tapped(street, button("Ack", Tap(action="ack", incident=f"{incident}@20250101T000000.000000Z")))

    async def answered() -> bool:
        return bool(street.sent)

    await eventually(answered, "the answer came")
    assert "it was made for another incident" in json.loads(street.sent[0].content)["text"]
    assert (await street.status(incident))["acked_by"] == ""


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"action_id": "other", "value": "x"},
        {"action_id": "dance", "value": "incident-A"},
        {"action_id": "ack"},
    ],
)
async def test_somebody_else_s_button_is_let_be(street: Street, action: dict[str, Any]) -> None:
    """A link, another app's block, or garbage: nothing is said."""
    assert (await tapped(street, action)).status_code == 200
    assert street.sent == []
