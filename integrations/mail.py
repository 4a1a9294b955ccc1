"""Mail by the organisation's own server (SMTP submission, RFC 6409), over TLS. For pages and for customers alike.

What a server answers may name the address it is about, so only its code is told (RFC 5321 §4.2, RFC 3463).
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

import aiosmtplib

from integrations.clock import utc_now
from integrations.errors import IntegrationError, Refused, Unreachable
from integrations.settings import MailSettings

PORTS = {"starttls": 587, "tls": 465, "none": 25}
WITHIN_S = 7.0
"""Seconds for all of it: a page waits for nobody longer."""
MOST_SUBJECT = 200
"""Characters. Ours: a line of a mail may have 998 (RFC 5322 §2.1.1), a phone shows fewer."""
MOST_SLUG = 60


@dataclass(frozen=True)
class Mailer:
    """Hands over one message to one person. `settings` has a host and a sender."""

    settings: MailSettings
    within_s: float = WITHIN_S

    @property
    def domain(self) -> str:
        """Ours, for the names of messages."""
        return self.settings.sender.rpartition("@")[2].strip("> ") or "localhost"

    def message(self, *, to: str, subject: str, text: str, key: str, thread: str = "") -> EmailMessage:
        """A plain mail, named after its effect's `key`; mails of one `thread` are shown together.

        Raises Refused where `to` is no mail address.
        """
        if not re.fullmatch(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+", to):
            raise Refused("mail has an address that is no mail address")
        mail = EmailMessage()
        mail["From"], mail["To"] = self.settings.sender, to
        mail["Subject"] = " ".join(subject.split())[:MOST_SUBJECT]
        mail["Date"] = format_datetime(utc_now())
        mail["Message-ID"] = message_id(key, self.domain)
        if thread:
            mail["In-Reply-To"] = mail["References"] = message_id(thread, self.domain)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers, please
        mail.set_content(text)
        return mail

    async def send(self, message: EmailMessage) -> None:
        """Until the server has taken it. Raises Unreachable, Refused."""
        async with self._inside() as server:
            await server.send_message(message)

    async def greet(self) -> None:
        """Only say hello as for a mail: connect, TLS, login, goodbye. Raises Unreachable, Refused."""
        async with self._inside():
            """Nothing: being let in is all."""

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.settings.port or PORTS[self.settings.tls]

    @asynccontextmanager
    async def _inside(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """Connected, encrypted and logged in, as it is set. Raises Unreachable, Refused."""
        try:
            async with asyncio.timeout(self.within_s), self._server() as server:
                yield server
        except (TimeoutError, OSError, ssl.SSLError, aiosmtplib.SMTPException) as error:
            raise failure_of(error) from None

    def _server(self) -> aiosmtplib.SMTP:
        to = self.settings
        return aiosmtplib.SMTP(
            hostname=to.host,
            port=self.port,
            username=to.user or None,
            password=to.password.get_secret_value() if to.password else None,
            use_tls=to.tls == "tls",
            start_tls=to.tls == "starttls",
            cert_bundle=str(to.ca_path) if to.ca_path else None,
            timeout=self.within_s,
        )


def message_id(key: str, domain: str) -> str:
    """A legal Message-ID (RFC 5322 §3.6.4), always the same for the same key."""
    slug = re.sub(r"[^A-Za-z0-9]+", ".", key).strip(".")[:MOST_SLUG].strip(".")
    return f"<{slug}.{sha256(key.encode()).hexdigest()[:12]}@{domain}>"


def failure_of(error: BaseException) -> IntegrationError:
    """What a failed hand-over means: 4xx may pass, 5xx will not (RFC 5321 §4.2.1)."""
    code, said = _answer(error)
    if not code:
        if isinstance(error, aiosmtplib.SMTPNotSupported) or "STARTTLS" in str(error):
            return Refused("the mail server does not offer what we need: TLS, our login, or this kind of address")
        return Unreachable(f"the mail server did not answer ({type(error).__name__})")
    words = " ".join(filter(None, (f"the mail server answered {code}", _enhanced(said))))
    return Refused(words) if code >= 500 else Unreachable(words)


def _answer(error: BaseException) -> tuple[int, str]:
    """Code and text; 0: there was none."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        return error.recipients[0].code, error.recipients[0].message
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return error.code, str(error.message)
    return 0, ""


def _enhanced(said: str) -> str:
    """`5.1.1`: the status a machine reads."""
    found = re.search(r"\b[245]\.\d{1,3}\.\d{1,3}\b", said)
    return found[0] if found else ""
