"""Temporal payloads as short lines, single facts and fingerprints. A body never travels further than this file."""

import json
from hashlib import sha256

from temporalio.api.common.v1 import Payload, Payloads

from saga.one_line import one_line
from saga.words import Source, Where

LONGEST_RESULT = 200
LONGEST_FACT = 200
"""A longer one is no name or id; half of it would be the wrong key."""
LARGEST_BODY = 1_000_000
"""Bytes parsed for one fact; an engine's payload limit is 2 MB."""


def text_of(payload: Payload) -> str:
    """Its JSON text. Empty for binary, encrypted and absent ones: the shell decodes before it reads."""
    encoding = payload.metadata.get("encoding", b"")
    if encoding and not encoding.startswith(b"json/"):
        return ""
    return payload.data[:LARGEST_BODY].decode(errors="replace")


def result_line(payloads: Payloads) -> tuple[str, bool]:
    """The first payload in one line without secrets, and whether that is all of it."""
    if not payloads.payloads:
        return "", True
    payload = payloads.payloads[0]
    whole = text_of(payload)
    if not whole:
        kind = payload.metadata.get("encoding", b"?").decode(errors="replace")
        return ("", True) if kind == "binary/null" else (f"({kind}, {len(payload.data)} bytes)", False)
    line = one_line(whole, LONGEST_RESULT, read_at_most=500)
    return line, line == whole


def digest(payloads: Payloads) -> str:
    """Same input, same digest."""
    hashed = sha256()
    for payload in payloads.payloads:
        hashed.update(len(payload.data).to_bytes(8))
        hashed.update(payload.data)
    return hashed.hexdigest()[:16]


def facts_in(where: Where, payloads: dict[str, Payload], sources: dict[str, Source]) -> dict[str, str]:
    """What the sources of one place say. For the input, the keys are `0`, `1`, …"""
    found = {
        name: _at(payloads[source.name or "0"], source.path)
        for name, source in sources.items()
        if source.where is where and (source.name or "0") in payloads
    }
    return {name: value for name, value in found.items() if value}


def _at(payload: Payload, path: str) -> str:
    try:
        value = json.loads(text_of(payload))
        for part in filter(None, path.split(".")):
            value = value[int(part)] if isinstance(value, list) else value[part]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return ""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_FACT else ""
