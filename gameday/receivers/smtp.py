"""A mail server for submission (RFC 6409) by aiosmtpd: takes mails for anybody, with or without TLS and login.

Its faults are those of a mail server, with their codes (RFC 5321 §4.2, RFC 3463): `refuse` knows no such user (550
5.1.1), `down` is going away (421), `rate_limit` asks to come back later (451 4.7.1).
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from fastapi import APIRouter

from gameday.receivers.desk import Desk, Fault

USER, PASSWORD = "incidents", "practice-password"


@dataclass
class SmtpReceiver:
    """`async with` it: from then on `port` is its port. With `tls`, STARTTLS and a login are demanded."""

    tls: ssl.SSLContext | None = None
    from_the_first_byte: bool = False
    port: int = 0
    desk: Desk = field(default_factory=lambda: Desk("mail"))
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        wrapped = self.tls if self.from_the_first_byte else None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", self.port, ssl=wrapped)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.desk.wake()
        if self._server:
            self._server.close()

    def router(self) -> APIRouter:
        return self.desk.router()

    def _session(self) -> SMTP:
        starttls = self.tls if self.tls and not self.from_the_first_byte else None
        return SMTP(
            self,
            hostname="practice",
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=_authenticate,
            auth_required=self.tls is not None,
            auth_require_tls=starttls is not None,
            enable_SMTPUTF8=True,
            loop=asyncio.get_running_loop(),
        )

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if Fault.HANG in self.desk.faults:
            await self.desk.silence()
        if Fault.DOWN in self.desk.faults:
            return "421 4.3.2 Service shutting down"
        if Fault.RATE_LIMIT in self.desk.faults:
            return "451 4.7.1 Too many messages, try again later"
        if Fault.REFUSE in self.desk.faults:
            return f"550 5.1.1 <{address}>: user unknown"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if Fault.SLOW in self.desk.faults:
            await asyncio.sleep(1.0)
        for _ in range(2 if Fault.TWICE in self.desk.faults else 1):
            self._take(envelope)
        if self.desk.loses_this_answer():
            await self.desk.silence()
        return "250 2.0.0 queued"

    def _take(self, envelope: Envelope) -> None:
        raw = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content or "").encode()
        mail = message_from_bytes(raw, policy=policy.default)
        for address in envelope.rcpt_tos:
            self.desk.take(key=str(mail["Message-ID"] or ""), to=address, body=_shown(mail))


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any) -> AuthResult:
    known = isinstance(login, LoginPassword) and (login.login, login.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


def _shown(mail: EmailMessage) -> dict[str, Any]:
    """As a mail app shows it."""
    body = mail.get_body(("plain",))
    headers = {name: str(value) for name, value in mail.items()}
    return {"headers": headers, "subject": str(mail["Subject"]), "text": body.get_content() if body else ""}
