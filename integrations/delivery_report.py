"""What a mail server says of a mail it could not deliver (RFC 3464), and the slip of the mail it is about.

Anybody may send us anything: what is no report reads as an empty one, and nothing here raises for what is in it.
Headers are read by Python's older mail rules, which keep them as they came; the newer ones raise for some.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import compat32

from integrations.slips import HEADER

MOST_READ = 256 * 1024
"""Bytes that are looked at: a report comes first, then the mail it is about, and ours are short."""
MOST_PARTS = 50
"""A report has three (RFC 6522); one with very many, each inside the other, only costs time."""
FAILED = "failed"
STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
RETURNED = ("message/rfc822", "text/rfc822-headers")


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """What became of the mail for one address, which is left out."""

    action: str
    """`failed`, `delayed`, `delivered`, `relayed` or `expanded` (RFC 3464 §2.3.3)."""
    code: str
    """`5.1.1` (RFC 3463); empty: none was given."""


@dataclass(frozen=True, kw_only=True)
class DeliveryReport:
    """Of one mail. Without recipients it was no report."""

    recipients: tuple[Recipient, ...] = ()
    slip: str = ""
    """As it stands in the returned mail; empty: there is none."""

    @property
    def failed(self) -> tuple[Recipient, ...]:
        """Those it will never reach; the others may still, or were."""
        return tuple(one for one in self.recipients if one.action == FAILED)


def read_report(body: bytes) -> DeliveryReport:
    """The report in a mail, or an empty one."""
    body = body[:MOST_READ]
    if body.lower().count(b"content-type:") > MOST_PARTS:
        return DeliveryReport()
    parts = list(BytesParser(policy=compat32).parsebytes(body).walk())
    recipients = tuple(
        found for part in parts if part.get_content_type() == "message/delivery-status" for found in _recipients(part)
    )
    slips = (_slip(part) for part in parts if part.get_content_type() in RETURNED)
    return DeliveryReport(recipients=recipients, slip=next(filter(None, slips), ""))


def _recipients(part: Message) -> Iterator[Recipient]:
    """One for each group of fields that says what was done; the first group is about the mail as a whole."""
    groups = part.get_payload()
    for group in groups if isinstance(groups, list) else []:
        action = _text(group, "Action").lower().split()[:1]
        if isinstance(group, Message) and action:
            found = STATUS.search(_text(group, "Status"))
            yield Recipient(action=action[0], code=found[0] if found else "")


def _slip(part: Message) -> str:
    """Of the mail that came back, or of its headers alone."""
    inside = part.get_payload()
    if isinstance(inside, list):
        return _text(inside[0], HEADER) if inside else ""
    headers = part.get_payload(decode=True)
    return _text(BytesHeaderParser(policy=compat32).parsebytes(headers), HEADER) if isinstance(headers, bytes) else ""


def _text(part: object, name: str) -> str:
    return str(part.get(name, "")) if isinstance(part, Message) else ""
