"""Delivery reports as mail servers write them (RFC 3464), about a mail of ours; the whole ones are files."""

from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).parent / "returned"
HEADERS = b"""Return-Path: <incident-bounces@example.org>
From: Support <support@example.org>
To: ops@acme.example
Subject: About your service
Message-ID: <incident.A.mail.1.acme.0123456789ab@example.org>
Auto-Submitted: auto-generated
"""


def headers(slip: str) -> bytes:
    """Of a mail of ours, folded as mail servers fold them."""
    return HEADERS + (b"Incident-Slip: " + b"\n ".join(slip.encode().split()) + b"\n" if slip else b"")


def postfix(slip: str, *, action: str = "failed", status: str = "5.1.1") -> bytes:
    """As Postfix's bounce(8) writes it, and as its local(8) hands it to a command: with a `From ` line before it."""
    told = (FOLDER / "postfix.txt").read_bytes().replace(b"%ACTION%", action.encode())
    return told.replace(b"%STATUS%", status.encode()).replace(b"%HEADERS%", headers(slip))


def exchange(slip: str) -> bytes:
    """As Exchange writes it: lines of its own in each group, nested alternatives, headers only, CRLF."""
    return (FOLDER / "exchange.txt").read_bytes().replace(b"%HEADERS%", headers(slip)).replace(b"\n", b"\r\n")


def two_addresses(slip: str) -> bytes:
    """One of a customer's addresses took it, the other did not."""
    group = (
        b"\nFinal-Recipient: rfc822; it@acme.example\nAction: delivered\nStatus: 2.1.5\n\nFinal-Recipient: rfc822; o"
    )
    return postfix(slip).replace(b"\nFinal-Recipient: rfc822; o", group, 1)


def broken(slip: str) -> bytes:
    """Foreign charsets, bytes that are none, a boundary that never ends, a status in words."""
    told = postfix(slip, status="5.1.1 (b\u0142\u0119dny adres)").replace(b"us-ascii", b"x-klingon")
    return told.replace(b"Subject: Undelivered", b"Subject: =?x-klingon?B?////?= \xff\xfe")[
        : told.rindex(b"--9A2B71FD")
    ]


REPORTS: dict[str, Callable[[str], bytes]] = {
    "postfix": postfix,
    "exchange": exchange,
    "two addresses": two_addresses,
    "broken": broken,
}
