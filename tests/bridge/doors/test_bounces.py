"""A mail to a customer comes back: from the mail server's report to the timeline, and no address on the way."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from bridge.http import create_app
from bridge.intake import Intake
from bridge.refused import Refused
from bridge.settings import BridgeSettings
from bridge.speaking import Answer, Outcome, Word
from gameday.receivers.smtp import SmtpReceiver
from integrations.slips import HEADER, Slips
from integrations.witness import Witness
from tests.bridge.doors.conftest import SECRET, TOKEN, Clock, make_hall
from tests.bridge.doors.reports import REPORTS, postfix
from tests.conftest import House
from tests.workflows.case import Case, open_incident
from tests.workflows.policies import quick
from tests.workflows.test_customers import PLAIN, desk
from workflows.contract import DATA_CONVERTER

KEY = "incident-ShopDown-a@20260616T120000.000000Z"
SLIP = Slips(SECRET).slip(f"{KEY}/mail/1/acme")
SHOWN = {"authorization": f"Bearer {TOKEN}"}
ADDRESS = "acme.example"
YES = Answer(outcome=Outcome.YES, text="yes: mail-1 came back from 1 customer (acme)")


@dataclass
class Heard:
    """Stands where the incident would: hears every word, and answers `answer`."""

    answer: Answer = YES
    words: list[Word] = field(default_factory=list)

    async def say(self, word: Word, within: timedelta | None = None) -> Answer:
        self.words.append(word)
        return self.answer


@dataclass
class Door:
    http: httpx.AsyncClient
    heard: Heard = field(default_factory=Heard)

    async def brings(self, body: bytes, headers: dict[str, str] = SHOWN) -> httpx.Response:
        return await self.http.post("/mail/bounce", content=body, headers=headers)


def app(client: Client, home: Path, **hall: Any) -> httpx.ASGITransport:
    made = make_hall(client, Clock(), httpx.AsyncClient(), **hall)
    settings = BridgeSettings()
    served = create_app(Intake(client, settings, 1.0), settings, Refused(home, 1, 1), lambda _: None, made)
    return httpx.ASGITransport(app=served, raise_app_exceptions=False)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """With nothing behind it but an ear."""
    heard = Heard()
    nobody = await Client.connect("127.0.0.1:9", data_converter=DATA_CONVERTER, lazy=True)
    async with httpx.AsyncClient(transport=app(nobody, tmp_path, speaker=heard), base_url="http://bridge") as http:
        yield Door(http, heard)


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
async def test_the_incident_hears_whose_mail_came_back(door: Door, report: Callable[[str], bytes]) -> None:
    """From every kind of report: the customer by key, which mail, and a code."""
    answer = await door.brings(report(SLIP))
    (word,) = door.heard.words

    assert answer.status_code == 200
    assert (word.incident, word.name, word.person, word.via) == (KEY, "customers", "mail server", "mail")
    assert (word.payload["bounced"], word.payload["mail"], word.payload.keys()) == (
        "acme",
        "mail-1",
        {"bounced", "mail", "code"},
    )


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
async def test_no_address_leaves_the_report(door: Door, report: Callable[[str], bytes], capsys: Any) -> None:
    """Not to the incident, not into the log, not into the answer."""
    capsys.readouterr()
    answer = await door.brings(report(SLIP))
    told = f"{answer.text}{door.heard.words}{''.join(capsys.readouterr())}"

    assert ("mail server" in told, ADDRESS in told) == (True, False)


async def test_the_same_mail_has_the_same_mark(door: Door) -> None:
    """Whatever the report looks like, so that it is taken once."""
    for report in REPORTS.values():
        await door.brings(report(SLIP))
    await door.brings(postfix(Slips(SECRET).slip(f"{KEY}/mail/2/acme")))

    marks = [word.once for word in door.heard.words]
    assert (len(set(marks[:-1])), marks[-1] in marks[:-1]) == (1, False)


@pytest.mark.parametrize(
    ("body", "because"),
    [
        (b"", "this is no delivery report"),
        (b"\x00\xff" * 500, "this is no delivery report"),
        (b"Subject: Out of office\n\nI am back on Monday.\n", "this is no delivery report"),
        (b"Content-Type: message/rfc822\n\n" * 2000, "this is no delivery report"),
        (postfix(SLIP, action="delayed", status="4.4.1"), "the mail has not failed"),
        (postfix(SLIP, action="delivered", status="2.1.5"), "the mail has not failed"),
        (postfix(""), "it is about no mail of ours to a customer"),
    ],
    ids=["nothing", "noise", "a holiday", "very deep", "delayed", "delivered", "another mail"],
)
async def test_what_is_nothing_for_us_is_not_brought_again(door: Door, body: bytes, because: str) -> None:
    """A 2xx: the mail server has done its part."""
    answer = await door.brings(body)

    assert (answer.status_code, answer.text, door.heard.words) == (200, f"nothing to do: {because}\n", [])


@contextmanager
def logged(capsys: Any) -> Iterator[list[str]]:
    """What the block writes to the log."""
    found: list[str] = []
    capsys.readouterr()
    yield found
    found += "".join(capsys.readouterr()).splitlines()


@pytest.mark.parametrize("secret", ["another secret of at least thirty-two characters", ""], ids=["foreign", "noise"])
async def test_a_forged_slip_is_refused_and_logged(door: Door, secret: str, capsys: Any) -> None:
    """Whoever can write to that mailbox cannot speak of a mail that was never theirs."""
    with logged(capsys) as lines:
        answer = await door.brings(postfix(Slips(secret).slip(f"{KEY}/mail/1/acme") if secret else "gAAAAABo"))

    assert (answer.status_code, door.heard.words) == (400, [])
    assert [line for line in lines if "turned away" in line and "slip" in line]


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}])
async def test_only_the_mail_server_comes_in(door: Door, headers: dict[str, str]) -> None:
    """With the token that senders of alerts show."""
    answer = await door.brings(postfix(SLIP), headers)

    assert (answer.status_code, door.heard.words) == (401, [])


async def test_a_very_long_one_is_not_read(door: Door) -> None:
    """As everywhere in the bridge."""
    assert (await door.brings(postfix(SLIP) + b"x" * 70_000)).status_code == 413


async def test_an_engine_that_is_away_is_worth_another_try(door: Door) -> None:
    """The mail server keeps it meanwhile."""
    door.heard.answer = Answer(outcome=Outcome.AWAY, text="no answer")

    assert (await door.brings(postfix(SLIP))).status_code == 503


async def test_a_no_is_final_and_somebody_can_read_it(door: Door, capsys: Any) -> None:
    """By the customer's key: the incident is closed, and they have not been told."""
    door.heard.answer = Answer(outcome=Outcome.NO, text="incident-ShopDown-a is closed, or there never was one")
    with logged(capsys) as lines:
        answer = await door.brings(postfix(SLIP))

    assert (answer.status_code, "is closed" in answer.text) == (200, True)
    assert [line for line in lines if "a customer was not reached" in line and "acme" in line]


# ── end to end ───────────────────────────────────────────────────────────────────────────────────────────────────


async def approved(client: Client) -> Case:
    """A mail has gone to two customers, of an incident that knows this bridge."""
    policy = quick(witnesses=(Witness(SECRET).public,))
    case = await open_incident(client, "incident-AppDBDown-bounces", playbook=PLAIN, policy=policy)
    await case.ask("ack", {"by": "ana"})
    await case.ask("customers", {"affected": ["acme", "globex"], "by": "ana"})
    await case.said("mail-1 proposed")
    await case.ask("approve", {"proposal": "mail-1", "by": "ana"})
    await case.said("mail-1 sent to 2 of 2 customers")
    return case


async def test_from_the_mailbox_back_to_the_timeline(own_namespace: Client, tmp_path: Path) -> None:
    """From a real mail server into a report, and that to a real bridge: twice, and one of them too late."""
    async with SmtpReceiver() as server:
        ours = desk(server)
        assert ours.office is not None
        ours = replace(ours, office=replace(ours.office, slips=Slips(SECRET)))
        async with House(tmp_path, mail_desk=ours).worker(own_namespace):
            case = await approved(own_namespace)
            slips = {arrival.to: arrival.body["headers"][HEADER] for arrival in server.desk.arrivals}
            body = postfix(slips["ops@acme-corp.example"])
            transport = app(own_namespace, tmp_path)
            async with httpx.AsyncClient(transport=transport, base_url="http://bridge", timeout=30) as http:
                door = Door(http)
                first, second = await door.brings(body), await door.brings(body)
                lines = [line for line in await case.timeline() if "came back" in line["what"]]
                status = await case.status()
                history = await case.history_text()
                await case.dropped()
                late = await door.brings(postfix(slips["it@globex-inc.example"]))

    assert (first.status_code, second.status_code, first.text) == (200, 200, second.text)
    assert [(line["what"], line["because"], line["who"]) for line in lines] == [
        ("mail-1 came back from 1 customer (acme)", "5.1.1", "mail server (claimed by mail)")
    ]
    assert status["customers"]["unreached"] == {"acme": "came back"}
    assert ("bounced" in history, ADDRESS in history, "acme-corp" in history) == (True, False, False)
    assert (late.status_code, "closed" in late.text) == (200, True)


async def test_another_run_of_the_same_alert_does_not_hear_of_it(own_namespace: Client, tmp_path: Path) -> None:
    """The slip names the incident it was sent by, not whichever is open now."""
    async with House(tmp_path).worker(own_namespace):
        policy = quick(witnesses=(Witness(SECRET).public,))
        case = await open_incident(own_namespace, "incident-AppDBDown-later", playbook=PLAIN, policy=policy)
        await case.ask("customers", {"affected": ["acme"], "by": "ana"})
        transport = app(own_namespace, tmp_path)
        slip = Slips(SECRET).slip(f"{case.id}@20260101T000000.000000Z/mail/1/acme")
        async with httpx.AsyncClient(transport=transport, base_url="http://bridge", timeout=30) as http:
            answer = await Door(http).brings(postfix(slip))
        await case.dropped()

    assert (answer.status_code, "it was made for another incident" in answer.text) == (200, True)
