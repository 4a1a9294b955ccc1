"""Something is said once; where nobody can know whether it was heard, saying it again is honest about that."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.chatting import REPEAT, SETTINGS, ChatActivities
from activities.ledger import Ledger
from activities.links import Links
from gameday.world.launch import RunningWorld
from incident.model.effects import Brief, Post
from incident.model.severity import Severity
from integrations.errors import RateLimited, Refused, Unreachable
from integrations.ports import Channels
from integrations.slack_webhook import SlackWebhook
from tests.fakes import FakeChat

POST = Post(
    key="incident-A@1/post/1", incident_id="incident-A", title="SEV-1 A", lines=("It is down.",), severity=Severity.SEV1
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db")
    yield opened
    opened.close()


def chatting(ledger: Ledger, chat: FakeChat | SlackWebhook | None) -> ChatActivities:
    return ChatActivities(Channels(chat=chat), ledger, Links("http://ui"))


async def post(acts: ChatActivities, effect: Post = POST) -> None:
    await ActivityEnvironment().run(acts.post, effect)


async def test_a_post_is_said_in_the_thread(world: RunningWorld, ledger: Ledger) -> None:
    """With its key, and the way to the story."""
    hook = SlackWebhook(httpx.AsyncClient(timeout=5), SecretStr(world.env["INCIDENTS_CHAT__WEBHOOK_URL"]))
    await post(chatting(ledger, hook))

    posts = world.received()["posts"]
    assert [p["key"] for p in posts] == [POST.key]
    assert "story in the Web UI" in str(posts[0]["body"])


async def test_a_post_that_was_said_is_not_said_again(ledger: Ledger) -> None:
    """A retry after the answer to the engine was lost."""
    chat = FakeChat()
    await post(chatting(ledger, chat))
    await post(chatting(ledger, chat))

    assert len(chat.posts) == 1


async def test_killed_while_saying_it_the_repeat_says_so(ledger: Ledger) -> None:
    """A webhook cannot be asked what it took."""
    chat = FakeChat()
    await ledger.begin(POST.key)
    await post(chatting(ledger, chat))

    assert chat.posts[0].lines == ("It is down.", REPEAT)


@pytest.mark.parametrize(
    ("error", "final"),
    [(Unreachable("away"), False), (RateLimited("later", 9.0), False), (Refused("no_service"), True)],
    ids=["away", "too fast", "refused"],
)
async def test_the_engine_is_told_whether_to_try_again(
    ledger: Ledger, error: Unreachable | RateLimited | Refused, final: bool
) -> None:
    """The type of the failure, and the reason in words."""
    chat = FakeChat(fails=lambda _: error)

    with pytest.raises(ApplicationError, match=str(error)) as failed:
        await post(chatting(ledger, chat))

    assert (failed.value.type, failed.value.non_retryable) == (type(error).__name__, final)


async def test_without_a_chat_no_retry_helps(ledger: Ledger) -> None:
    """And the setting is named."""
    with pytest.raises(ApplicationError, match="INCIDENTS_CHAT__WEBHOOK_URL") as failed:
        await post(chatting(ledger, None))

    assert failed.value.non_retryable


@pytest.mark.parametrize(
    ("chat", "why"),
    [
        pytest.param(None, f"no chat is set: set {SETTINGS}", id="none is set"),
        pytest.param(FakeChat(fails=lambda _: Unreachable("it is away")), "it is away", id="it is away"),
        pytest.param(FakeChat(), "", id="it was said"),
    ],
)
async def test_those_with_more_to_do_than_speak_get_the_reason(ledger: Ledger, chat: FakeChat | None, why: str) -> None:
    """A first look is not given up for a thread that could not be opened."""
    brief = Brief(key="k", post=POST, look=None)
    assert (await ActivityEnvironment().run(chatting(ledger, chat).open, brief)).not_posted == why


@pytest.mark.parametrize("no", [RateLimited("answered 429", 1.0), Refused("answered 403")])
async def test_a_post_that_was_refused_for_certain_is_no_repeat_the_next_time(
    ledger: Ledger, no: RateLimited | Refused
) -> None:
    """The provider said that it did not take it: nothing was lost on the way."""
    chat = FakeChat(fails=lambda _: no)
    with pytest.raises(ApplicationError):
        await post(chatting(ledger, chat))

    chat.fails = lambda _: None
    await post(chatting(ledger, chat))

    assert REPEAT not in chat.posts[0].lines
