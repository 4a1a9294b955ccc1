"""Slack's Events API: what people write in an incident's thread becomes a note of theirs, for the postmortem.

Facts from Slack's pages "Events API", "url_verification event", "message event" and "Formatting message text".

Slack wants an answer within 3 seconds, else it sends the same event again: at once, after a minute, after five. The
event's own id makes that one note. What bots say (ourselves included), edits, joins and the rest are none.
"""

import json
from collections import OrderedDict
from datetime import timedelta
from typing import Any

import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from temporalio.service import RPCError

from bridge.door import Hall, not_set
from bridge.slack_signature import VIA, body_from_slack
from bridge.slack_text import plain
from bridge.speaking import Outcome, Word
from integrations.errors import IntegrationError

SOON = timedelta(seconds=2)
"""For the incident's answer: Slack's own limit is 3 s, and the way there takes some of it."""
SPOKEN = frozenset({"", "thread_broadcast", "file_share"})
"""Subtypes of a message that a person wrote ("message event"); all others tell of something else."""
LAST_RETRY = "3"
"""`X-Slack-Retry-Num` of the last time we hear of an event."""
MOST_THREADS = 10_000
COUNTS_FOR = timedelta(days=1)
"""A worker may be away for long; the note is theirs all the same."""
NEVER_AGAIN = {"X-Slack-No-Retry": "1"}

log = structlog.get_logger(__name__)


def routes(hall: Hall) -> APIRouter:
    """`/slack/events`."""
    router = APIRouter(prefix="/slack")
    threads = _Threads(hall)

    @router.post("/events", summary="What is written in Slack")
    async def events(request: Request) -> Response:
        told = await _read(hall, request)
        if told.get("type") == "url_verification":
            return JSONResponse({"challenge": str(told.get("challenge", ""))})
        reply = _reply(told)
        if reply is None:
            return PlainTextResponse("")
        return await _note(hall, threads, reply, last=request.headers.get("x-slack-retry-num") == LAST_RETRY)

    return router


async def _read(hall: Hall, request: Request) -> dict[str, Any]:
    """What Slack sent. Raises HTTPException 400, 401, 413, 429, 503."""
    try:
        told = json.loads(await body_from_slack(hall, request))
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise HTTPException(400, "no event", NEVER_AGAIN)
    return told


def _reply(told: dict[str, Any]) -> dict[str, str] | None:
    """What a person wrote under another message; None: anything else."""
    event = told.get("event")
    if told.get("type") != "event_callback" or not isinstance(event, dict) or event.get("type") != "message":
        return None
    if event.get("bot_id") or str(event.get("subtype") or "") not in SPOKEN:
        return None
    reply = {name: str(event.get(name) or "") for name in ("user", "text", "channel", "ts", "thread_ts")}
    reply["event"] = str(told.get("event_id") or f"{reply['channel']}-{reply['ts']}")
    under_another = reply["thread_ts"] not in ("", reply["ts"])
    return reply if under_another and reply["user"] and reply["text"].strip() else None


async def _note(hall: Hall, threads: "_Threads", reply: dict[str, str], *, last: bool) -> Response:
    try:
        incident = await threads.incident_of(reply["channel"], reply["thread_ts"])
    except IntegrationError as error:
        log.warning("whose thread it is could not be asked", because=str(error))
        return PlainTextResponse("ask again", 503)
    if not incident:
        return PlainTextResponse("")
    word = Word(
        incident=incident,
        name="note",
        payload={"text": plain(reply["text"], hall.people.by_slack)},
        person=hall.people.by_slack(reply["user"]) or f"{reply['user'][:40]} (in Slack)",
        via=VIA,
        once=f"slack-{reply['event'][:200]}",
        until=hall.clock() + COUNTS_FOR,
    )
    answer = await hall.say(word, SOON)
    if answer.outcome is not Outcome.AWAY or (last and await _left(hall, word)):
        return PlainTextResponse("")  # a no is final: sent again it would be no again
    return PlainTextResponse("ask again", 503)


async def _left(hall: Hall, word: Word) -> bool:
    """We shall not hear of it again: the engine keeps it until a worker is back."""
    try:
        await hall.speaker.leave(word, SOON)
    except (RPCError, RuntimeError) as error:
        log.error("a reply is not on the timeline", incident=word.incident_id, because=type(error).__name__)
        return False
    return True


class _Threads:
    """Whose thread it is, asked once for each: a thread never changes hands."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def incident_of(self, channel: str, ts: str) -> str:
        """The incident's key; empty: none of ours. Raises IntegrationError; HTTPException where no bot is set."""
        if self._hall.threads is None:
            raise not_set("slack events", "INCIDENTS_CHAT__BOT_TOKEN")
        if (channel, ts) not in self._known:
            self._known[channel, ts] = await self._hall.threads.incident_of(channel, ts)
            while len(self._known) > MOST_THREADS:
                self._known.popitem(last=False)
        return self._known[channel, ts]
