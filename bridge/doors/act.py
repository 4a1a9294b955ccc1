"""A link in a page or a mail: `GET` shows the incident and one button, `POST` is the act.

A `GET` never changes anything: mail scanners and chat previews open every link they see. The token is the capability;
it never reaches a log, a referrer or a cache.
"""

import secrets
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from bridge import pages
from bridge.door import Hall
from bridge.pages import Facts, Notice
from bridge.speaking import Answer, Outcome, Word
from integrations.action_links import MOST_TOKEN, ONCE, Action, BadLink

VIA = "link"
STATUS = {Outcome.YES: 200, Outcome.NO: 409, Outcome.AWAY: 503}
TITLES = {Outcome.YES: "Done", Outcome.NO: "Not done", Outcome.AWAY: "No answer"}
BAD = {"forged": 403, "expired": 410, "early": 403}
Token = Annotated[str, Path(max_length=MOST_TOKEN)]


def routes(hall: Hall) -> APIRouter:
    """`/act/<token>`."""
    router = APIRouter(default_response_class=Response)

    @router.get("/act/{token}", summary="Show what this link would do; changes nothing", responses=pages.RESPONSES)
    async def show(token: Token) -> Response:
        action = _read(hall, token)
        if isinstance(action, Notice):
            return pages.notice(action)
        shown = await _shown(hall, action)
        return pages.notice(shown) if isinstance(shown, Notice) else pages.question(action, shown)

    @router.post("/act/{token}", summary="Do it", responses=pages.RESPONSES)
    async def act(token: Token, request: Request) -> Response:
        action = _read(hall, token)
        told = action if isinstance(action, Notice) else await _done(hall, action)
        # A phone's own button posts without a page to show: it gets a line of text.
        return pages.notice(told) if "text/html" in request.headers.get("accept", "") else pages.line(told)

    return router


def _read(hall: Hall, token: str) -> Action | Notice:
    """What the link is for, or why it is for nothing."""
    try:
        action = hall.links.read(token, now=hall.clock(), valid_for=hall.link_valid_for)
    except BadLink as bad:
        hall.turned_away(VIA, bad.why)
        if not hall.strangers.allows(VIA):
            return Notice(title="Too many", text="Too many links that are none of ours. Wait a minute.", status=429)
        return Notice(title="This link does not act", text=str(bad), status=BAD[bad.why])
    if not hall.known.allows(f"{action.person} {action.incident}"):
        hall.turned_away(VIA, "too often", incident=action.incident_id, by=action.person)
        return Notice(title="Too often", text="You tapped very often. Wait a minute, then try again.", status=429)
    return action


async def _shown(hall: Hall, action: Action) -> Facts | Notice:
    """What a person sees before they say yes. That nobody can tell is no reason to keep them from acting."""
    status = await hall.speaker.status(action.incident_id)
    if isinstance(status, Answer):
        if status.outcome is Outcome.NO:
            return Notice(title="Nothing to do", text=f"{status.text}.", status=410)
        return Facts(headline=action.incident_id, known=hall.people.knows(action.person))
    if action.opened and action.opened != _opened(status):
        hall.turned_away(VIA, "another incident", incident=action.incident_id, by=action.person)
        return Notice(title="This link is old", text="It was for an earlier incident of the same alert.", status=410)
    plan: dict[str, Any] = next((told for told in status["proposals"] if told["id"] == action.proposal), {})
    if action.proposal and plan.get("state") != "open":
        stands = plan.get("state", "unknown")
        return Notice(title="Nothing to decide", text=f"{action.proposal} is not open any more: {stands}.", status=410)
    return Facts(
        headline=str(status["headline"]),
        phase=str(status["phase"]),
        owner=str(status["acked_by"]),
        would=str(plan.get("would", "")),
        known=hall.people.knows(action.person),
    )


def _opened(status: dict[str, Any]) -> str:
    return f"{datetime.fromisoformat(status['open_since']):%Y%m%dT%H%M%S.%fZ}"


async def _done(hall: Hall, action: Action) -> Notice:
    answer = await hall.say(_word(hall, action))
    return Notice(title=TITLES[answer.outcome], text=answer.text, status=STATUS[answer.outcome])


def _word(hall: Hall, action: Action) -> Word:
    """An approval's link is used up by it; an ack's may be needed again, so each tap is an act of its own."""
    once = action.action in ONCE
    return Word(
        incident=action.incident,
        name=action.action,
        payload={"proposal": action.proposal} if action.proposal else {},
        person=action.person,
        via=VIA,
        once=action.mark if once else secrets.token_urlsafe(16),
        until=action.issued_at + hall.link_valid_for if once else None,
    )
