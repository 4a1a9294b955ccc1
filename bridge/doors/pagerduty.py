"""PagerDuty's webhooks, v3: an ack there is an ack here. Facts from PagerDuty's pages "Webhooks: Overview", "Verifying
signatures" and "Webhook behavior".

Only what a *person* did there counts. What our own Events API calls did comes back with no user as its agent, so
nothing goes round in circles. PagerDuty sends an event again until it is answered with a 2xx, with the same id: it is
taken once.
"""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse

from bridge.door import Hall, body_of, not_set, to_a_machine
from bridge.speaking import Word
from incident.model.alarm import incident_key_of

VIA = "pagerduty"
SETTING = "INCIDENTS_PAGER__PAGERDUTY_WEBHOOK_SECRET"
WITHIN = timedelta(seconds=4)
"""PagerDuty waits 5 seconds."""
PERSON = "user_reference"
WORDS = {"incident.acknowledged": "ack", "incident.resolved": "resolve", "incident.annotated": "note"}
"""Event → the message it stands for. The others (assigned, escalated, …) are PagerDuty's own business."""
MOST_NOTE = 4000

log = structlog.get_logger(__name__)


def routes(hall: Hall) -> APIRouter:
    """`/pagerduty/webhook`."""
    router = APIRouter()

    @router.post("/pagerduty/webhook", summary="PagerDuty's webhooks (v3)", response_class=PlainTextResponse)
    async def webhook(request: Request) -> Response:
        event = await _event(hall, request)
        word = _word(hall, event)
        if isinstance(word, str):
            log.info("nothing to say", door=VIA, kind=str(event.get("event_type"))[:60], because=word)
            return PlainTextResponse(f"{word}\n")
        return to_a_machine(await hall.say(word, WITHIN))

    return router


async def _event(hall: Hall, request: Request) -> dict[str, Any]:
    """The event of a request that is PagerDuty's. Raises HTTPException 400, 401, 413, 429, 503."""
    if hall.pagerduty_secret is None:
        raise not_set(VIA, SETTING)
    body = await body_of(request, hall.max_body_bytes)
    secret = hall.pagerduty_secret.get_secret_value()
    if not is_signed(secret, body, request.headers.get("x-pagerduty-signature", "")):
        raise hall.forged(VIA, "this is not signed with our secret")
    try:
        told = json.loads(body)
    except ValueError:
        raise HTTPException(400, "not JSON") from None
    event = told.get("event") if isinstance(told, dict) else None
    if not isinstance(event, dict):
        raise HTTPException(400, "there is no event")
    return event


def is_signed(secret: str, body: bytes, header: str) -> bool:
    """`v1=<hex>,v1=<hex>`: several while the secret is changed; one that fits is enough. Compared in constant time."""
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
    given = [part.strip().removeprefix("v1=") for part in header.split(",") if part.strip().startswith("v1=")]
    return any(hmac.compare_digest(sent.encode("latin-1", "replace"), wanted) for sent in given)


def _word(hall: Hall, event: dict[str, Any]) -> Word | str:
    """What a person there says to our incident; else why it is nothing for us."""
    kind = str(event.get("event_type", ""))
    if kind not in WORDS:
        return f"{kind[:60] or 'an event without a type'} is not for us"
    agent = _object(event, "agent")
    if agent.get("type") != PERSON:
        return "no person did that"
    data = _object(event, "data")
    # A note's data is the note; the incident it belongs to stands in it.
    about = data if "incident_key" in data else _object(data, "incident")
    incident = incident_key_of(str(about.get("incident_key") or ""))
    if not incident:
        return "it has no incident_key: not opened by us"
    return Word(
        incident=incident,
        name=WORDS[kind],
        payload=_payload(kind, data),
        person=_person(hall, agent),
        via=VIA,
        once=f"pagerduty-{event.get('id')}"[:200],
    )


def _payload(kind: str, data: dict[str, Any]) -> dict[str, str | bool]:
    if kind == "incident.annotated":
        return {"text": str(data.get("content") or "(an empty note)")[:MOST_NOTE]}
    return {"note": "resolved in PagerDuty"} if kind == "incident.resolved" else {}


def _person(hall: Hall, agent: dict[str, Any]) -> str:
    """Our key for them; else what PagerDuty calls them, with the id, so that nobody looks like one of ours."""
    user = str(agent.get("id", ""))
    return hall.people.by_pagerduty(user) or f"{str(agent.get('summary', ''))[:80]} ({user[:40]} in PagerDuty)".strip()


def _object(told: dict[str, Any], name: str) -> dict[str, Any]:
    found = told.get(name)
    return found if isinstance(found, dict) else {}
