"""A tap in the practice thread is what Slack would send: signed, in one person's name, and answered to them alone."""

import json
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from fastapi import FastAPI
from slack_sdk.signature import SignatureVerifier

from gameday.world.__main__ import control
from gameday.world.people import ANA, BEN
from gameday.world.slack_app import SIGNING_SECRET, SlackApp
from gameday.world.world import Ports, World

BUTTON = {
    "type": "button",
    "action_id": "ack",
    "value": "incident-A@1",
    "text": {"type": "plain_text", "text": "I have it"},
}


class Bridge:
    """Takes taps."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.taken: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.taken.append(request)
        return httpx.Response(self.status)

    @property
    def payload(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(parse_qs(self.taken[0].content.decode())["payload"][0])
        return told


def slack(bridge: Bridge) -> SlackApp:
    return SlackApp("http://bridge", "http://world", httpx.AsyncClient(transport=httpx.MockTransport(bridge)))


async def test_a_tap_is_signed_as_slack_signs_it() -> None:
    """Checked with Slack's own library."""
    bridge = Bridge()
    await slack(bridge).tap(BEN, "ack", "incident-A@1")
    (request,) = bridge.taken

    assert request.url.path == "/slack/actions"
    assert SignatureVerifier(SIGNING_SECRET).is_valid_request(request.content, dict(request.headers))


async def test_a_tap_says_who_tapped_what() -> None:
    """By their Slack user id, and the button's own words."""
    bridge = Bridge()
    await slack(bridge).tap(BEN, "approve:redeploy_app-1", "incident-A@1")

    assert bridge.payload["user"]["id"] == BEN.slack
    assert [(a["action_id"], a["value"]) for a in bridge.payload["actions"]] == [
        ("approve:redeploy_app-1", "incident-A@1")
    ]


async def test_a_bridge_that_takes_nothing_is_told_to_whoever_tapped() -> None:
    """Slack shows a mark on the button."""
    app = slack(Bridge(status=503))
    await app.tap(ANA, "ack", "incident-A@1")

    assert [(w.to, w.text) for w in app.whispers] == [(ANA, "⚠ answered 503")]


@pytest.fixture
def world() -> World:
    """Not started: its pages only."""
    return World(Ports(control=1, aws=2, database=3, mail=0), database=False, bridge="http://bridge")


@pytest.fixture
def pages(world: World) -> httpx.AsyncClient:
    app: FastAPI = control(world)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://world")


async def test_a_messages_buttons_are_there_to_tap(world: World, pages: httpx.AsyncClient) -> None:
    """In the name of whoever one is."""
    message = {"ts": "1.0", "text": "x", "channel": "C", "blocks": [{"type": "actions", "elements": [BUTTON]}]}
    world.sinks.receivers.slack.messages.append(message)
    shown = (await pages.get("/thread", params={"who": "ana"})).text

    assert 'action="/thread/ana/tap"' in shown
    assert 'value="incident-A@1"' in shown


async def test_an_answer_is_seen_by_whoever_tapped_and_by_nobody_else(pages: httpx.AsyncClient) -> None:
    """An ephemeral message, unescaped as Slack shows it."""
    await pages.post("/thread/ben/answer", json={"text": "✓ a &amp; b", "response_type": "ephemeral"})

    assert "only visible to Ben Osei" in (await pages.get("/thread", params={"who": "ben"})).text
    assert "✓ a &amp; b" in (await pages.get("/thread", params={"who": "ben"})).text
    assert "✓ a" not in (await pages.get("/thread", params={"who": "ana"})).text


async def test_a_stranger_is_not_in_the_channel(pages: httpx.AsyncClient) -> None:
    """A mistyped name is told."""
    assert (await pages.get("/thread", params={"who": "anna"})).status_code == 404
