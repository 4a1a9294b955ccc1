"""Customers' addresses: where they come from, and that nothing of them is ever told."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import HttpUrl, SecretStr

from integrations.address_book import AddressBook, usable
from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.settings import CustomersSettings

OPS = "ops@acme.example"


def book(
    answer: httpx.Response | None = None, asked: list[httpx.Request] | None = None, **settings: Any
) -> AddressBook:
    """With a service that answers so, and notes in `asked` what it was asked."""

    def answers(request: httpx.Request) -> httpx.Response:
        (asked if asked is not None else []).append(request)
        assert answer is not None
        return answer

    return AddressBook(CustomersSettings(**settings), httpx.AsyncClient(transport=httpx.MockTransport(answers)))


def body(told: Any, status: int = 200) -> httpx.Response:
    async def stream() -> Any:
        yield json.dumps(told).encode()

    return httpx.Response(status, content=stream())


async def test_settings_know_addresses() -> None:
    """The smallest organisation."""
    assert await book(addresses={"acme": [OPS]}).addresses(["acme", "globex"]) == {"acme": (OPS,), "globex": ()}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("book.json", '{"acme": ["ops@acme.example"], "globex": "it@globex.example"}'),
        ("book.csv", "acme,ops@acme.example\nglobex, it@globex.example\n"),
        ("book.csv", "\ufeffacme,ops@acme.example\r\nglobex,it@globex.example,,\r\n"),
    ],
)
async def test_a_file_knows_addresses(tmp_path: Path, name: str, text: str) -> None:
    """JSON, or CSV as a spreadsheet writes it."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")

    assert await book(path=path).addresses(["acme", "globex"]) == {"acme": (OPS,), "globex": ("it@globex.example",)}


@pytest.mark.parametrize("told", [[OPS], OPS, {"addresses": [OPS]}, {"acme": [OPS]}])
async def test_a_service_knows_addresses(told: Any) -> None:
    """The organisation's own, asked by key with its bearer."""
    asked: list[httpx.Request] = []
    known = book(body(told), asked, url=HttpUrl("https://crm.example/{key}/mail"), token=SecretStr("t0k"))

    assert await known.addresses(["acme"]) == {"acme": (OPS,)}
    (request,) = asked
    assert (request.url.path, request.headers["authorization"]) == ("/acme/mail", "Bearer t0k")


async def test_a_service_that_knows_no_such_customer_has_answered() -> None:
    """404: no address, and nobody tries again."""
    assert await book(body({}, 404), url=HttpUrl("https://crm.example/{key}")).addresses(["acme"]) == {"acme": ()}


@pytest.mark.parametrize(("status", "kind"), [(503, Unreachable), (429, RateLimited), (403, Refused)])
async def test_a_service_that_fails_is_told_from_one_that_refuses(status: int, kind: type[IntegrationError]) -> None:
    """Whether trying again helps."""
    with pytest.raises(kind):
        await book(body({}, status), url=HttpUrl("https://crm.example/{key}")).addresses(["acme"])


@pytest.mark.parametrize("text", ['{"acme": ["ops@acme', '["ops@acme.example"]'])
async def test_a_broken_file_is_told_without_what_is_in_it(tmp_path: Path, text: str) -> None:
    """It holds addresses."""
    path = tmp_path / "book.json"
    path.write_text(text)

    with pytest.raises(Refused) as failed:
        await book(path=path).addresses(["acme"])
    assert "acme" not in str(failed.value)


@pytest.mark.parametrize(
    "given",
    ["no address", "a@b\r\nBcc: all@example.org", "a@b, c@d", "<a@b>", "", "@b", "a@", None, 7, {"a": 1}, "a@b c"],
)
def test_what_would_break_out_of_a_header_is_no_address(given: Any) -> None:
    """A file is written by people."""
    assert usable([given]) == ()


def test_a_customer_has_at_most_ten_addresses_each_once() -> None:
    """More is a mailing list."""
    many = [f"a{n}@acme.example" for n in range(20)]

    assert usable([*many, *many]) == tuple(many[:10])
