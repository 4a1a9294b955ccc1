"""A mail to a customer: what the server took, what it refused, and what nobody knows (RFC 5321)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.policy import compat32
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from gameday.receivers.desk import Fault
from gameday.receivers.smtp import PASSWORD, USER, SmtpReceiver
from incident.model.customers import Fate
from integrations import customer_mail
from integrations.customer_mail import CustomerMail, Delivery, Mail
from integrations.settings import CustomersSettings, MailSettings
from integrations.slips import HEADER, SentMail, Slips
from tests.integrations.receiving import Served

ACME = Mail(
    key="incident-A@1/mail/1/acme", to=("ops@acme.example",), subject="About your service", text="Hello,\n\nzażółć."
)
GLOBEX = Mail(key="incident-A@1/mail/1/globex", to=("it@globex.example",), subject="About your service", text="Hello.")


SLIPS = Slips("a secret of at least thirty-two characters")


def mailing(served: Served, port: int = 0, **changes: Any) -> CustomerMail:
    known = {"host": "127.0.0.1", "user": USER, "password": PASSWORD, "ca_path": served.authority}
    mail = MailSettings(**(known | {"port": port or served.receivers.mail.port, "sender": "in@example.org"} | changes))
    ours = CustomersSettings(sender="Support <support@example.org>", reply_to="help@example.org")
    return CustomerMail(mail, ours, SLIPS)


async def sent(office: CustomerMail, *mails: Mail) -> list[Delivery]:
    async with office.open() as post:
        return [await post.send(mail) for mail in mails]


@dataclass
class Choosy(SmtpReceiver):
    """Knows some people, and not others; says once which codes."""

    codes: dict[str, str] = field(default_factory=dict)
    senders: list[str] = field(default_factory=list)
    """Of the envelopes."""
    raw: list[bytes] = field(default_factory=list)
    """Mails as they came over the wire."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.raw.append(bytes(envelope.original_content or b""))
        return await super().handle_DATA(server, session, envelope)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.senders.append(envelope.mail_from or "")
        code = self.codes.get(address.partition("@")[0])
        return code or await super().handle_RCPT(server, session, envelope, address, options)


@pytest.fixture
async def choosy() -> AsyncIterator[Choosy]:
    async with Choosy(codes={"gone": "550 5.1.1 <gone@acme.example>: no", "later": "451 4.7.1 wait"}) as server:
        yield server


def plain(served: Served, server: SmtpReceiver) -> CustomerMail:
    return mailing(served, server.port, tls="none", user="", password=None)


async def test_a_mail_goes_out_over_tls_with_a_login(served: Served) -> None:
    """To the customer, from the name they know, with its effect's key as its own."""
    (delivery,) = await sent(mailing(served), ACME)
    (arrival,) = served.receivers.mail.desk.arrivals
    headers = arrival.body["headers"]

    assert (delivery.fate, arrival.to) == (Fate.SENT, "ops@acme.example")
    assert headers["Message-ID"].startswith("<incident.A.1.mail.1.acme.")
    assert (headers["From"], headers["Reply-To"]) == ("Support <support@example.org>", "help@example.org")
    assert "zażółć" in arrival.body["text"]


async def test_a_mail_says_whose_it_is_for_when_it_comes_back(served: Served, choosy: Choosy) -> None:
    """To us alone, in lines that no mail server has to break or to encode."""
    key = "incident-A@20260616T120000.000000Z/mail/1/acme"
    await sent(plain(served, choosy), replace(ACME, key=key))
    slip = str(message_from_bytes(choosy.raw[0], policy=compat32)[HEADER])

    assert ("=?" in slip, max(map(len, slip.splitlines())) < 78) == (False, True)
    assert SLIPS.read(slip) == SentMail(incident="incident-A@20260616T120000.000000Z", version=1, customer="acme")


async def test_without_a_secret_it_has_no_slip(served: Served) -> None:
    """It goes out all the same."""
    await sent(replace(mailing(served), slips=None), ACME)

    assert HEADER not in served.receivers.mail.desk.arrivals[-1].body["headers"]


@pytest.mark.parametrize(
    ("returns_to", "sender"),
    [("", "support@example.org"), ("Returns <incident-bounces@example.org>", "incident-bounces@example.org")],
)
async def test_it_comes_back_to_whoever_is_set_for_that(
    served: Served, choosy: Choosy, returns_to: str, sender: str
) -> None:
    """Not to the desk where people answer customers."""
    office = plain(served, choosy)
    await sent(replace(office, customers=office.customers.model_copy(update={"returns_to": returns_to})), ACME)

    assert choosy.senders == [sender]


async def test_one_connection_serves_all_customers(served: Served) -> None:
    """And one whose address is wrong is in nobody's way."""
    served.receivers.mail.desk.faults.add(Fault.REFUSE)
    async with mailing(served).open() as post:
        first = await post.send(ACME)
        served.receivers.mail.desk.faults.clear()
        second = await post.send(GLOBEX)

    assert (first.fate, second.fate) == (Fate.REFUSED, Fate.SENT)


async def test_what_a_server_says_is_told_without_the_address(served: Served) -> None:
    """`550 5.1.1 <ops@acme.example>: user unknown`: only the codes are ours to tell."""
    served.receivers.mail.desk.faults.add(Fault.REFUSE)
    (delivery,) = await sent(mailing(served), ACME)

    assert delivery.why == "the mail server answered 550 5.1.1"


@pytest.mark.parametrize("fault", [Fault.RATE_LIMIT, Fault.DOWN])
async def test_a_server_that_is_busy_may_take_it_later(served: Served, fault: Fault) -> None:
    """4xx: nothing was sent."""
    served.receivers.mail.desk.faults.add(fault)
    (delivery,) = await sent(mailing(served), ACME)

    assert delivery.fate is Fate.UNREACHABLE


async def test_a_lost_answer_after_the_text_is_unknown(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """It did arrive here; nobody can tell, so nobody says that it did not."""
    monkeypatch.setattr(customer_mail, "WITHIN_S", 0.5)
    served.receivers.mail.desk.faults.add(Fault.LOST_ANSWER)
    (delivery,) = await sent(mailing(served), ACME)

    assert delivery.fate is Fate.UNKNOWN
    assert len(served.receivers.mail.desk.arrivals) == 1


async def test_after_a_lost_answer_the_next_customer_gets_a_new_connection(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old one may still have its answer to say."""
    monkeypatch.setattr(customer_mail, "WITHIN_S", 0.5)
    served.receivers.mail.desk.faults.add(Fault.LOST_ANSWER)
    first, second = await sent(mailing(served), ACME, GLOBEX)

    assert (first.fate, second.fate) == (Fate.UNKNOWN, Fate.SENT)


@pytest.mark.parametrize(
    ("to", "fate"),
    [
        (("gone@acme.example",), Fate.REFUSED),
        (("gone@acme.example", "later@acme.example"), Fate.UNREACHABLE),
        (("gone@acme.example", "ops@acme.example"), Fate.SENT),
    ],
)
async def test_a_customer_with_several_addresses(
    served: Served, choosy: Choosy, to: tuple[str, ...], fate: Fate
) -> None:
    """One that takes it is enough; one that may take it later is worth a second try."""
    (delivery,) = await sent(plain(served, choosy), Mail(key="k", to=to, subject="s", text="t"))

    assert delivery.fate is fate


async def test_a_server_that_is_not_there_is_no_customer_s_fault(served: Served) -> None:
    """The next mail would fare no better."""
    (delivery,) = await sent(mailing(served, port=9), ACME)

    assert (delivery.fate, delivery.away) == (Fate.UNREACHABLE, True)


async def test_a_server_nobody_vouches_for_gets_nothing(served: Served) -> None:
    """Neither our password nor our customers."""
    (delivery,) = await sent(mailing(served, ca_path=None), ACME)

    assert delivery.fate is Fate.UNREACHABLE
    assert served.receivers.mail.desk.arrivals == []


async def test_a_wrong_password_is_no_customer_s_fault(served: Served) -> None:
    """Nothing was sent, and somebody has to mend the setting."""
    (delivery,) = await sent(mailing(served, password="wrong"), ACME)

    assert (delivery.fate, delivery.away) == (Fate.UNREACHABLE, True)
