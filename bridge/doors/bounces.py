"""A mail to a customer that came back: the mail server hands us its report (RFC 3464), and the incident hears of it.

Whose mail it was stands in its slip, which only we can make. An address of the report goes nowhere: not to the
incident, not into a log or an answer. What cannot be understood is answered 2xx, because the mail server would only
bring it again; a slip that is none of ours is refused.
"""

import asyncio
import hashlib

import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse

from bridge.bearer import shows
from bridge.door import Hall, body_of, not_set, to_a_machine
from bridge.speaking import Outcome, Word
from integrations.delivery_report import DeliveryReport, read_report
from integrations.slips import BadSlip, SentMail

VIA = "mail"
WHO = "mail server"
"""Nobody we could know: it is taken as its claim."""
SETTING = "INCIDENTS_BRIDGE__TOKEN"

log = structlog.get_logger(__name__)


def routes(hall: Hall) -> APIRouter:
    """`/mail/bounce`."""
    router = APIRouter()

    @router.post("/mail/bounce", summary="A mail that came back, as it is", response_class=PlainTextResponse)
    async def bounce(request: Request) -> Response:
        report = await _report(hall, request)
        because = _nothing(report)
        if because:
            log.info("nothing to say", door=VIA, because=because)
            return PlainTextResponse(f"nothing to do: {because}\n")
        return await _told(hall, _mail(hall, report), report.failed[0].code)

    return router


async def _report(hall: Hall, request: Request) -> DeliveryReport:
    """What the mail server brought. Raises HTTPException 401, 413, 429, 503."""
    if hall.token is None:
        raise not_set(VIA, SETTING)
    if not shows(request.headers, hall.token):
        raise hall.forged(VIA, "send `Authorization: Bearer <token>`", {"WWW-Authenticate": "Bearer"})
    body = await body_of(request, hall.max_body_bytes)
    return await asyncio.to_thread(read_report, body)  # alerts do not wait for a long one


def _nothing(report: DeliveryReport) -> str:
    """Why nobody has to hear of it; empty: somebody has."""
    if not report.recipients:
        return "this is no delivery report"
    if not report.failed:
        return "the mail has not failed"
    return "" if report.slip else "it is about no mail of ours to a customer"


def _mail(hall: Hall, report: DeliveryReport) -> SentMail:
    """Raises HTTPException 400."""
    try:
        return hall.slips.read(report.slip)
    except BadSlip:
        hall.turned_away(VIA, "slip")
        raise HTTPException(
            400, "this slip is none of ours: have worker and bridge the same INCIDENTS_BRIDGE__ACTION_SECRET?"
        ) from None


async def _told(hall: Hall, mail: SentMail, code: str) -> Response:
    answer = await hall.say(_word(mail, code))
    if answer.outcome is Outcome.NO:
        log.warning("a customer was not reached", customer=mail.customer, code=code, because=answer.text)
    return to_a_machine(answer)


def _word(mail: SentMail, code: str) -> Word:
    """The same for the same mail, however often it comes back."""
    mark = hashlib.sha256("\0".join((mail.incident, str(mail.version), mail.customer)).encode()).hexdigest()[:32]
    return Word(
        incident=mail.incident,
        name="customers",
        payload={"bounced": mail.customer, "mail": f"mail-{mail.version}", "code": code},
        person=WHO,
        via=VIA,
        once=f"bounce-{mark}",
    )
