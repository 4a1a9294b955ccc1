"""Where customers' addresses come from: settings, a file, or the organisation's own service. They go nowhere else."""

import asyncio
import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from integrations.errors import Refused, Unreachable
from integrations.http import failure_of, fetch, unreachable
from integrations.settings import CustomersSettings

WHO = "the address book"
MOST_BYTES = 8 * 1024 * 1024
WITHIN_S = 5.0
MOST_EACH = 10
"""Addresses of one customer: more is a mailing list, which is somebody's to own."""
ADDRESS = re.compile(r"[^\s@<>,;:\"\\\x00-\x1f]{1,64}@[^\s@<>,;:\"\\\x00-\x1f]{1,255}")


@dataclass(frozen=True)
class AddressBook:
    """Customer's key → addresses. What stands in the settings wins over the file, and the file over the service."""

    settings: CustomersSettings
    http: httpx.AsyncClient

    async def addresses(self, keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """For each key, an empty tuple where there is none. Raises Unreachable, RateLimited, Refused."""
        wanted, found = tuple(dict.fromkeys(keys)), dict[str, tuple[str, ...]]()
        for source in (self._set, self._filed, self._served):
            missing = tuple(key for key in wanted if not found.get(key))
            if missing:
                found |= {key: usable(given) for key, given in (await source(missing)).items()}
        return {key: found.get(key, ()) for key in wanted}

    async def _set(self, keys: tuple[str, ...]) -> dict[str, Any]:
        known = self.settings.addresses
        return {key: [one.get_secret_value() for one in known[key]] for key in keys if key in known}

    async def _filed(self, keys: tuple[str, ...]) -> dict[str, Any]:
        path = self.settings.path
        if path is None:
            return {}
        read = await asyncio.to_thread(_read, path)
        return {key: read[key] for key in keys if key in read}

    async def _served(self, keys: tuple[str, ...]) -> dict[str, Any]:
        if self.settings.url is None:
            return {}
        return {key: await self._ask(str(self.settings.url), key) for key in keys}

    async def _ask(self, template: str, key: str) -> Any:
        """`{key}` in the address stands for the customer. A 404 is an answer: no address."""
        token = self.settings.token
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        url = template.replace("%7Bkey%7D", "{key}").replace("{key}", quote(key, safe=""))
        try:
            answer = await fetch(self.http, url, within_s=WITHIN_S, most_bytes=MOST_BYTES, headers=headers)
        except httpx.HTTPError as error:
            raise unreachable(WHO, error) from None
        if answer.status == httpx.codes.NOT_FOUND:
            return []
        failure = failure_of(WHO, httpx.Response(answer.status))
        if failure:
            raise failure
        try:
            return _of_one(json.loads(answer.text), key)
        except ValueError:
            raise Unreachable(f"{WHO} answered {answer.status} with something that is not JSON") from None


def _of_one(body: Any, key: str) -> Any:
    """`["a@b"]`, `"a@b"`, `{"addresses": […]}` or `{"<key>": […]}`."""
    return body.get(key, body.get("addresses", [])) if isinstance(body, dict) else body


def _read(path: Path) -> Mapping[str, Any]:
    """JSON (`{"acme": ["ops@acme.example"]}`) or CSV (`acme,ops@acme.example`, a line each). Raises Refused."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return _json(text) if path.suffix.lower() == ".json" else _csv(text)
    except OSError as error:
        raise Refused(f"{WHO} cannot be read: {error.strerror}") from None
    except ValueError:  # also UnicodeDecodeError; the text itself holds addresses, and is not told
        raise Refused(f"{WHO} is neither JSON nor CSV") from None


def _json(text: str) -> Mapping[str, Any]:
    body = json.loads(text)
    if not isinstance(body, dict):
        raise ValueError("not an object")
    return body


def _csv(text: str) -> Mapping[str, Any]:
    rows: dict[str, list[str]] = {}
    for row in csv.reader(io.StringIO(text)):
        cells = [cell.strip() for cell in row if cell.strip()]
        if len(cells) > 1:
            rows.setdefault(cells[0], []).extend(cells[1:])
    return rows


def usable(given: Any) -> tuple[str, ...]:
    """Each address once; what is none, or would break out of a header, is left out."""
    listed = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    found = [one.strip() for one in listed if isinstance(one, str) and ADDRESS.fullmatch(one.strip())]
    return tuple(dict.fromkeys(found))[:MOST_EACH]
