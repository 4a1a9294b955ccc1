"""One thread per incident on a real engine, whoever is killed when (runbook §7: one incident channel)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from gameday.receivers.slack import CHANNEL, TOKEN, SlackReceiver
from incident.model.card import Card, Thread
from integrations.slack_api import SlackApi
from tests.conftest import House
from tests.waiting import eventually
from tests.workflows.case import open_incident
from tests.workflows.policies import blind, quick, seconds


@dataclass(frozen=True)
class Speechless(SlackApi):
    """Opens the first thread, and never says so."""

    opened: list[str] = field(default_factory=list)

    async def show(self, card: Card, thread: Thread, *, link: str) -> str:
        at = await super().show(card, thread, link=link)
        self.opened.append(at)
        if len(self.opened) == 1:
            await asyncio.Event().wait()
        return at


@pytest.fixture
def slack() -> SlackReceiver:
    return SlackReceiver()


@pytest.fixture
async def http(slack: SlackReceiver) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(slack.router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        yield client


def housed(tmp_path, api: SlackApi) -> House:
    return House(tmp_path, chat=api, threads=api)


async def test_killed_between_opening_the_thread_and_saying_so_there_is_one_thread(
    own_namespace, tmp_path, slack, http
):
    """The next worker looks in the channel before it posts: what it finds is the thread."""
    api = Speechless(http, SecretStr(TOKEN), CHANNEL, {}, "http://slack/slack-api")
    policy = quick(card_every=seconds(0.01))
    case = await open_incident(own_namespace, "incident-AppDBDown-thread", playbook=blind(), policy=policy)

    async def was_opened() -> bool:
        return bool(api.opened)

    async with housed(tmp_path, api).worker(own_namespace):
        await eventually(was_opened, "the thread was opened")
    async with housed(tmp_path, api).worker(own_namespace):
        await case.said("thread opened")
        await case.ask("ack", {"by": "ana"})
        await eventually(lambda: shows(slack, "*Owned by:* ana"), "the card was edited")
        status = await case.status()

    (root,) = slack.roots
    assert root["metadata"]["event_payload"]["key"] == key_of(status)
    assert status["thread"] == f"{CHANNEL}/{root['ts']}"
    assert slack.under(root["ts"])


async def shows(slack: SlackReceiver, words: str) -> bool:
    return words in str(slack.roots[0]["blocks"])


def key_of(status: dict[str, Any]) -> str:
    return f"{status['id']}@{datetime.fromisoformat(status['open_since']):%Y%m%dT%H%M%S.%fZ}"


async def test_what_is_said_before_the_thread_is_known_is_said_in_it(own_namespace, tmp_path, slack, http):
    """A role was taken while the first look was still under way."""
    api = SlackApi(http, SecretStr(TOKEN), CHANNEL, {}, "http://slack/slack-api")
    case = await open_incident(own_namespace, "incident-AppDBDown-early", playbook=blind(), policy=quick())
    await case.tell("take", {"role": "scribe", "by": "bo"})
    async with housed(tmp_path, api).worker(own_namespace):
        await case.said("thread opened")
        await case.ask("take", {"role": "comms", "by": "cy"})

        async def told() -> bool:
            return "cy is comms" in str(slack.under(slack.roots[0]["ts"]))

        await eventually(told, "the thread was told")

    assert len(slack.roots) == 1
