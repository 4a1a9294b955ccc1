"""The drill of a quiet phone: the first person never answers, and the second one acknowledges with one thumb.

Nothing is typed before that, and no shortcut is taken: the second person presses the button on their lock screen, whose
signed link goes through the bridge like any other. Like every drill it looks at where things stand, so one that was
killed goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import httpx
from temporalio.client import WorkflowHandle

from gameday.drill import Drill, Seen
from gameday.world.people import ANA, BEN, PEOPLE, Practised

SILENT, ANSWERING = ANA, BEN
ACK = "Ack"
"""What stands on the button."""
CLOCKS_APART_S = 1.0
"""A message of this incident is not older than the incident by more than that."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """A notification, as the phone's page tells programs."""

    phone: Practised
    id: str
    at: str
    title: str
    text: str
    buttons: tuple[str, ...]
    said: str
    done: bool

    @property
    def shown(self) -> str:
        """On one line: title, why now, buttons."""
        why = next((line for line in self.text.splitlines() if line.startswith("Why now")), "")
        return " · ".join((self.title, *([why] if why else []), *(f"[{label}]" for label in self.buttons)))


@dataclass(kw_only=True)
class PeopleDrill(Drill):
    """`narrate` prints a sentence of the drill's own: what somebody sees, and what they do."""

    narrate: Callable[[str], None]
    responder: ClassVar[str] = ANSWERING.key
    waits_for_ack: ClassVar[bool] = True
    _seen: set[tuple[str, str]] = field(default_factory=set, init=False)
    """Phone and message, told already."""

    async def play(self) -> WorkflowHandle[Any, Any]:
        """From the fault to the closed incident; returns its handle."""
        self.narrate(f"{SILENT.name} is {SILENT.role}, and sleeps: {self.places.world}/phone/{SILENT.key}")
        self.narrate(f"{ANSWERING.name} is {ANSWERING.role}: {self.places.world}/phone/{ANSWERING.key}")
        handle = await super().play()
        await self._sum_up(await handle.query("status"))
        return handle

    async def own(self, seen: Seen) -> None:
        """Nobody has acknowledged: look at the phones. The one who sleeps does nothing, the other one presses."""
        for message in await self._messages(seen.status):
            self._tell_once(message)
            if message.phone is ANSWERING and ACK in message.buttons and not message.done and not self.hands_on:
                await self._press(message)
                return

    def _tell_once(self, message: Message) -> None:
        if (message.phone.key, message.id) in self._seen:
            return
        self._seen.add((message.phone.key, message.id))
        self.narrate(f"{message.phone.name}'s phone: {message.shown}")
        if message.phone is SILENT:
            self.narrate(f"{SILENT.name} does not stir")
        elif self.hands_on:
            self.narrate(f"press [{ACK}] on {self.places.world}/phone/{ANSWERING.key}")

    async def _press(self, message: Message) -> None:
        """As the thumb does: a form of the phone's page. What does not work is tried again at the next look."""
        self.narrate(f"{ANSWERING.name} presses [{ACK}]")
        address = f"{self.places.world}/phone/{ANSWERING.key}/press"
        async with httpx.AsyncClient(timeout=30) as http:
            await http.post(address, data={"message": message.id, "label": ACK})
            told = next((m for m in await _on(http, self.places.world, ANSWERING) if m.id == message.id), message)
        self.narrate(f"{ANSWERING.name}'s phone: {told.said or 'no answer'}")

    async def _messages(self, status: dict[str, Any]) -> list[Message]:
        """About this incident, the oldest first, one phone after the other."""
        since = datetime.fromisoformat(status["open_since"]).timestamp() - CLOCKS_APART_S
        async with httpx.AsyncClient(timeout=10) as http:
            return [
                message
                for someone in PEOPLE
                for message in reversed(await _on(http, self.places.world, someone, since))
                if status["id"] in message.text
            ]

    async def _sum_up(self, status: dict[str, Any]) -> None:
        """What each of them found on their phone in the morning."""
        for someone in PEOPLE:
            found = [m for m in await self._messages(status) if m.phone is someone]
            pressed = [m for m in found if m.done]
            did = f"pressed [{ACK}]: {pressed[0].said}" if pressed else "answered none of them"
            self.narrate(f"{someone.name}: {len(found)} message{'s' if len(found) != 1 else ''}; {did}")


async def _on(http: httpx.AsyncClient, world: str, someone: Practised, since: float = 0.0) -> list[Message]:
    """The newest first. Empty while the practice world is away."""
    try:
        answer = await http.get(f"{world}/phone/{someone.key}/messages", params={"since": since})
    except httpx.HTTPError:
        return []
    told = answer.json() if answer.is_success else []
    return [Message(phone=someone, **(found | {"buttons": tuple(found["buttons"])})) for found in told]
