"""The platform's HTTP without sockets: for hundreds of cases in one process."""

import asyncio

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BASE = "http://provisioning.test"


class InProcess(httpx.AsyncBaseTransport):
    """Behaves as a socket would: a caller that gives up does not stop the platform, an answer may be lost."""

    def __init__(self, app: ASGIApp) -> None:
        self._asgi = httpx.ASGITransport(_watched(app))
        self._serving: set[asyncio.Task[httpx.Response]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        serving = asyncio.create_task(self._asgi.handle_async_request(request))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        try:
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("read")):
                return await asyncio.shield(serving)
        except TimeoutError:
            raise httpx.ReadTimeout("", request=request) from None

    async def aclose(self) -> None:
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)


def in_process(app: ASGIApp) -> httpx.AsyncClient:
    """A client of `app`; close it."""
    return httpx.AsyncClient(transport=InProcess(app), base_url=BASE)


def _watched(app: ASGIApp) -> ASGIApp:
    """What httpx would say of a server that closes the connection before the answer is complete."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        complete = False

        async def told(message: Message) -> None:
            nonlocal complete
            complete |= message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        await app(scope, receive, told)
        if not complete:
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")

    return call
