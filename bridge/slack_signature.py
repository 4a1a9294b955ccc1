"""Is a request really Slack's? Its signature (v0) has to hold, and be at most 5 minutes old (Slack, "Verifying requests
from Slack").
"""

from collections.abc import Mapping

from fastapi import Request
from pydantic import SecretStr
from slack_sdk.signature import Clock, SignatureVerifier

from bridge.door import Hall, body_of, not_set

VIA = "slack"
SETTING = "INCIDENTS_CHAT__SIGNING_SECRET"


class _At(Clock):
    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    def now(self) -> float:
        return self._hall.clock().timestamp()


async def body_from_slack(hall: Hall, request: Request) -> bytes:
    """The body of a request that is Slack's. Raises HTTPException 401, 413, 429, 503."""
    if hall.slack_secret is None:
        raise not_set(VIA, SETTING)
    body = await body_of(request, hall.max_body_bytes)
    if not _is_slacks(hall.slack_secret, _At(hall), body, request.headers):
        raise hall.forged(VIA, "this request is not signed by our Slack app")
    return body


def _is_slacks(secret: SecretStr, clock: Clock, body: bytes, headers: Mapping[str, str]) -> bool:
    verifier = SignatureVerifier(secret.get_secret_value(), clock=clock)
    try:
        return verifier.is_valid_request(body, dict(headers))
    except (ValueError, TypeError):  # a timestamp that is no number, a signature or a body that is no text
        return False
