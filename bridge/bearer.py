"""The bridge's bearer token: what machines show that send us alerts, and mails that came back."""

import hmac
from collections.abc import Mapping

from pydantic import SecretStr


def shows(headers: Mapping[str, str], token: SecretStr) -> bool:
    """Does the caller have it? Compared in constant time: its duration must not tell how much was right."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    sent = given.strip().encode("latin-1", "replace")  # how ASGI decoded the header: the bytes as they came
    return scheme.lower() == "bearer" and hmac.compare_digest(sent, token.get_secret_value().encode())
