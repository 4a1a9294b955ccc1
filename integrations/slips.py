"""A slip in the header of a customer's mail: what says whose it is when it comes back.

A returned mail shows its headers (RFC 3464 §2, RFC 6522 §4), and its Message-ID cannot be read backwards. A slip can,
by whoever has the secret of worker and bridge, and by nobody else: customers read headers too, and an incident's name
is ours. It is made by Fernet (AES-CBC and HMAC-SHA-256, compared in constant time; the `cryptography` library's page
"Fernet"), with a key of its own derived from the secret (RFC 5869).
"""

import base64
import re
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSE = b"incidents.slip.1"
"""Another use of the same secret can never make a slip."""
HEADER = "Incident-Slip"
PER_LINE = 60
"""Characters between two blanks: a header is folded at blanks only (RFC 5322 §2.2.3), and is read without them."""
MOST_SLIP = 2000
"""Characters: longer ones are none of ours, and are not even looked at."""
KEY = re.compile(r"(?P<incident>.+@\d{8}T\d{6}\.\d+Z)/mail/(?P<version>\d{1,9})/(?P<customer>[^@\s]+)", re.DOTALL)
"""Of one mail to one customer: `incident.key/mail/version/customer`."""


class BadSlip(Exception):
    """It is none of ours. Says nothing of what it was."""


@dataclass(frozen=True, kw_only=True)
class SentMail:
    """Which mail it was, to whom, by key."""

    incident: str
    """The incident's key."""
    version: int
    customer: str


class Slips:
    """Makes and reads them."""

    def __init__(self, secret: str) -> None:
        key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
        self._sealed = Fernet(base64.urlsafe_b64encode(key))

    def slip(self, key: str) -> str:
        """The header's value, for the mail of this key."""
        token = self._sealed.encrypt(key.encode()).decode()
        return " ".join(token[at : at + PER_LINE] for at in range(0, len(token), PER_LINE))

    def read(self, slip: str) -> SentMail:
        """Whose mail it was. Raises BadSlip."""
        token = "".join(slip.split())
        if len(token) > MOST_SLIP or not token.isascii():
            raise BadSlip
        try:
            found = KEY.fullmatch(self._sealed.decrypt(token).decode())
        except (InvalidToken, UnicodeDecodeError):
            raise BadSlip from None
        if found is None:
            raise BadSlip
        return SentMail(incident=found["incident"], version=int(found["version"]), customer=found["customer"])
