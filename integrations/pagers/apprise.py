"""The hundred others (SMS, phone calls, Telegram, Matrix …) by apprise, which knows how to speak to each of them.

It answers only yes or no: a no may be a wrong address or a service that is away, so it is tried again like the latter;
a yes is the service's, and no proof that a phone rang. Nothing can be looked up, so a repeat says that it may be one.
"""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

import httpx
from pydantic import SecretStr

from incident.model.effects import Page
from integrations.errors import Refused, Unreachable
from integrations.ports import Button, Pager, Receipt
from integrations.reach import Lacking, Reach
from integrations.wording import cut, fitted, pressable

WITHIN_S = 7.0
"""Seconds. A page waits for nobody longer; the thread may still finish, which is why a repeat says so."""
MOST_TEXT_BYTES = 4096
"""Ours, for services that name no limit."""
MOST_TITLE_BYTES, LEAST_TEXT_BYTES = 120, 60
NO_ADDRESS = "apprise has no address to send to: set INCIDENTS_PAGER__APPRISE_URL"


def pager(reach: Reach, http: httpx.AsyncClient) -> Pager | Lacking:
    """Without an address of the team's, people may still have one of their own."""
    return AppriseAny(reach.pager.apprise_url)


@dataclass(frozen=True)
class AppriseAny:
    """Plays `Pager`. An address is one of apprise's URLs, and full of secrets."""

    url: SecretStr | None = None
    within_s: float = WITHIN_S
    remembers: ClassVar[bool] = False

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        """Hand it to apprise, in a thread of its own. Raises Unreachable, Refused."""
        address = to or (self.url.get_secret_value() if self.url else "")
        if not address:
            raise Refused(NO_ADDRESS)
        try:
            async with asyncio.timeout(self.within_s):
                taken = await asyncio.to_thread(_notify, address, page, buttons)
        except TimeoutError:
            raise Unreachable(f"apprise did not finish within {self.within_s:g} s") from None
        if not taken:
            raise Unreachable("apprise could not deliver it; it does not say why")
        return Receipt()

    async def find(self, page: Page, *, to: str) -> Receipt | None:
        """apprise cannot tell: None."""
        return None


def _notify(address: str, page: Page, buttons: tuple[Button, ...]) -> bool:
    """Did the service take it? Raises Refused where apprise knows no service of this address."""
    from apprise import Apprise, NotifyFormat, NotifyType  # slow to import, and not everybody's

    services = Apprise()
    if not services.add(address):
        raise Refused("apprise has an address it does not understand")
    most = min([MOST_TEXT_BYTES, *(service.body_maxlen for service in services)])
    titled = all(service.title_maxlen > 0 for service in services)
    title = cut(page.title, MOST_TITLE_BYTES)
    room = most if titled else most - len(title.encode()) - 2
    text = fitted(pressable(page, buttons), max(room, LEAST_TEXT_BYTES), links=buttons)
    kind = NotifyType.FAILURE if page.urgent else NotifyType.WARNING
    return bool(services.notify(title=title, body=text, notify_type=kind, body_format=NotifyFormat.TEXT))
