"""The bridge's HTTP face: one webhook per alert source, health, metrics (design §5)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from fastapi import Depends, FastAPI, HTTPException, Path, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bridge.bearer import shows
from bridge.door import Hall, all_doors, body_of
from bridge.intake import EngineAway, Taken, Takes, Verdict
from bridge.refused import Refused
from bridge.settings import BridgeSettings
from bridge.source import NotThisVendor, Parsed, all_sources

RETRY_AFTER_S = 5
"""What a sender is asked to wait; Alertmanager has its own back-off anyway."""

log = structlog.get_logger(__name__)


class Counted:
    """The bridge's own metrics, on a registry of their own so that two bridges can live in one test."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.alerts = Counter("incidents_bridge_alerts", "Alerts by verdict", ["verdict"], registry=self.registry)
        self.bodies = Counter("incidents_bridge_refused_bodies", "Bodies refused", ["why"], registry=self.registry)
        self.seconds = Histogram(
            "incidents_bridge_seconds", "From a notification to its answer, in seconds", registry=self.registry
        )


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the routes work with."""

    intake: Takes
    settings: BridgeSettings
    refused: Refused
    tell_operator: Callable[[str], None]
    counted: Counted


def create_app(
    intake: Takes,
    settings: BridgeSettings,
    refused: Refused,
    tell_operator: Callable[[str], None],
    hall: Hall | None = None,
) -> FastAPI:
    """The app; it owns nothing that has to be closed. Without a `hall` only alerts come in, no people."""
    desk = Desk(intake=intake, settings=settings, refused=refused, tell_operator=tell_operator, counted=Counted())
    if intake.counted:
        desk.counted.registry.register(intake.counted)
    app = FastAPI(
        title="incidents bridge", description="Alerts in, durable incidents out.", docs_url=None, redoc_url=None
    )
    _health(app, desk)
    _webhooks(app, desk)
    if hall:
        desk.counted.registry.register(hall.counted)
        for routes in all_doors().values():
            app.include_router(routes(hall))
    return app


def _health(app: FastAPI, desk: Desk) -> None:
    @app.get("/healthz", response_class=PlainTextResponse, summary="Is this process alive?")
    async def healthz() -> str:
        return "alive\n"

    @app.get("/readyz", response_class=PlainTextResponse, summary="Does the engine answer?", responses=AWAY)
    async def readyz() -> Response:
        """Its first line says yes or no; what the second path has to tell comes below."""
        more = "".join(f"{line}\n" for line in desk.intake.standing())
        if await desk.intake.ready():
            return PlainTextResponse(f"ready\n{more}")
        return PlainTextResponse(f"the Temporal engine does not answer\n{more}", status_code=503)

    @app.get("/metrics", response_class=PlainTextResponse, summary="Prometheus metrics of the bridge itself")
    async def metrics() -> Response:
        return Response(generate_latest(desk.counted.registry), media_type=CONTENT_TYPE_LATEST)


AWAY: dict[int | str, dict[str, Any]] = {503: {"description": "the engine cannot be reached; send it again"}}
ANSWERS: dict[int | str, dict[str, Any]] = AWAY | {
    400: {"description": "nobody can ever understand this body; it was kept, and an operator told"},
    401: {"description": "the bearer token is missing or wrong"},
    404: {"description": "there is no such alert source"},
    413: {"description": "the body is too large"},
}


def _webhooks(app: FastAPI, desk: Desk) -> None:
    def caller_is_known(request: Request) -> None:
        _check_token(request.headers, desk.settings)

    @app.post("/{source}", dependencies=[Depends(caller_is_known)], responses=ANSWERS, summary="Take a notification")
    async def take(source: Annotated[str, Path(pattern="^[a-z0-9_]+$")], request: Request) -> Response:
        if source not in all_sources():
            raise HTTPException(404, f"no alert source {source!r}; there are: {', '.join(all_sources())}")
        started = time.perf_counter()
        try:
            return await _take(desk, source, await body_of(request, desk.settings.max_body_bytes))
        finally:
            desk.counted.seconds.observe(time.perf_counter() - started)


def _check_token(headers: Mapping[str, str], settings: BridgeSettings) -> None:
    """Raises HTTPException 401."""
    if settings.token is not None and not shows(headers, settings.token):
        raise HTTPException(401, "send `Authorization: Bearer <token>`", {"WWW-Authenticate": "Bearer"})


async def _take(desk: Desk, source: str, body: bytes) -> Response:
    try:
        parsed = all_sources()[source](body)
    except NotThisVendor as error:
        return _never(desk, source, body, error)
    try:
        taken = await desk.intake.take(parsed.alerts)
    except EngineAway as error:
        log.warning("alerts not taken", source=source, alerts=len(error.left), because=str(error))
        return JSONResponse({"error": str(error)}, 503, {"Retry-After": str(RETRY_AFTER_S)})
    if parsed.refused:  # only now: after a 503 the same body comes again
        _keep(desk, source, body, f"{len(parsed.refused)} bad alerts: {parsed.refused[0].why}")
    return _answer(desk, source, parsed, taken)


def _never(desk: Desk, source: str, body: bytes, error: NotThisVendor) -> Response:
    """Sending it again cannot help: keep it, tell somebody, say what was expected."""
    _keep(desk, source, body, error.why)
    return JSONResponse({"error": error.why, "expected": error.expected}, 400)


def _keep(desk: Desk, source: str, body: bytes, why: str) -> None:
    try:
        where = str(desk.refused.keep(source, body))
    except OSError as error:
        where = f"nowhere ({error.strerror})"
    desk.counted.bodies.labels(why="not understood").inc()
    log.warning("body refused", source=source, because=why, kept=where, bytes=len(body))
    desk.tell_operator(f"bridge: a notification from {source} was not understood: {why}. Kept in {where}")


def _answer(desk: Desk, source: str, parsed: Parsed, taken: tuple[Taken, ...]) -> Response:
    """A verdict per alert. Nothing good at all: 400, because sending it again cannot help."""
    refused = tuple(Taken(alert=f"#{r.index}", verdict=Verdict.REFUSED, why=r.why) for r in parsed.refused)
    for verdict in (*taken, *refused):
        desk.counted.alerts.labels(verdict=verdict.verdict).inc()
        log.info(
            "alert",
            source=source,
            alert=verdict.alert,
            verdict=verdict.verdict,
            incident=verdict.incident,
            because=verdict.why,
        )
    told = [{"alert": v.alert, "verdict": v.verdict, "incident": v.incident, "why": v.why} for v in (*taken, *refused)]
    if taken:
        return JSONResponse({"alerts": told})
    return JSONResponse({"alerts": told, "error": "no alert made sense", "expected": parsed.expected}, 400)
