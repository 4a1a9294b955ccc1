"""What people would have received: every vendor's receiver, and all that arrived, in one place."""

from dataclasses import asdict, dataclass, field
from typing import Any

from fastapi import APIRouter

from gameday.receivers.desk import Arrival, Desk, Fault
from gameday.receivers.everybody import PREFIX, Receivers
from gameday.receivers.slack import CHANNEL, HOOK, TOKEN
from gameday.receivers.smtp import SmtpReceiver
from gameday.world.faults import Faults

TOPIC = "oncall"
SENDER = "Incidents <incidents@practice.example.org>"
UPDATE = "update "
"""How the key of a changed Slack message begins: nothing new was said."""


@dataclass
class Sinks:
    """`mail_port`: 0 for any."""

    faults: Faults
    mail_port: int = 0
    receivers: Receivers = field(default_factory=Receivers)

    def __post_init__(self) -> None:
        self.receivers.mail = SmtpReceiver(port=self.mail_port)
        self.receivers.ntfy.desk.faults = _OnceOnly(self.faults)
        for name, desk, fault in (
            ("pager_down", self.receivers.ntfy.desk, Fault.DOWN),
            ("pager_refuses", self.receivers.ntfy.desk, Fault.REFUSE),
            ("answer_lost", self.receivers.ntfy.desk, Fault.LOST_ANSWER),
            ("chat_down", self.receivers.slack.desk, Fault.DOWN),
        ):
            self._wire(name, desk, fault)

    @property
    def pages(self) -> list[Arrival]:
        """On phones, the oldest first."""
        return self.receivers.ntfy.desk.arrivals

    @property
    def posts(self) -> list[Arrival]:
        """In the chat, the oldest first."""
        return [a for a in self.receivers.slack.desk.arrivals if not a.key.startswith(UPDATE)]

    @property
    def mails(self) -> list[Arrival]:
        """In all mailboxes, the oldest first."""
        return self.receivers.mail.desk.arrivals

    async def start(self) -> None:
        await self.receivers.mail.__aenter__()

    async def stop(self) -> None:
        for desk in self.receivers.desks:
            desk.wake()
        await self.receivers.mail.__aexit__()

    def env(self, base: str) -> dict[str, str]:
        """What points the product at them."""
        vendors = f"{base}{PREFIX}"
        return {
            "INCIDENTS_PAGER__NTFY_URL": f"{vendors}/ntfy/{TOPIC}",
            "INCIDENTS_CHAT__WEBHOOK_URL": f"{vendors}/slack-hook/{HOOK}",
            "INCIDENTS_CHAT__BOT_TOKEN": TOKEN,
            "INCIDENTS_CHAT__CHANNEL": CHANNEL,
            "INCIDENTS_CHAT__API_URL": f"{vendors}/slack-api",
            "INCIDENTS_MAIL__HOST": "127.0.0.1",
            "INCIDENTS_MAIL__PORT": str(self.receivers.mail.port),
            "INCIDENTS_MAIL__TLS": "none",
            "INCIDENTS_MAIL__SENDER": SENDER,
            "INCIDENTS_CUSTOMERS__URL": f"{base}/customers/{{key}}/addresses",
        }

    async def addresses(self, key: str) -> list[str]:
        """Of one customer, as the organisation's own service would tell them: everybody has one here."""
        return [f"ops@{key}.example"]

    def router(self) -> APIRouter:
        router = APIRouter()
        router.include_router(self.receivers.router())
        router.add_api_route("/customers/{key}/addresses", self.addresses)
        router.add_api_route("/received", self.received)
        router.add_api_route("/received", self.forget, methods=["DELETE"])
        return router

    async def received(self) -> dict[str, list[dict[str, Any]]]:
        return {name: [_told(a) for a in getattr(self, name)] for name in ("pages", "posts", "mails")}

    async def forget(self) -> dict[str, str]:
        """What arrived; faults stay as they are."""
        on = {desk.vendor: set(desk.faults) for desk in self.receivers.desks}
        self.receivers.forget()
        for desk in self.receivers.desks:
            desk.faults |= on[desk.vendor]
        return {"forgotten": "all"}

    def _wire(self, name: str, desk: Desk, fault: Fault) -> None:
        async def on() -> None:
            desk.faults.add(fault)

        async def off() -> None:
            desk.faults.discard(fault)
            desk.wake()

        self.faults.breaking[name], self.faults.mending[name] = on, off


def _told(arrival: Arrival) -> dict[str, Any]:
    """As it was sent: the id a message has on the phone is the receiver's own."""
    return asdict(arrival) | {"body": {k: v for k, v in arrival.body.items() if k != "id"}}


class _OnceOnly(set[Fault]):
    """Faults of the pager's desk: the one that is over by itself is over for the world too."""

    def __init__(self, world: Faults) -> None:
        super().__init__()
        self._world = world

    def discard(self, fault: object) -> None:
        super().discard(fault)
        if fault is Fault.LOST_ANSWER:
            self._world.on.discard("answer_lost")
