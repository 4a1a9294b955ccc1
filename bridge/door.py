"""What a door of the bridge is: a way in for people, one file each in `bridge/doors`, that offers `routes(hall)`.

Every door does the same three things: it makes sure who is there, it turns what they did into one of the messages of
`incident/model/messages.py`, and it answers them yes or the reason.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Protocol

import httpx
import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import Counter
from pydantic import SecretStr

from bridge import doors
from bridge.pace import Pace
from bridge.recognising import People
from bridge.speaking import Answer, Outcome, Speaker, Word
from integrations.action_links import ActionLinks
from integrations.clock import utc_now
from integrations.slips import Slips

PER_PERSON = 30
"""Calls a minute of one person."""
OF_STRANGERS = 120
"""Calls a minute of all those together who cannot say who they are."""

log = structlog.get_logger(__name__)


class Threads(Protocol):
    """A chat with threads, and what it knows of them."""

    async def incident_of(self, channel: str, ts: str) -> str:
        """Key of the incident whose thread begins with this message; empty: none of ours. Raises IntegrationError."""
        ...


@dataclass(frozen=True, kw_only=True)
class Hall:
    """What doors work with."""

    speaker: Speaker
    people: People
    links: ActionLinks
    link_valid_for: timedelta
    http: httpx.AsyncClient
    max_body_bytes: int
    slips: Slips
    token: SecretStr | None = None
    """What machines show, as those that send alerts."""
    slack_secret: SecretStr | None = None
    threads: Threads | None = None
    """None: no bot is set, so nobody can tell whose thread something was written in."""
    pagerduty_secret: SecretStr | None = None
    keep: Callable[[Word], Awaitable[str]] | None = None
    """What becomes of a word that nobody heard: what its sender is told; empty: nothing, they have to say it again."""
    clock: Callable[[], datetime] = utc_now
    known: Pace = field(default_factory=lambda: Pace(PER_PERSON))
    strangers: Pace = field(default_factory=lambda: Pace(OF_STRANGERS))
    counted: Counter = field(
        default_factory=lambda: Counter("incidents_bridge_doors", "Acts by door", ["door", "outcome"], registry=None)
    )
    """Registered with the bridge's own metrics."""

    async def say(self, word: Word, within: timedelta | None = None) -> Answer:
        """Say it, and write down who did and what came of it."""
        answer = await (self.speaker.say(word, within) if within else self.speaker.say(word))
        kept = await self.keep(word) if answer.outcome is Outcome.AWAY and self.keep else ""
        answer = Answer(outcome=Outcome.YES, text=kept) if kept else answer
        self.counted.labels(door=word.via, outcome=answer.outcome).inc()
        log.info("said", door=word.via, word=word.name, incident=word.incident_id, by=word.person, answer=answer.text)
        return answer

    def turned_away(self, door: str, why: str, **facts: object) -> None:
        """Somebody who could not prove who they are: counted and logged, never with what they showed."""
        self.counted.labels(door=door, outcome=why).inc()
        log.warning("turned away", door=door, because=why, **facts)

    def forged(self, door: str, why: str, headers: Mapping[str, str] | None = None) -> HTTPException:
        """What a caller gets who did not show the secret: 401, and 429 when there are too many of them."""
        self.turned_away(door, "forged")
        status = 401 if self.strangers.allows(door) else 429
        return HTTPException(status, why, dict(headers) if headers else None)


def to_a_machine(answer: Answer) -> Response:
    """A no is final: sent again it would be no again. Only an engine that is away is worth another try."""
    return PlainTextResponse(f"{answer.text}\n", 503 if answer.outcome is Outcome.AWAY else 200)


def not_set(door: str, setting: str) -> HTTPException:
    """A door nobody can open yet."""
    log.warning("door is closed", door=door, because=f"{setting} is not set")
    return HTTPException(503, f"this door is closed: {setting} is not set")


async def body_of(request: Request, most: int) -> bytes:
    """The body, never more than `most` bytes of it in memory. Raises HTTPException 413."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, f"the body is larger than {most} bytes")
    return bytes(body)


@cache
def all_doors() -> Mapping[str, Callable[[Hall], APIRouter]]:
    """Name of the door's file → its routes."""
    names = sorted(found.name for found in iter_modules(doors.__path__))
    return MappingProxyType({name: import_module(f"{doors.__name__}.{name}").routes for name in names})
