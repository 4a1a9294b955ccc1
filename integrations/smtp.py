"""What SMTP's answers mean, and what mails are called. Shared by pages and by mails to customers.

What a server answers may name the address it is about, so only its code is told (RFC 5321 §4.2, RFC 3463).
"""

import re
from hashlib import sha256

import aiosmtplib

from integrations.errors import IntegrationError, Refused, Unreachable

PORTS = {"starttls": 587, "tls": 465, "none": 25}
MOST_SLUG = 60


def message_id(key: str, domain: str) -> str:
    """A legal Message-ID (RFC 5322 §3.6.4), always the same for the same effect's key."""
    slug = re.sub(r"[^A-Za-z0-9]+", ".", key).strip(".")[:MOST_SLUG].strip(".")
    return f"<{slug}.{sha256(key.encode()).hexdigest()[:12]}@{domain}>"


def failure_of(error: BaseException) -> IntegrationError:
    """What a failed hand-over means: 4xx may pass, 5xx will not (RFC 5321 §4.2.1)."""
    code, said = _answer(error)
    if not code:
        if isinstance(error, aiosmtplib.SMTPNotSupported) or "STARTTLS" in str(error):
            return Refused("the mail server does not offer what we need: TLS, our login, or this kind of address")
        return Unreachable(f"the mail server did not answer ({type(error).__name__})")
    words = " ".join(filter(None, (f"the mail server answered {code}", _enhanced(said))))
    return Refused(words) if code >= 500 else Unreachable(words)


def _answer(error: BaseException) -> tuple[int, str]:
    """Code and text; 0: there was none."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        return error.recipients[0].code, error.recipients[0].message
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return error.code, str(error.message)
    return 0, ""


def _enhanced(said: str) -> str:
    """`5.1.1`: the status a machine reads."""
    found = re.search(r"\b[245]\.\d{1,3}\.\d{1,3}\b", said)
    return found[0] if found else ""
