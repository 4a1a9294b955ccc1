"""All receivers, served on loopback in the loop of the tests, and a mail server with TLS of its own authority."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
import uvicorn
from fastapi import FastAPI

from gameday.receivers.everybody import PREFIX, Receivers
from gameday.receivers.smtp import SmtpReceiver


@dataclass(frozen=True)
class Served:
    """`url` is the address below which each vendor has its path; `authority` the certificate its mail server trusts."""

    receivers: Receivers
    url: str
    authority: Path


class _Server(uvicorn.Server):
    """Leaves signals to the tests."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def tls(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context for 127.0.0.1 and localhost, and the file of the authority that vouches for it."""
    authority, path = trustme.CA(), folder / "authority.pem"
    authority.cert_pem.write_to_path(path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context, path


@asynccontextmanager
async def receiving(folder: Path) -> AsyncIterator[Served]:
    context, authority = tls(folder)
    receivers = Receivers(mail=SmtpReceiver(tls=context))
    app = FastAPI()
    app.include_router(receivers.router())
    server = _Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False, lifespan="off")
    )
    async with receivers.mail:
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn offers only this flag
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(receivers, f"http://127.0.0.1:{port}{PREFIX}", authority)
        receivers.forget()
        server.should_exit = server.force_exit = True
        await task
