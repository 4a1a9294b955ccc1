"""A page by mail: slow, but everybody has one. All pages of an incident are one conversation.

A server that took a mail cannot be asked for it, and a mailbox may show the same Message-ID twice: a repeat says so.
"""

from dataclasses import dataclass
from typing import ClassVar

import httpx

from incident.model.effects import Page
from integrations.errors import Refused
from integrations.mail import Mailer
from integrations.ports import Button, Pager, Receipt
from integrations.reach import Lacking, Reach
from integrations.wording import fitted, incident_key_of, pressable

MOST_TEXT_BYTES = 16_384
"""Ours: a page is read on a phone."""
NO_ADDRESS = "mail has no address to go to: set INCIDENTS_PAGER__MAIL_TO"


def pager(reach: Reach, http: httpx.AsyncClient) -> Pager | Lacking:
    """Needs a server and a sender."""
    for name in ("host", "sender"):
        if not getattr(reach.mail, name):
            return Lacking(f"INCIDENTS_MAIL__{name.upper()}")
    team = reach.pager.mail_to
    return MailPager(Mailer(reach.mail), team.get_secret_value() if team else "")


@dataclass(frozen=True)
class MailPager:
    """Plays `Pager`. `team`: who gets it where nobody is named."""

    mailer: Mailer
    team: str = ""
    remembers: ClassVar[bool] = False

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        """Hand it to the server; the receipt is the mail's own name. Raises Unreachable, Refused."""
        if not (to or self.team):
            raise Refused(NO_ADDRESS)
        story = Button(label="Story", url=click, acts=False)
        message = self.mailer.message(
            to=to or self.team,
            subject=page.title,
            text=fitted(pressable(page, buttons), MOST_TEXT_BYTES, links=(*buttons, story) if click else buttons),
            key=page.key,
            thread=incident_key_of(page),
        )
        if page.urgent:
            message["Importance"] = "high"  # RFC 2156, which mail apps still read
        await self.mailer.send(message)
        return Receipt(id=str(message["Message-ID"]))

    async def find(self, page: Page, *, to: str) -> Receipt | None:
        """A mail server cannot tell: None."""
        return None
