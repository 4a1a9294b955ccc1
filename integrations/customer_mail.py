"""One mail to one customer by SMTP, step by step, so that it is known what the server took (RFC 5321 §4.1.1).

A page may come twice, a mail to a customer must not. So what went wrong before the text was given away (nothing is
sent, it may be tried again) is told apart from an answer that was lost after it: that one is never sent again.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib

from incident.model.customers import Fate
from integrations.clock import utc_now
from integrations.errors import Refused
from integrations.mail import PORTS, failure_of, message_id
from integrations.settings import CustomersSettings, MailSettings
from integrations.slips import HEADER, Slips

WITHIN_S = 30.0
"""Seconds for each answer: a server may look at a text for long (RFC 5321 §4.5.3.2 allows minutes)."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What became of one mail. `why`: codes only, an answer may repeat an address."""

    fate: Fate
    why: str = ""
    away: bool = False
    """It is the server, not this customer: the next mail would fare no better."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """`key` names it for good: a mailbox that gets it twice can tell."""

    key: str
    to: tuple[str, ...]
    subject: str
    text: str


class PostOffice:
    """One connection, over which one mail after the other goes out."""

    def __init__(
        self, smtp: aiosmtplib.SMTP, sender: str, reply_to: str, returns_to: str = "", slips: Slips | None = None
    ) -> None:
        self._smtp, self._sender, self._reply_to, self._slips = smtp, sender, reply_to, slips
        self._returns_to = _bare(returns_to or sender)

    async def send(self, mail: Mail) -> Delivery:
        """Never raises for what a server does: it is the customer's fate."""
        try:
            refused = await self._envelope(mail)
        except (OSError, aiosmtplib.SMTPException) as error:
            self._smtp.close()
            return Delivery(fate=Fate.UNREACHABLE, why=str(failure_of(error)), away=True)
        if len(refused) == len(mail.to):
            await self._reset()
            return _worst(refused)
        delivery = await self._text(mail)
        if delivery.fate is Fate.SENT and refused:
            return Delivery(
                fate=Fate.SENT, why=f"{len(refused)} of {len(mail.to)} addresses of a customer were refused"
            )
        return delivery

    async def _envelope(self, mail: Mail) -> list[aiosmtplib.SMTPRecipientRefused]:
        """Who was refused. Nothing is sent until the text is."""
        if not self._smtp.is_connected:
            await self._smtp.connect()
        await self._smtp.mail(self._returns_to)
        refused = []
        for address in mail.to:
            try:
                await self._smtp.rcpt(address)
            except aiosmtplib.SMTPRecipientRefused as error:
                refused.append(error)
        return refused

    async def _text(self, mail: Mail) -> Delivery:
        """From here on a lost answer is not a no."""
        try:
            await self._smtp.data(self._message(mail).as_bytes())
        except aiosmtplib.SMTPDataError as error:
            return await self._not_sent(error)
        except (OSError, aiosmtplib.SMTPException) as error:
            self._smtp.close()
            return Delivery(fate=Fate.UNKNOWN, why=f"no answer after the text was sent ({type(error).__name__})")
        return Delivery(fate=Fate.SENT)

    async def _not_sent(self, error: Exception) -> Delivery:
        await self._reset()
        failure = failure_of(error)
        fate = Fate.REFUSED if isinstance(failure, Refused) else Fate.UNREACHABLE
        return Delivery(fate=fate, why=str(failure))

    async def _reset(self) -> None:
        """The next customer starts afresh; a connection that cannot do that is no longer one."""
        try:
            await self._smtp.rset()
        except (OSError, aiosmtplib.SMTPException):
            self._smtp.close()

    def _message(self, mail: Mail) -> EmailMessage:
        domain = _bare(self._sender).rpartition("@")[2] or "localhost"
        message = EmailMessage()
        message["From"], message["To"] = self._sender, ", ".join(mail.to)
        if self._reply_to:
            message["Reply-To"] = self._reply_to
        message["Subject"] = " ".join(mail.subject.split())
        message["Date"] = format_datetime(utc_now())
        message["Message-ID"] = message_id(mail.key, domain)
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers, please
        if self._slips:
            message[HEADER] = self._slips.slip(mail.key)
        message.set_content(mail.text)
        return message


@dataclass(frozen=True)
class CustomerMail:
    """Opens the post office. `mail` has a host; the sender is the customers' own, or else the pages'."""

    mail: MailSettings
    customers: CustomersSettings
    slips: Slips | None = None
    """None: a mail that comes back is nobody's."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[PostOffice]:
        """For one batch. A server that cannot be reached is each customer's fate, told by `send`."""
        smtp = aiosmtplib.SMTP(
            hostname=self.mail.host,
            port=self.mail.port or PORTS[self.mail.tls],
            username=self.mail.user or None,
            password=self.mail.password.get_secret_value() if self.mail.password else None,
            use_tls=self.mail.tls == "tls",
            start_tls=self.mail.tls == "starttls",
            cert_bundle=str(self.mail.ca_path) if self.mail.ca_path else None,
            timeout=WITHIN_S,
        )
        try:
            to = self.customers
            yield PostOffice(smtp, to.sender or self.mail.sender, to.reply_to, to.returns_to, self.slips)
        finally:
            smtp.close()


def _worst(refused: Sequence[aiosmtplib.SMTPRecipientRefused]) -> Delivery:
    """No address took it. One that may take it later is reason enough to try again."""
    later = [error for error in refused if error.code < 500]
    failure = failure_of((later or refused)[0])
    return Delivery(fate=Fate.UNREACHABLE if later else Fate.REFUSED, why=str(failure))


def _bare(address: str) -> str:
    """`Team <a@b>` → `a@b`."""
    return address.rpartition("<")[2].strip("> ")
