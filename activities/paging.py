"""Reaching a person. The hot path: nothing here that a page does not need (design §9)."""

from dataclasses import dataclass, replace

from temporalio import activity

from activities.failures import as_failure, not_set
from activities.ledger import Ledger
from activities.links import Links
from incident.model.effects import Page
from incident.model.outcomes import Paged
from integrations.errors import IntegrationError, Refused
from integrations.ports import Channels, Pager, Receipt

REPEAT = "This may be a repeat: the answer to an earlier attempt was lost."


@dataclass(frozen=True)
class PagingActivities:
    channels: Channels
    ledger: Ledger
    links: Links

    @activity.defn
    async def page(self, effect: Page) -> Paged:
        """Deliver one page, once. Raises ApplicationError: Unreachable, RateLimited (tried again), Refused, NotSet."""
        pager = self.channels.pagers.get(effect.channel)
        if pager is None:
            lacking = self.channels.missing.get(effect.channel, "a channel that exists")
            raise not_set(f"pager for channel {effect.channel!r}", lacking)
        earlier = await self.ledger.begin_anyway(effect.key)
        if earlier and earlier.done:
            return _paged(effect, Receipt(id=earlier.result, repeat=True))
        try:
            # An attempt of another machine left no row here, so a second attempt is reason enough to ask.
            again = earlier is not None or activity.info().attempt > 1
            receipt = await (_once_more if again else _send)(pager, effect, self.links.here())
        except IntegrationError as error:
            raise as_failure(error) from error
        await self.ledger.done_anyway(effect.key, receipt.id)
        return _paged(effect, receipt)


async def _send(pager: Pager, effect: Page, click: str) -> Receipt:
    return await pager.page(effect, to="", click=click)


async def _once_more(pager: Pager, effect: Page, click: str) -> Receipt:
    """We were here before. Did it arrive? The provider is asked; one that cannot tell gets a page that says so."""
    try:
        found, sure = await pager.find(effect, to=""), pager.remembers
    except Refused:  # we may send but not look: that must not cost the page
        found, sure = None, False
    if found:
        return found
    said = effect if sure else replace(effect, text=f"{effect.text}\n{REPEAT}")
    return await pager.page(said, to="", click=click)


def _paged(effect: Page, receipt: Receipt) -> Paged:
    return Paged(number=effect.number, channel=effect.channel, receipt=receipt.id, repeat=receipt.repeat)
