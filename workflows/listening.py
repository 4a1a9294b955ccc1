"""The signals and updates of design §5: for each message, one signal, and one update of the same name.

They are made from `MESSAGES`, so that a new message needs one model and nothing here. All take `*args: Any`: with typed
arguments a missing or surplus input would wedge the whole incident (temporal-guide §1.4).
"""

from typing import Any, Protocol

from temporalio import workflow

from incident.model.messages import MESSAGES, Message


class Listener(Protocol):
    """Who hears them."""

    def hear(self, name: str, args: tuple[Any, ...]) -> None:
        """A signal: take it, or write down why not."""

    def allow(self, name: str, args: tuple[Any, ...]) -> None:
        """An update's validator. Raises ApplicationError with the reason."""

    async def answer(self, name: str, args: tuple[Any, ...]) -> str:
        """An update: take it, and say what came of it."""


def _handlers(name: str, message: type[Message]) -> dict[str, Any]:
    @workflow.signal(name=name, description=message.expected)
    def signalled(self: Listener, *args: Any) -> None:
        self.hear(name, args)

    @workflow.update(name=name, description=message.expected)
    async def updated(self: Listener, *args: Any) -> str:
        return await self.answer(name, args)

    @updated.validator
    def allowed(self: Listener, *args: Any) -> None:
        self.allow(name, args)

    return {f"on_{name}": signalled, f"on_{name}_update": updated}


HANDLERS = {
    method: handler for name, message in MESSAGES.items() for method, handler in _handlers(name, message).items()
}
"""Made once, not once per incident (docs/decisions/0020)."""


def listening(cls: type[Any]) -> type[Any]:
    """Class decorator: gives a workflow a signal and an update for each message."""
    for method, handler in HANDLERS.items():
        setattr(cls, method, handler)
    return cls
