"""The bridge's own signature: with it, a person's word counts as verified (docs/decisions/0016).

One secret makes both the action links and this key pair, each by a derivation of its own, so there is one thing to set
and to keep. Facts from the `cryptography` library's page "Ed25519 signing", and RFC 5869 for the derivation.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from incident.model.identity import VOUCH, Vouch, words

PURPOSE = b"incidents.witness.1"


class Witness:
    def __init__(self, secret: str) -> None:
        seed = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> str:
        """The half that every incident may have (base64url)."""
        return base64.urlsafe_b64encode(self._key.public_key().public_bytes_raw()).decode()

    def vouched(
        self,
        name: str,
        said: Mapping[str, Any],
        *,
        incident: str,
        via: str,
        once: str,
        at: datetime,
        until: datetime,
        known: bool = True,
        groups: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """The payload of message `name`, with what we vouch for. `until`: when it no longer counts."""
        vouch = Vouch(incident=incident, via=via, known=known, groups=groups, once=once, at=at, until=until)
        payload = {**said, VOUCH: vouch.model_dump(mode="json", exclude={"signature"})}
        signature = base64.urlsafe_b64encode(self._key.sign(words(name, payload))).decode()
        return {**payload, VOUCH: {**payload[VOUCH], "signature": signature}}
