"""Reaching a person. The hot path: nothing here that a page does not need (design §9)."""

from dataclasses import dataclass

from temporalio import activity

from activities.failures import as_failure, not_set
from activities.ledger import Earlier, Ledger
from activities.links import Links
from incident.model.effects import Page
from incident.model.outcomes import Paged
from integrations.errors import IntegrationError
from integrations.ports import Channels, Pager, Receipt

SETTINGS = {"ntfy": "INCIDENTS_PAGER__NTFY_URL", "chat": "INCIDENTS_CHAT__WEBHOOK_URL"}


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
            raise not_set(f"pager for channel {effect.channel!r}", SETTINGS.get(effect.channel, effect.channel))
        earlier = await self.ledger.begin(effect.key)
        try:
            receipt = await _arrived(pager, effect, earlier) if earlier else None
            receipt = receipt or await pager.page(effect, click=self.links.here())
        except IntegrationError as error:
            raise as_failure(error) from error
        await self.ledger.done(effect.key, receipt.id)
        return Paged(number=effect.number, channel=effect.channel, receipt=receipt.id, repeat=receipt.repeat)


async def _arrived(pager: Pager, effect: Page, earlier: Earlier) -> Receipt | None:
    """We were here before: did it arrive? Where we do not know, the provider is asked."""
    if earlier.done:
        return Receipt(id=earlier.result, repeat=True)
    return await pager.find(effect)
