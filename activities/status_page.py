"""Setting the public status page."""

from dataclasses import dataclass

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import as_failure, not_set
from incident.model.effects import SetStatusPage
from incident.model.language import Vocabulary, objection
from incident.model.outcomes import StatusPageSet
from integrations.errors import IntegrationError
from integrations.ports import StatusPage


@dataclass(frozen=True)
class StatusPageActivities:
    page: StatusPage | None
    vocabulary: Vocabulary

    @activity.defn
    async def set_status_page(self, effect: SetStatusPage) -> StatusPageSet:
        """Show it. The page itself knows a notice it has; raises ApplicationError: Unreachable, Refused, Unfit …"""
        if self.page is None:
            raise not_set("status page", "INCIDENTS_STATUS_PAGE__PAGE_ID or INCIDENTS_STATUS_PAGE__FOLDER")
        wrong = objection(f"{effect.notice.title}\n{effect.notice.text}", self.vocabulary)
        if wrong:
            raise ApplicationError(wrong, type="Unfit", non_retryable=True)
        try:
            receipt = await self.page.show(effect)
        except IntegrationError as error:
            raise as_failure(error) from error
        return StatusPageSet(number=effect.number, id=receipt.id, repeat=receipt.repeat)
