"""Slack: `/incident …` and buttons in messages. Facts from Slack's pages "Verifying requests from Slack", "Slash
commands", "Handling user interaction" and "block_actions payload".

Slack wants an answer within 3 seconds; what takes longer is answered at the request's own `response_url`. A request is
Slack's if its signature (v0) holds and it is at most 5 minutes old; one that is sent again has the same mark, and is
taken once.
"""

import asyncio
import hashlib
import html
import json
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from bridge.door import Hall
from bridge.finding import NotOne
from bridge.slack_signature import VIA, body_from_slack
from bridge.slack_words import USAGE, Mistyped, read
from bridge.speaking import Answer, Outcome, Word
from integrations.slack_buttons import tapped
from integrations.slack_webhook import escape

SOON_S = 2.2
"""What is not answered by then is answered later: Slack's own limit is 3 s, and the way there takes some of it."""
LATER = "One moment … the answer comes here."
PATIENCE = timedelta(seconds=20)
"""For the answer that comes later; a `response_url` works for 30 minutes."""
MOST_LATER = 64
MARKS = {Outcome.YES: "✓", Outcome.NO: "✗", Outcome.AWAY: "?"}

log = structlog.get_logger(__name__)


def routes(hall: Hall) -> APIRouter:
    """`/slack/command` and `/slack/actions`."""
    router = APIRouter(prefix="/slack")
    later = _Later(hall.http)

    @router.post("/command", summary="Slack's /incident command")
    async def command(request: Request) -> Response:
        form, mark = await _form(hall, request)
        if form.get("ssl_check"):
            return PlainTextResponse("")
        return await later.answer(_command(hall, form, mark), form.get("response_url", ""))

    @router.post("/actions", summary="A tap on a button in a Slack message")
    async def actions(request: Request) -> Response:
        form, mark = await _form(hall, request)
        payload = _payload(form.get("payload", ""))
        later.in_background(_tap(hall, payload, mark), str(payload.get("response_url", "")))
        return PlainTextResponse("")  # Slack shows an error on the button for anything but an empty 200

    return router


async def _form(hall: Hall, request: Request) -> tuple[dict[str, str], str]:
    """The fields of a request that is Slack's, and its mark. Raises HTTPException 401, 413, 429, 503."""
    body = await body_from_slack(hall, request)
    fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    return fields, f"slack-{hashlib.sha256(request.headers['x-slack-signature'].encode()).hexdigest()[:32]}"


def _payload(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise HTTPException(400, "no payload")
    return told


async def _command(hall: Hall, form: dict[str, str], mark: str) -> str:
    who = form.get("user_id", "")
    if not hall.known.allows(f"slack {who}"):
        return "✗ Very many commands: wait a minute, then try again."
    text = html.unescape(form.get("text", "").strip())  # Slack escapes its three control characters
    if text in ("", "help"):
        return USAGE
    try:
        typed = read(text, await hall.speaker.open_incidents(), hall.people.by_slack)
    except (Mistyped, NotOne) as error:
        return f"✗ {error}"
    if typed.word == "status":
        return _standing(await hall.speaker.status(typed.incident))
    word = Word(
        incident=typed.incident,
        name=typed.word,
        payload=typed.payload,
        person=_person(hall, who, form.get("user_name", "")),
        via=VIA,
        once=mark,
    )
    return _told(hall, await hall.say(word, PATIENCE), who)


async def _tap(hall: Hall, payload: dict[str, Any], mark: str) -> str:
    user = payload.get("user")
    user = user if isinstance(user, dict) else {}
    who, actions = str(user.get("id", "")), payload.get("actions")
    tap = tapped(actions[0]) if isinstance(actions, list) and actions else None
    if tap is None:
        return ""  # somebody else's button, or a link
    if not hall.known.allows(f"slack {who}"):
        return "✗ Very many taps: wait a minute, then try again."
    word = Word(
        incident=tap.incident,
        name=tap.action,
        payload=tap.payload,
        person=_person(hall, who, str(user.get("username", ""))),
        via=VIA,
        once=mark,
    )
    return _told(hall, await hall.say(word, PATIENCE), who)


def _person(hall: Hall, user_id: str, name: str) -> str:
    """Our key for them; else what Slack calls them, with the id, so that nobody looks like one of ours."""
    return hall.people.by_slack(user_id) or f"{name[:80]} ({user_id[:40]} in Slack)".strip()


def _told(hall: Hall, answer: Answer, user_id: str) -> str:
    known = hall.people.by_slack(user_id)
    hint = "" if known else f'\n(You count as unknown: `slack = "{user_id}"` in incidents.toml says who you are.)'
    return f"{MARKS[answer.outcome]} {answer.text}{hint}"


def _standing(status: dict[str, Any] | Answer) -> str:
    if isinstance(status, Answer):
        return f"{MARKS[status.outcome]} {status.text}"
    waits = "".join(f"\n• {line}" for line in status["waiting_for"])
    owner = status["acked_by"] or "nobody yet"
    return f"*{status['headline']}* · {status['phase']} · {owner} has it\nWaiting for:{waits or ' nothing'}"


class _Later:
    """Answers within Slack's patience, or later at the request's `response_url`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http, self._tasks = http, set[asyncio.Task[None]]()

    async def answer(self, work: Awaitable[str], response_url: str) -> Response:
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({task}, timeout=SOON_S)
        if done:
            return _only_to_them(task.result())
        self.in_background(task, response_url)
        return _only_to_them(LATER)

    def in_background(self, work: Awaitable[str], response_url: str) -> None:
        if len(self._tasks) >= MOST_LATER:
            raise HTTPException(429, "too many at once", {"Retry-After": "5"})
        task = asyncio.create_task(self._post(work, response_url))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post(self, work: Awaitable[str], response_url: str) -> None:
        text = await work
        if not text or urlsplit(response_url).scheme not in ("http", "https"):
            return
        try:
            told = await self._http.post(response_url, json=_body(text) | {"replace_original": False})
        except httpx.HTTPError as error:  # the address is a capability: only the kind of error is told
            log.warning("slack was not answered", because=type(error).__name__)
            return
        if told.is_error:
            log.warning("slack was not answered", because=told.status_code)


def _only_to_them(text: str) -> Response:
    return JSONResponse(_body(text))


def _body(text: str) -> dict[str, Any]:
    return {"response_type": "ephemeral", "text": escape(text)}
