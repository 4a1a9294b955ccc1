"""Where both sides' pages arrive: notes when the first one of each subject came. `python -m bench.receiver PORT`."""

import asyncio
import json
import re
import sys
import time

MARK = re.compile(rb"bench-[0-9a-z]+-\d+")
"""Every benchmark alert carries one in its instance label; it is in the page of either side."""
READY = b'{"ok": true, "checks": [{"name": "db", "ok": true}]}'


class Receiver:
    """A minimal HTTP/1.1 server: parsing must not cost what we want to measure."""

    def __init__(self) -> None:
        self.first: dict[str, float] = {}
        self.count = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                found = re.search(rb"content-length: (\d+)", head.lower())
                body = await reader.readexactly(int(found[1])) if found else b""
                writer.write(self._answer(head, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            writer.close()

    def _answer(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(b"GET /first"):
            return _http(json.dumps({"first": self.first, "count": self.count}).encode())
        if head.startswith(b"GET"):
            return _http(READY)
        if b"/page" in head.split(b"\r\n", 1)[0]:
            self.count += 1
            for mark in MARK.findall(body)[:1]:
                self.first.setdefault(mark.decode(), time.time())
        return _http(b'{"id": "x"}')


def _http(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def main(port: int) -> None:
    server = await asyncio.start_server(Receiver().serve, "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
