"""A real page that says of itself that it is a test, through one way to reach one person. Somebody's phone rings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incident.model.effects import Page
from incident.model.outcomes import Delivery
from incident.model.severity import Severity
from integrations.delivery import PAUSES_S, Sending
from integrations.errors import Refused, Unreachable
from integrations.one_send import Memory
from integrations.ports import Button, Channels, Pager, Receipt, Settles
from oncall.audience import Recipient, Way

MAYBE = "an earlier attempt may have arrived, and a test is not sent twice"


def page_of(test: str, person: str, now: datetime, because: str) -> Page:
    """`test` is its key; its first words say that nothing has to be done, and so does its title."""
    name = f"{test.replace('/', '-')}-{person}"
    return Page(
        key=test,
        incident_id=name,
        number=1,
        targets=(f"person:{person}",),
        domain="",
        severity=Severity.SEV3,
        title="TEST: no incident, nothing to do",
        text=f"This is a test of how you are reached. Nothing is wrong, and you need do nothing.\n"
        f"Why now: {because}.\nPage 1 of {name}, for {person}.",
        audience=person,
        urgent=False,
        not_before=now - timedelta(seconds=1),
        because=because,
    )


async def tried(channels: Channels, page: Page, person: str, way: Way, memory: Memory, *, click: str) -> Delivery:
    """What came of this way. Never raises for what a provider does."""
    sending = Sending(page=page, pagers=channels.pagers, memory=memory, click=click, missing=channels.missing)
    return await _only(sending, person, way)


async def tried_once(channels: Channels, page: Page, person: str, way: Way, memory: Memory, *, click: str) -> Delivery:
    """The same, at most once for this page's key, whatever dies in between: a test is worth no repeat."""
    pagers = {name: _once(pager) for name, pager in channels.pagers.items()}
    sending = Sending(
        page=page,
        pagers=pagers,
        memory=memory,
        click=click,
        missing=channels.missing,
        pauses_s=_pauses(pagers, way),
    )
    return await _only(sending, person, way)


async def _only(sending: Sending, person: str, way: Way) -> Delivery:
    (delivery,) = await sending.deliver((Recipient(person=person, ways=(way,)),))
    return delivery


def _once(pager: Pager) -> Pager:
    """A keeper of incidents drops by itself what it has had before, by its key."""
    return pager if isinstance(pager, Settles) else Once(pager)


def _pauses(pagers: Mapping[str, Pager], way: Way) -> Sequence[float]:
    """What cannot be asked whether it arrived is not tried again."""
    pager = pagers.get(way.channel)
    return () if isinstance(pager, Once) and not pager.pager.remembers else PAUSES_S


@dataclass(frozen=True)
class Once:
    """Plays `Pager`: what may have arrived is never sent again."""

    pager: Pager

    @property
    def remembers(self) -> bool:
        """In the end, yes: where it cannot be known, nothing is sent."""
        return True

    async def page(self, page: Page, *, to: str, click: str, buttons: tuple[Button, ...] = ()) -> Receipt:
        """As the pager does. Raises IntegrationError."""
        return await self.pager.page(page, to=to, click=click, buttons=buttons)

    async def find(self, page: Page, *, to: str) -> Receipt | None:
        """Raises Unreachable where nobody can tell whether it has arrived."""
        try:
            found = await self.pager.find(page, to=to)
        except Refused:  # we may send but not look
            raise Unreachable(MAYBE) from None
        if found is None and not self.pager.remembers:
            raise Unreachable(MAYBE)
        return found
