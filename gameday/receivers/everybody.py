"""All receivers together, below one address: what people would have received, and how vendors fail."""

from dataclasses import dataclass, field

from fastapi import APIRouter

from gameday.receivers.anything import AnythingReceiver
from gameday.receivers.desk import Desk
from gameday.receivers.ntfy import NtfyReceiver
from gameday.receivers.pagerduty import PagerDutyReceiver
from gameday.receivers.slack import SlackReceiver
from gameday.receivers.smtp import SmtpReceiver
from gameday.receivers.statuspage import StatuspageReceiver

PREFIX = "/receivers"


@dataclass
class Receivers:
    """`async with receivers.mail` starts the mail server, which has a port of its own."""

    ntfy: NtfyReceiver = field(default_factory=NtfyReceiver)
    slack: SlackReceiver = field(default_factory=SlackReceiver)
    pagerduty: PagerDutyReceiver = field(default_factory=PagerDutyReceiver)
    statuspage: StatuspageReceiver = field(default_factory=StatuspageReceiver)
    anything: AnythingReceiver = field(default_factory=AnythingReceiver)
    mail: SmtpReceiver = field(default_factory=SmtpReceiver)

    @property
    def desks(self) -> tuple[Desk, ...]:
        return tuple(receiver.desk for receiver in vars(self).values())

    def router(self) -> APIRouter:
        """For a FastAPI app of anybody's."""
        router = APIRouter(prefix=PREFIX)
        for receiver in vars(self).values():
            router.include_router(receiver.router())
        return router

    def forget(self) -> None:
        """As if nothing had happened."""
        for desk in self.desks:
            desk.forget()
        self.slack.messages.clear()
        self.slack.may_read = True
        self.pagerduty.incidents.clear()
        self.pagerduty.oncalls.clear()
        self.statuspage.incidents.clear()
        self.statuspage.__post_init__()
