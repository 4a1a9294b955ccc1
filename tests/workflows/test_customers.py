"""Customers and the public on a real engine: from the first yes to the last mail, with workers that are killed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from temporalio.client import Client

from activities.mailing import MailDesk
from gameday.receivers.desk import Fault
from gameday.receivers.smtp import SmtpReceiver
from incident.model.customers import Fate
from integrations.address_book import AddressBook
from integrations.customer_mail import CustomerMail, Delivery, Mail, PostOffice
from integrations.settings import CustomersSettings, MailSettings
from runbook.messages import VOCABULARY
from tests.conftest import House
from tests.waiting import eventually
from tests.workflows.case import Case, fires, open_incident
from tests.workflows.policies import blind, quick
from tests.workflows.street import Street

ADDRESSES = {"acme": "ops@acme-corp.example", "globex": "it@globex-inc.example"}
CUSTOMERS = CustomersSettings(
    addresses={key: [SecretStr(address)] for key, address in ADDRESSES.items()}, sender="Support <support@example.org>"
)
PLAIN = blind(plainly="You cannot sign in at the moment.", plainly_past="You cannot sign in at the moment.")


def desk(server: SmtpReceiver, kind: type[CustomerMail] = CustomerMail) -> MailDesk:
    mail = MailSettings(host="127.0.0.1", port=server.port, tls="none", sender="incidents@example.org")
    book = AddressBook(CUSTOMERS, httpx.AsyncClient())
    return MailDesk(book=book, office=kind(mail, CUSTOMERS), vocabulary=VOCABULARY)


@pytest.fixture
async def server() -> AsyncIterator[SmtpReceiver]:
    async with SmtpReceiver() as receiver:
        yield receiver


async def proposed(client: Client, incident_id: str, **policy: Any) -> Case:
    """Acknowledged by ana, and its customers are known: a mail waits for her yes."""
    case = await open_incident(client, incident_id, playbook=PLAIN, policy=quick(**policy))
    await case.ask("ack", {"by": "ana"})
    await case.ask("customers", {"affected": list(ADDRESSES), "by": "ana"})
    await case.said("mail-1 proposed")
    return case


async def test_a_yes_mails_each_customer_once(own_namespace: Client, tmp_path: Path, server: SmtpReceiver) -> None:
    """By SMTP, from the update to the mailbox."""
    async with House(tmp_path, mail_desk=desk(server)).worker(own_namespace):
        case = await proposed(own_namespace, "incident-AppDBDown-mails")
        await case.ask("approve", {"proposal": "mail-1", "by": "ana"})
        await case.said("mail-1 sent to 2 of 2 customers")
        await case.dropped()

    assert sorted(arrival.to for arrival in server.desk.arrivals) == sorted(ADDRESSES.values())


def on_disk(home: Path) -> str:
    """Records, ledger, everything."""
    return "".join(path.read_text("latin-1") for path in home.rglob("*") if path.is_file())


async def test_no_address_is_in_history_record_thread_or_ledger(
    own_namespace: Client, tmp_path: Path, server: SmtpReceiver
) -> None:
    """Also when the server's own answer names them: only keys, counts and codes (issue 5 §5)."""
    server.desk.faults.add(Fault.REFUSE)
    house = House(tmp_path, mail_desk=desk(server))
    async with house.worker(own_namespace):
        case = await proposed(own_namespace, "incident-AppDBDown-discreet")
        await case.ask("approve", {"proposal": "mail-1", "by": "ana"})
        await case.said("550 5.1.1")
        await case.ask("severity", {"severity": "SEV-3", "why": "over", "by": "ana"})
        await case.tell("alert", "resolved")
        await case.stands(phase="resolve")
        for criterion in ("impact_gone", "data_reconciled", "durable"):
            await case.ask("confirm", {"criterion": criterion, "evidence": "seen", "by": "ana"})
        await case.said("mail-2 proposed")
        await case.ask("reject", {"proposal": "mail-2", "by": "ana", "of": "ic", "why": "they know"})
        await case.ended()
        history = await case.history_text()
    told = history + str(house.chat.posts) + on_disk(tmp_path)

    assert "globex" in history
    assert [address for address in ADDRESSES.values() if address in told or address.partition("@")[2] in told] == []


@dataclass(frozen=True)
class Stops(CustomerMail):
    """Takes the second mail, and never says so."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[PostOffice]:
        async with super().open() as post:
            taken: list[Mail] = []

            class Silent(PostOffice):
                async def send(self, mail: Mail) -> Delivery:
                    taken.append(mail)
                    delivery = await post.send(mail)
                    if len(taken) == 2:
                        await asyncio.Event().wait()
                    return delivery

            yield Silent(post._smtp, "", "")


async def test_a_worker_that_dies_over_a_mail_leaves_no_second_one(
    own_namespace: Client, tmp_path: Path, server: SmtpReceiver
) -> None:
    """The first customer has theirs, the second may have it: that is told, and a person decides."""
    async with House(tmp_path, mail_desk=desk(server, Stops)).worker(own_namespace, remembered=0):
        case = await proposed(own_namespace, "incident-AppDBDown-dies")
        await case.ask("approve", {"proposal": "mail-1", "by": "ana"})

        async def both() -> bool:
            return len(server.desk.arrivals) == 2

        await eventually(both, "two mails arrived")
    async with House(tmp_path, mail_desk=desk(server)).worker(own_namespace):
        await case.said("mail-1 sent to 1 of 2 customers; 1 unknown whether it arrived", within_s=60)
        status = await case.status()
        await case.dropped()

    assert len(server.desk.arrivals) == 2
    assert (status["customers"]["unreached"], status["needs_human"]) == ({"globex": Fate.UNKNOWN.value}, True)


async def test_words_that_must_not_go_out_are_refused_with_the_words(
    own_namespace: Client, tmp_path: Path, server: SmtpReceiver
) -> None:
    """Whoever typed them reads why."""
    async with House(tmp_path, mail_desk=desk(server)).worker(own_namespace):
        case = await proposed(own_namespace, "incident-AppDBDown-words")
        refused = await case.refused("customers", {"text": "RDS failed because of load.", "by": "ana"})
        await case.dropped()

    assert "“RDS” is an internal name" in refused
    assert "“because” is a cause" in refused


async def test_the_status_page_follows_the_incident(own_namespace: Client, tmp_path: Path) -> None:
    """One yes, and then an update as soon as the impact stops (runbook §7)."""
    house, street = House(tmp_path), Street(shops=1)
    alert = fires(instance=street.vacant().host)
    async with house.worker(own_namespace, outside=street.outside()):
        case = await open_incident(own_namespace, "incident-AppDBDown-page", alert=alert, policy=quick())
        await case.ask("ack", {"by": "ana"})
        await case.said("status-1 proposed")
        await case.ask("approve", {"proposal": "status-1", "by": "ana"})
        await case.said("the status page says: investigating")
        await case.ask("mitigated", {"by": "ana", "how": "by hand"})
        await case.said("the status page says: monitoring")
        await case.dropped()

    assert [[e.notice.state.value for e in shown] for shown in house.status_page.shown.values()] == [
        ["investigating", "monitoring"]
    ]
