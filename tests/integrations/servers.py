"""Tiny servers with exactly one way of behaving, for shapes the practice world lacks."""

import asyncio
import json
import ssl
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass
class Server:
    """Answers every request alike. `drip`: begin with this, then that piece every so many seconds, for ever."""

    said: bytes | None = None
    drip: tuple[bytes, bytes, float] | None = None
    greets: bytes = b""
    """Said before anybody asks."""
    paths: dict[str, bytes] = field(default_factory=dict)
    """Path → answer, for those that differ."""
    tls: ssl.SSLContext | None = None
    asked: list[str] = field(default_factory=list)
    """Heads of the requests."""
    port: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        for writer in list(self._writers):
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        writer.write(self.greets)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(asked)
        if self.drip:
            begin, piece, every_s = self.drip
            writer.write(begin)
            while not writer.is_closing():
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(every_s)
        said = self.paths.get(asked.split(" ")[1], self.said)
        if said is None:
            await reader.read()  # silence, until the other side gives up
        else:
            writer.write(said)
            await writer.drain()


def answering(said: bytes) -> Server:
    """The same bytes to everybody."""
    return Server(said=said)


def hanging() -> Server:
    """Takes the connection and says nothing."""
    return Server()


def head(status: int, *headers: str, length: int | None = None) -> bytes:
    """Status line and headers; without `length`, the body ends where the connection does."""
    lines = [f"HTTP/1.1 {status} Whatever", *headers, "Connection: close"]
    lines += [f"Content-Length: {length}"] if length is not None else []
    return "\r\n".join([*lines, "", ""]).encode()


def json_answer(body: Any, status: int = 200) -> bytes:
    raw = json.dumps(body).encode()
    return head(status, "Content-Type: application/json", length=len(raw)) + raw
