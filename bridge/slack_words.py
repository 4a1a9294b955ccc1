"""What a person typed behind `/incident`, as a message to an incident. Pure.

`/incident <word> [part of an id] [the rest]`: the id may be left out while only one incident is open.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.finding import called, named, only
from incident.model.messages import MESSAGES
from incident.model.refund import RefundAnswer
from incident.model.role import Role

USAGE = """*/incident* … the incident may be left out while only one is open
`ack [id]` · `status [id]` · `resolve [id] [what was done]` · `note [id] what you saw`
`take [id] [role]` · `assign [id] role @who` (ic, scribe, comms, responder)
`approve [id] [plan]` · `reject [id] [plan] [why]` · `escalate [id] why` · `unack [id] why`
`refund [id] [plan] refunded|credited|declined [reference]` (finance)"""
MENTION = re.compile(r"^<@([UW][A-Z0-9]+)(?:\|[^>]*)?>$")
"""A mention, where "Escape channels, users, and links" is on for the command (Slack, "Slash commands")."""
ROLES = tuple(role.value for role in Role)
ANSWERS = tuple(answer.value for answer in RefundAnswer)
SENTENCES = ("note", "resolve", "escalate", "unack")
"""Words with a sentence behind them: "note app is down" is not about the incident that has "app" in its id."""
Payload = dict[str, str | bool]
Who = Callable[[str], str]


class Mistyped(Exception):
    """What is wrong, for the person who typed it."""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """`word` is a message's name, or `status`."""

    word: str
    incident: str
    payload: Payload = field(default_factory=dict)


def read(text: str, ids: list[str], who: Who) -> Typed:
    """What was meant. `ids` are the open incidents; `who` finds the key of a Slack user. Raises Mistyped, NotOne."""
    word, _, rest = text.strip().partition(" ")
    word = word.lower()
    if word not in READERS:
        raise Mistyped(USAGE)
    if word != "status" and word not in MESSAGES:
        raise Mistyped(f"`{word}` cannot be done from here yet")
    first, _, after = rest.strip().partition(" ")
    incident = (called if word in SENTENCES else named)(first, ids)
    words = after.strip() if incident else rest.strip()
    return Typed(word=word, incident=incident or only(ids), payload=READERS[word](words, who))


def _nothing(_words: str, _who: Who) -> Payload:
    return {}


def _text_in(name: str, *, needed: bool = False) -> Callable[[str, Who], Payload]:
    def read_text(words: str, _who: Who) -> Payload:
        if needed and not words:
            raise Mistyped(f"say something behind it.\n{USAGE}")
        return {name: words} if words else {}

    return read_text


def _plan(words: str, _who: Who) -> Payload:
    """`redeploy_app-1 self-heal is at it`: the plan's name, then why."""
    first, _, why = words.partition(" ")
    if first and not re.fullmatch(r"[\w.]+-\d+", first):
        return {"why": words}
    told: Payload = {"proposal": first, "why": why.strip()}
    return {name: value for name, value in told.items() if value}


def _role(words: str, _who: Who) -> Payload:
    if words.lower() not in ("", *ROLES):
        raise Mistyped(f"no such role; there are: {', '.join(ROLES)}")
    return {"role": words.lower()} if words else {}


def _role_to(words: str, who: Who) -> Payload:
    role, _, to = words.partition(" ")
    if role.lower() not in ROLES or not to.strip():
        raise Mistyped(f"say a role and a person: `assign ic @ana`; roles: {', '.join(ROLES)}")
    mention = MENTION.match(to.strip())
    return {"role": role.lower(), "to": (mention and who(mention[1])) or to.strip().lstrip("@")}


def _refund(words: str, _who: Who) -> Payload:
    """`refund_path-1 refunded INV-12`: the plan may be left out while only one waits."""
    told = _plan(words, _who)
    answer, _, reference = str(told.pop("why", "")).partition(" ")
    if answer.lower() not in ANSWERS:
        raise Mistyped(f"say what finance did: {', '.join(ANSWERS)}")
    found: Payload = {**told, "answer": answer.lower(), "reference": reference.strip()}
    return {name: value for name, value in found.items() if value}


READERS: dict[str, Callable[[str, Who], Payload]] = {
    "ack": _nothing,
    "status": _nothing,
    "resolve": _text_in("note"),
    "note": _text_in("text", needed=True),
    "take": _role,
    "assign": _role_to,
    "approve": _plan,
    "reject": _plan,
    "escalate": _text_in("why", needed=True),
    "unack": _text_in("why", needed=True),
    "refund": _refund,
}
