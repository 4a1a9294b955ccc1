"""What Slack does for people in the practice channel: a tap on a button reaches the bridge, signed as Slack signs it,
and the answer is seen by whoever tapped. After its pages "Verifying requests from Slack" and "block_actions payload".
"""

import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
from slack_sdk.signature import SignatureVerifier

from gameday.world.people import Practised

SIGNING_SECRET = "practice-signing-secret"
WITHIN_S = 5.0
MOST_KEPT = 20


@dataclass(frozen=True, kw_only=True)
class Whisper:
    """An answer that only one person sees."""

    to: Practised
    at: float
    text: str


@dataclass
class SlackApp:
    """`bridge`: where the app's interactivity leads; empty: nowhere, and nothing can be tapped. `base`: our own."""

    bridge: str
    base: str
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=WITHIN_S))
    whispers: list[Whisper] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        """With it the product gives its messages buttons, and takes what comes back."""
        return {"INCIDENTS_CHAT__SIGNING_SECRET": SIGNING_SECRET} if self.bridge else {}

    async def tap(self, who: Practised, action_id: str, value: str) -> None:
        """Slack shows a mark on the button where the bridge does not say 200; so does the answer here."""
        body = urlencode({"payload": json.dumps(self._payload(who, action_id, value))})
        now = str(int(time.time()))
        signature = SignatureVerifier(SIGNING_SECRET).generate_signature(timestamp=now, body=body) or ""
        headers = {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": signature}
        headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            answer = await self.http.post(f"{self.bridge}/slack/actions", content=body, headers=headers)
        except httpx.HTTPError as error:
            self.whisper(who, f"⚠ no answer ({type(error).__name__})")
            return
        if answer.is_error:
            self.whisper(who, f"⚠ answered {answer.status_code}")

    def whisper(self, who: Practised, text: str) -> None:
        self.whispers.append(Whisper(to=who, at=time.time(), text=text))
        del self.whispers[:-MOST_KEPT]

    def _payload(self, who: Practised, action_id: str, value: str) -> dict[str, Any]:
        return {
            "type": "block_actions",
            "user": {"id": who.slack, "username": who.key, "name": who.key},
            "actions": [{"type": "button", "action_id": action_id, "value": value, "action_ts": str(time.time())}],
            "response_url": f"{self.base}/thread/{who.key}/answer",
        }
