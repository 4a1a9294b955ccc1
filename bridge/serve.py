"""Runs the bridge: uvicorn, with the intake and its surroundings. `incidents bridge`."""

from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI

from bridge.door import Hall
from bridge.http import create_app
from bridge.refused import Refused
from bridge.second_path.watching import Watch, watching
from bridge.settings import BridgeSettings
from bridge.telling import Operator, Say

GRACE_S = 5

log = structlog.get_logger(__name__)


async def serve(intake: Watch, settings: BridgeSettings, *, home: Path, say: Say, hall: Hall | None = None) -> None:
    """Take alerts until SIGINT or SIGTERM, and watch over them. `say` posts a line for operators."""
    operator = Operator(say)
    refused = Refused(home / "refused", settings.refused_max_files, settings.refused_max_bytes)
    app = create_app(intake, settings, refused, operator.tell, hall)
    log.info(
        "bridge ready", url=f"http://{settings.host}:{settings.port}/alertmanager", token=settings.token is not None
    )
    try:
        async with watching(intake):
            await uvicorn.Server(_config(app, settings)).serve()
    finally:
        await operator.close()


def _config(app: FastAPI, settings: BridgeSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
    )
