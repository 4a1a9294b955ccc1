"""Runs the bridge: uvicorn, with the intake and its surroundings. `incidents bridge`."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
import uvicorn

from bridge.door import Hall
from bridge.http import create_app
from bridge.intake import Intake
from bridge.refused import Refused
from bridge.settings import BridgeSettings
from bridge.telling import Operator

GRACE_S = 5

log = structlog.get_logger(__name__)


async def serve(
    intake: Intake,
    settings: BridgeSettings,
    *,
    home: Path,
    say: Callable[[str], Awaitable[str]],
    hall: Hall | None = None,
) -> None:
    """Take alerts until SIGINT or SIGTERM. `say` posts a line for operators (see `bridge.telling`)."""
    operator = Operator(say)
    refused = Refused(home / "refused", settings.refused_max_files, settings.refused_max_bytes)
    app = create_app(intake, settings, refused, operator.tell, hall)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
    )
    log.info(
        "bridge ready", url=f"http://{settings.host}:{settings.port}/alertmanager", token=settings.token is not None
    )
    try:
        await uvicorn.Server(config).serve()
    finally:
        await operator.close()
