"""Tens of incidents on a real engine whose workers die around every kind of message (issue 5 §7).

The only repeat there may ever be is one whose provider offers no key and no look-up, and it says that it may be one.
And of all that people are reached by, nothing is left in the engine, in logs, in the thread or on disk.
"""

import asyncio
import base64
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import product

import pytest
from structlog.testing import capture_logs
from temporalio.client import Client

from activities.chatting import REPEAT as POST_REPEAT
from integrations.errors import Refused
from integrations.one_send import REPEAT
from oncall.schedule import Contact, Person, Rotation, Schedule
from tests.conftest import Engine, House, new_namespace
from tests.fakes import Sent
from tests.waiting import eventually
from tests.workflows.case import Case, open_incident
from tests.workflows.drill import FOLLOW_UP, POSTMORTEM
from tests.workflows.dying import AFTER, BEFORE, Deaths, DyingChat, DyingPager, Last
from tests.workflows.policies import blind, quick, seconds

pytestmark = pytest.mark.timeout(300)

TOPIC, TOKEN, MAIL = "https://push.test/ana-8f3c1e", "xoxb-very-secret-71", "olga.private@mailbox.test"
SECRETS = (TOPIC, "ana-8f3c1e", TOKEN, MAIL)
"""How people are reached. `TOKEN` stands in an address of the second way."""
PEOPLE = Schedule(
    people={
        "ana": Person(
            contacts=(Contact(channel="ntfy", to=TOPIC), Contact(channel="chat", to=f"https://hook.test/{TOKEN}")),
            email=MAIL,
        ),
        "olga": Person(contacts=(Contact(channel="chat", to=MAIL),)),
    },
    rotations={"default": Rotation(members=("ana",), starts=date(2026, 1, 5))},
    owners={"database": ("olga",)},
)
ROUNDS = range(3)


@dataclass(frozen=True)
class Fate:
    """Which message of an incident its worker dies with. `ntfy`, `chat`: a page; `post`: the thread's first words."""

    what: str
    number: int
    when: str
    round: int

    @property
    def id(self) -> str:
        return f"incident-AppDBDown-{self.what}-{self.number}-{self.when}-{self.round}"

    @property
    def last(self) -> Last:
        """The message itself."""
        ends = f"/post/{self.number}" if self.what == "post" else f"/page/{self.number}/ana/{self.what}"
        return Last(f"{self.id}@", ends, self.when)

    @property
    def came_through(self) -> str:
        """What the timeline says in the end."""
        return "thread opened" if self.what == "post" else f"page {self.number} delivered to ana by {self.what}"


FATES = [
    *(
        Fate(what, number, when, n)
        for what, number, when, n in product(("ntfy", "chat"), (1, 2), (BEFORE, AFTER), ROUNDS)
    ),
    *(Fate("post", 1, when, 0) for when in (BEFORE, AFTER)),  # two: as many as there are slots for what may wait
]


@dataclass
class Survived:
    """What is left of them."""

    house: House
    cases: dict[Fate, Case]
    logged: str
    histories: str

    def got(self, fate: Fate) -> list[Sent]:
        """What the provider took of the message the worker died with."""
        pager = self.house.pager if fate.what == "ntfy" else self.house.chat_pager
        last = fate.last
        return [s for s in pager.sent if s.page.key.startswith(last.begins) and s.page.key.endswith(last.ends)]


async def begin(client: Client, fate: Fate) -> Case:
    """Nobody acknowledges, so that a second page goes out where one is wanted, and nowhere else overtakes the first."""
    policy = quick(
        ack_within=seconds(1 if fate.number == 2 else 600),
        repage_every=seconds(600),
        next_contact_after=seconds(600),  # one way at a time: the message a worker died with is the one that matters
    )
    return await open_incident(client, fate.id, playbook=blind(), policy=policy)


async def come_to_an_end(case: Case, fate: Fate) -> None:
    """The message came through; then people do the rest."""
    await case.said(fate.came_through, within_s=120)
    await case.tell("ack", "ana")
    await case.tell("mitigated", {"by": "ana", "how": "by hand"})
    await case.tell("action_item", FOLLOW_UP)
    for criterion in ("impact_gone", "data_reconciled"):
        await case.tell("confirm", {"criterion": criterion, "evidence": "seen", "by": "ana"})
    await case.tell("alert", case.cleared)
    await case.stands(phase="postmortem", within_s=60)
    await case.tell("postmortem", POSTMORTEM)
    await case.ended()


@pytest.fixture(scope="module")
async def survived(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Survived:
    """All of them side by side: a first worker that dies with them, and a second one that finds what is left."""
    client, deaths = await new_namespace(engine), Deaths([fate.last for fate in FATES])
    house = House(
        tmp_path_factory.mktemp("survived"),
        pager=DyingPager(deaths=deaths),
        chat_pager=DyingPager(deaths=deaths, remembers=False),
        chat=DyingChat(deaths=deaths),
        schedule=PEOPLE,
    )
    house.pager.fails = lambda page: Refused("ntfy: 403") if "-chat-" in page.incident_id else None
    with capture_logs() as logged, heard_lines() as heard:
        async with house.worker(client):
            cases = {fate: await begin(client, fate) for fate in FATES}
            await eventually(deaths.all_struck, "every message was on its way", within_s=90)
        async with house.worker(client):
            await asyncio.gather(*(come_to_an_end(case, fate) for fate, case in cases.items()))
    histories = [history.to_json() for case in cases.values() for history in await case.histories()]
    return Survived(house, cases, "\n".join(map(str, [*logged, *heard])), "\n".join(map(readable, histories)))


@contextmanager
def heard_lines() -> Iterator[list[str]]:
    """What everybody else logs; of the SDK all it ever says, so that there is always something to read."""
    lines, handler, sdk = list[str](), logging.Handler(), logging.getLogger("temporalio")
    handler.emit = lambda record: lines.append(logging.Formatter().format(record))  # type: ignore[method-assign]
    before = sdk.level
    logging.getLogger().addHandler(handler)
    sdk.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        sdk.setLevel(before)
        logging.getLogger().removeHandler(handler)


def readable(history: str) -> str:
    """With what its payloads say: JSON shows them in base64."""
    payloads = re.findall(r'"data": "([A-Za-z0-9+/=]+)"', history)
    return "\n".join([history, *(base64.b64decode(data).decode(errors="replace") for data in payloads)])


PAGES = [fate for fate in FATES if fate.what != "post"]
REMEMBERED = [fate for fate in PAGES if fate.what == "ntfy"]
FORGOTTEN = [fate for fate in PAGES if fate.what == "chat"]


def test_a_provider_that_can_be_asked_has_each_page_once(survived: Survived) -> None:
    """Whenever the worker died (design §6)."""
    assert {fate.id: len(survived.got(fate)) for fate in REMEMBERED if len(survived.got(fate)) != 1} == {}


def test_a_page_comes_twice_only_where_it_went_out_and_nobody_can_be_asked(survived: Survived) -> None:
    """No key, no look-up: better a second page than none."""
    assert {len(survived.got(fate)) for fate in FORGOTTEN if fate.when == AFTER} == {2}
    assert {len(survived.got(fate)) for fate in FORGOTTEN if fate.when == BEFORE} == {1}


def test_what_may_be_a_repeat_says_so(survived: Survived) -> None:
    """The last that such a provider got is the one that was sent anew."""
    assert [fate.id for fate in FORGOTTEN if REPEAT not in survived.got(fate)[-1].page.text] == []


def test_no_other_page_came_twice(survived: Survived) -> None:
    """Those that were in nobody's dying hands."""
    lasts = [fate.last for fate in FORGOTTEN]
    keys = Counter(s.page.key for pager in (survived.house.pager, survived.house.chat_pager) for s in pager.sent)
    twice = [key for key, count in keys.items() if count > 1]
    assert [key for key in twice if not any(key.startswith(x.begins) and key.endswith(x.ends) for x in lasts)] == []


def test_there_is_one_thread_and_a_repeat_of_it_says_so(survived: Survived) -> None:
    """A webhook cannot be asked what it took."""
    for fate in FATES:
        roots = [post for post in survived.house.chat.of(fate.id) if post.key.endswith("/post/1")]
        assert [POST_REPEAT in post.lines for post in roots[1:]] == [True] * (len(roots) - 1)
        assert len(roots) == (2 if fate.what == "post" and fate.when == AFTER else 1)


# ── nothing is left behind of how people are reached ─────────────────────────────────────────────────────────────


def test_people_were_reached_by_their_own_addresses(survived: Survived) -> None:
    """Else the lines below would prove nothing."""
    used = {s.to for pager in (survived.house.pager, survived.house.chat_pager) for s in pager.sent}
    assert used == {TOPIC, f"https://hook.test/{TOKEN}", MAIL}


def found(where: Iterable[str]) -> set[str]:
    return {secret for text in where for secret in SECRETS if secret in text}


def test_no_address_is_in_the_engine(survived: Survived) -> None:
    """Whoever may read the namespace reads histories."""
    assert "page 1" in survived.histories
    assert found([survived.histories]) == set()


def test_no_address_is_in_the_logs(survived: Survived) -> None:
    """They go to places with other readers."""
    assert "incident-AppDBDown-" in survived.logged
    assert found([survived.logged]) == set()


def test_no_address_is_in_the_thread_or_on_a_lock_screen(survived: Survived) -> None:
    """The whole team reads one, and whoever stands beside a phone the other."""
    pages = [s.page for pager in (survived.house.pager, survived.house.chat_pager) for s in pager.sent]
    assert found(map(str, [*survived.house.chat.posts, *pages])) == set()


def test_no_address_is_on_disk(survived: Survived) -> None:
    """Records outlive everything; the ledger remembers keys."""
    kept = [path.read_bytes().decode(errors="replace") for path in survived.house.home.rglob("*") if path.is_file()]
    assert any("AppDBDown" in text for text in kept)
    assert found(kept) == set()
