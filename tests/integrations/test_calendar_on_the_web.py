"""A calendar at a web address, read from a real server on loopback: bounded in size and time, and asked for once."""

import asyncio
from collections.abc import Sequence

import httpx
import pytest

from integrations.errors import IntegrationError, Refused, Unreachable
from integrations.http import shared_client
from integrations.oncall_sources.icalendar import MOST_BYTES, ICalendar
from oncall.answer import Named
from tests.integrations.servers import Server, head
from tests.oncall.plans import utc

NOW = utc("2026-06-16T12:00")
SHIFT = "BEGIN:VEVENT\nUID:1\nDTSTART:20260616T000000Z\nDTEND:20260617T000000Z\nSUMMARY:ana\nEND:VEVENT\n"
BODY = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{SHIFT}END:VCALENDAR\n".replace("\n", "\r\n").encode()
SECRET = "/export/hush-4711.ics"


def calendar(*headers: str) -> bytes:
    return head(200, "Content-Type: text/calendar", *headers, length=len(BODY)) + BODY


async def asked(server: Server, times: int = 1, within_s: float = 5.0, path: str = SECRET) -> Sequence[Named]:
    """By the product's own client, so many times."""
    async with shared_client() as http:
        source = ICalendar(http, within_s)
        found = [await source.at(server.url + path, NOW, "UTC") for _ in range(times)]
    return found[-1]


async def test_it_is_read_from_where_a_vendor_exports_it() -> None:
    """By GET, at the address that is the rotation's secret."""
    async with Server(said=calendar()) as server:
        (named,) = await asked(server)
    assert (named.words, server.asked[0].split(" ")[:2]) == ("ana", ["GET", SECRET])


async def test_a_vendor_that_moved_it_is_followed() -> None:
    """Export links are often short ones."""
    async with Server(paths={"/short": head(302, f"Location: {SECRET}", length=0)}, said=calendar()) as server:
        (named,) = await asked(server, path="/short")
    assert named.words == "ana"


async def test_one_that_has_not_changed_is_not_sent_again() -> None:
    """Where its server names its versions (ETag)."""

    class Versioned(Server):
        async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.said = head(304, length=0) if self.asked else calendar('ETag: "v1"')
            await super()._answer(reader, writer)

    async with Versioned() as server:
        (named,) = await asked(server, times=2)
    told = ['if-none-match: "v1"' in request.lower() for request in server.asked]
    assert (named.words, told) == ("ana", [False, True])


async def test_one_without_versions_is_read_anew_each_time() -> None:
    """Nothing old is taken for new."""
    async with Server(said=calendar()) as server:
        await asked(server, times=2)
    assert ["if-none-match" in request.lower() for request in server.asked] == [False, False]


ENDLESS = (head(200), b"x" * 65_536, 0.0)
DRIPPING = (head(200) + b"BEGIN:VCALENDAR\r\n", b"X", 0.05)


@pytest.mark.parametrize(
    ("server", "kind", "told"),
    [
        (Server(drip=ENDLESS), Refused, f"the calendar is longer than {MOST_BYTES} bytes"),
        (Server(drip=DRIPPING), Unreachable, "the calendar did not answer (ReadTimeout)"),
        (Server(), Unreachable, "the calendar did not answer (ReadTimeout)"),
        (Server(said=head(404, length=0)), Refused, "the calendar answered 404"),
        (Server(said=head(503, length=0)), Unreachable, "the calendar answered 503"),
        (Server(said=head(302, f"Location: {SECRET}", length=0)), Unreachable, "TooManyRedirects"),
        (Server(said=head(304, length=0)), Refused, "304"),  # nobody has asked it for a newer one
    ],
    ids=["endless", "dripping", "silent", "gone", "broken", "round and round", "a lie"],
)
async def test_whatever_its_server_does_it_costs_little_and_tells_no_address(
    server: Server, kind: type[IntegrationError], told: str
) -> None:
    """A page waits for it."""
    async with server:
        with pytest.raises(kind) as error:
            await asyncio.wait_for(asked(server, within_s=0.5), 3)
    assert told in str(error.value)
    assert "hush" not in str(error.value)


async def test_what_unfolds_into_gigabytes_is_asked_for_as_it_is() -> None:
    """No compression: what is read is what was sent."""
    async with Server(said=calendar()) as server, httpx.AsyncClient() as http:
        await ICalendar(http).at(server.url, NOW, "UTC")
    assert "accept-encoding: identity" in server.asked[0].lower()
