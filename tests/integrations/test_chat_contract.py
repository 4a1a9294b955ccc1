"""What every chat owes us: the same tests for the webhook, Slack's Web API, both together, and the fake."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from gameday.receivers.desk import Fault
from gameday.receivers.slack import CHANNEL, HOOK, TOKEN, SlackReceiver
from incident.model.effects import Post
from incident.model.severity import Severity
from integrations.errors import IntegrationError, Unreachable
from integrations.poorer import WithPoorer
from integrations.ports import Chat
from integrations.slack_api import SlackApi
from integrations.slack_webhook import SlackWebhook
from tests.fakes import FakeChat

POST = Post(key="incident-A@1/post/1", incident_id="incident-A", title="SEV-1 A: update", severity=Severity.SEV1)


@dataclass(frozen=True)
class Played:
    """A chat, what arrived there, and how to break it."""

    chat: Chat
    arrived: Callable[[], str]
    breaks: Callable[[], None]


@dataclass(frozen=True)
class Town:
    """Both of Slack's ways in, each with a receiver of its own."""

    slack: SlackReceiver
    hooked: SlackReceiver
    webhook: SlackWebhook
    api: SlackApi

    @property
    def both(self) -> WithPoorer:
        return WithPoorer(self.api, self.webhook)

    def arrived(self) -> str:
        """Everything, in Slack's own words."""
        return f"{self.slack.messages} {self.hooked.messages}"

    def breaks(self) -> None:
        for receiver in (self.slack, self.hooked):
            receiver.desk.faults.add(Fault.DOWN)


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    slack, hooked, app = SlackReceiver(), SlackReceiver(), FastAPI()
    app.include_router(slack.router(), prefix="/api")
    app.include_router(hooked.router(), prefix="/hook")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        webhook = SlackWebhook(client, SecretStr(f"http://world/hook/slack-hook/{HOOK}"))
        api = SlackApi(client, SecretStr(TOKEN), CHANNEL, {}, "http://world/api/slack-api")
        yield Town(slack, hooked, webhook, api)


@pytest.fixture(params=["webhook", "api", "both", "fake"])
def played(request: pytest.FixtureRequest, town: Town) -> Played:
    if request.param != "fake":
        return Played(getattr(town, request.param), town.arrived, town.breaks)
    broken: list[IntegrationError] = []
    fake = FakeChat(fails=lambda _: broken[0] if broken else None)
    return Played(fake, lambda: str(fake.posts), lambda: broken.append(Unreachable("away")))


async def test_what_is_said_arrives_once_with_its_incident(played: Played) -> None:
    """A line outside a thread begins with the incident's id (design §5)."""
    await played.chat.post(POST, link="http://ui")

    assert played.arrived().count("SEV-1 A: update") >= 1
    assert "incident-A" in played.arrived()


async def test_a_chat_that_remembers_knows_what_it_said(played: Played) -> None:
    """One that cannot tell says None, and its repeats are honest about themselves."""
    await played.chat.post(POST, link="http://ui")

    assert bool(await played.chat.said(POST)) is played.chat.remembers


async def test_what_was_never_said_is_not_remembered(played: Played) -> None:
    """Better said than swallowed."""
    await played.chat.post(POST, link="http://ui")

    assert await played.chat.said(replace(POST, key="incident-A@1/post/2")) is None


async def test_a_chat_that_is_down_is_worth_trying_again(played: Played) -> None:
    """The engine does."""
    played.breaks()

    with pytest.raises(Unreachable):
        await played.chat.post(POST, link="http://ui")


async def test_a_no_is_said_the_poorer_way(town: Town) -> None:
    """Nothing was said, so the webhook may say it."""
    town.slack.desk.faults.add(Fault.REFUSE)
    await town.both.post(POST, link="http://ui")

    assert (len(town.slack.messages), len(town.hooked.messages)) == (0, 1)


async def test_silence_is_not_said_the_poorer_way(town: Town) -> None:
    """It may have been heard: the engine asks, and tries again."""
    town.slack.desk.faults.add(Fault.DOWN)

    with pytest.raises(Unreachable):
        await town.both.post(POST, link="http://ui")
    assert town.hooked.messages == []
