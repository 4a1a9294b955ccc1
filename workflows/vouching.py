"""Whose word a message is: claimed, or vouched for by the bridge (docs/decisions/0016).

The signature is checked here, with the public keys the incident was opened with, so that it comes out the same at every
replay. What it means is for the rules (`incident.policy.identity`).
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from incident.model.events import Said
from incident.model.identity import VOUCH, Voice, Vouch, words
from incident.model.incident import Incident
from incident.model.messages import Message
from incident.policy import identity
from workflows.reading import Misread, read_message

EXPECTED = "a message without `vouch` (it counts as claimed), or one that came through the bridge"


def listen(name: str, args: Sequence[Any], incident: Incident, now: datetime) -> Said:
    """The message and whose it is. Raises Misread: no sense, or a proof that does not hold."""
    message = read_message(name, args)
    return Said(message=message, voice=_voice(name, args, message, incident, now))


def _voice(name: str, args: Sequence[Any], message: Message, incident: Incident, now: datetime) -> Voice:
    given = args[0] if args else None
    if not isinstance(given, dict) or given.get(VOUCH) is None or not _can_check(incident):
        return Voice(by=message.by)
    vouch = _read(given[VOUCH])
    witnesses = incident.policy.witnesses if incident.policy else ()
    doubt = _forged(name, given, vouch, witnesses) or identity.doubt(incident, vouch, now)
    if doubt:
        raise Misread(f"the proof of who said it does not hold: {doubt}", EXPECTED)
    return Voice(
        by=message.by,
        via=vouch.via,
        verified=vouch.known,
        groups=vouch.groups if vouch.known else (),
        once=vouch.once,
        until=vouch.until,
    )


def _can_check(incident: Incident) -> bool:
    """One that was opened without a key (by an older edition, say) takes everybody's word as a claim."""
    return incident.policy is not None and bool(incident.policy.witnesses)


def _read(given: object) -> Vouch:
    try:
        return Vouch.model_validate(given)
    except ValidationError:
        raise Misread("the proof of who said it is not readable", EXPECTED) from None


def _forged(name: str, given: dict[str, Any], vouch: Vouch, witnesses: tuple[str, ...]) -> str:
    """Why it is not the bridge's; empty: it is."""
    signed = words(name, given)
    if any(_signed_by(witness, vouch.signature, signed) for witness in witnesses):
        return ""
    return "no bridge that this incident knows has signed it"


def _signed_by(witness: str, signature: str, signed: bytes) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(witness))
        key.verify(base64.urlsafe_b64decode(signature), signed)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
