"""Somebody's own web service, as apprise posts to it (`json://`): a title, a message, and nothing to ask it."""

from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from gameday.receivers.desk import Desk, json_of


@dataclass
class AnythingReceiver:
    desk: Desk = field(default_factory=lambda: Desk("anything"))

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route("/anything/post/{who}", self.post, methods=["POST"])
        router.include_router(self.desk.router())
        return router

    async def post(self, who: str, request: Request) -> Response:
        body = await json_of(request)

        def take() -> Response:
            self.desk.take(key="", to=who, body=body)
            return PlainTextResponse("ok")

        return await self.desk.answer(take, refused=PlainTextResponse("forbidden", 403))
