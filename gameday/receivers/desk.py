"""What every receiver has: a desk where everything that arrived can be read, and faults that can be switched on.

curl localhost:9200/receivers/pagerduty/received
curl -X PUT localhost:9200/receivers/pagerduty/faults/rate_limit
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse

KEPT = 500
SLOW_S = 1.0
RETRY_AFTER_S = 7
LONGEST_SILENCE_S = 60.0


class Fault(StrEnum):
    """How a vendor may fail."""

    REFUSE = "refuse"
    """No, in the vendor's own words; trying again does not help."""
    DOWN = "down"
    """Away for now."""
    HANG = "hang"
    """Takes the connection and says nothing; nothing arrives."""
    SLOW = "slow"
    """Answers after a second."""
    TWICE = "twice"
    """Something between us and them delivers the request a second time."""
    LOST_ANSWER = "lost_answer"
    """It arrives once, and nobody hears of it; then all is well again."""
    RATE_LIMIT = "rate_limit"
    """Too many: come back after some seconds."""


@dataclass(kw_only=True)
class Arrival:
    """One request, as it came in. `times`: how often this key has arrived up to now, this one included."""

    at: float
    key: str
    to: str
    """Whom the vendor would have reached, in the vendor's words."""
    body: dict[str, Any]
    times: int = 1


@dataclass
class Desk:
    """`vendor` is also the path below which it is reached."""

    vendor: str
    faults: set[Fault] = field(default_factory=set)
    arrivals: list[Arrival] = field(default_factory=list)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, *, key: str, to: str, body: dict[str, Any]) -> Arrival:
        """A key that comes twice for the same person has arrived twice: the phone would have rung twice."""
        times = 1 + sum(1 for a in self.arrivals if key and (a.key, a.to) == (key, to))
        arrival = Arrival(at=time.time(), key=key, to=to, body=body, times=times)
        self.arrivals.append(arrival)
        del self.arrivals[:-KEPT]
        return arrival

    async def answer(
        self, take: Callable[[], Response], *, refused: Response, limited: Response | None = None
    ) -> Response:
        """What comes of a request, with the faults of this moment. `take` is what happens when there is none."""
        if Fault.HANG in self.faults:
            await self.silence()
        if Fault.SLOW in self.faults:
            await asyncio.sleep(SLOW_S)
        if Fault.DOWN in self.faults:
            return PlainTextResponse("service unavailable", 503)
        if Fault.RATE_LIMIT in self.faults:
            return limited or PlainTextResponse("too many requests", 429, {"Retry-After": str(RETRY_AFTER_S)})
        if Fault.REFUSE in self.faults:
            return refused
        if Fault.TWICE in self.faults:
            take()
        answer = take()
        if self.loses_this_answer():
            await self.silence()
        return answer

    def loses_this_answer(self) -> bool:
        """Only the first one: whoever asks again is answered."""
        lost = Fault.LOST_ANSWER in self.faults
        self.faults.discard(Fault.LOST_ANSWER)
        return lost

    async def silence(self) -> None:
        """Until the other side has given up, or somebody calls `wake`."""
        self._woken.clear()
        try:
            async with asyncio.timeout(LONGEST_SILENCE_S):
                await self._woken.wait()
        except TimeoutError:
            return

    def wake(self) -> None:
        """Whoever was left in silence goes on: at the end of a test, or of the world."""
        self._woken.set()

    def forget(self) -> None:
        """As if nothing had happened."""
        self.faults.clear()
        self.arrivals.clear()
        self.wake()

    def router(self) -> APIRouter:
        """To be read and to be broken, below the vendor's own path."""
        router = APIRouter(prefix=f"/{self.vendor}")

        @router.get("/received")
        async def received() -> list[dict[str, Any]]:
            return [asdict(arrival) for arrival in self.arrivals]

        @router.delete("/received")
        async def forget() -> dict[str, str]:
            self.forget()
            return {"forgotten": "all"}

        @router.get("/faults")
        async def faults() -> dict[str, bool]:
            return {fault.value: fault in self.faults for fault in Fault}

        @router.put("/faults/{name}")
        async def switch_on(name: str) -> dict[str, str]:
            self.faults.add(_fault(name))
            return {name: "on"}

        @router.delete("/faults/{name}")
        async def switch_off(name: str) -> dict[str, str]:
            self.faults.discard(_fault(name))
            self.wake()
            return {name: "off"}

        return router


def _fault(name: str) -> Fault:
    try:
        return Fault(name)
    except ValueError:
        raise HTTPException(404, f"no fault {name!r}: {', '.join(Fault)}") from None


async def json_of(request: Request) -> dict[str, Any]:
    """The body; what is no JSON object is an empty one."""
    try:
        body = json.loads(await request.body())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
