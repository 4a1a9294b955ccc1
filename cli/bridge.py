"""`incidents bridge`."""

import asyncio
from typing import Annotated

import typer


def bridge(
    host: Annotated[str, typer.Option(help="Address to listen on; default: INCIDENTS_BRIDGE__HOST.")] = "",
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Default: INCIDENTS_BRIDGE__PORT.")] = None,
) -> None:
    """Take alerts in the foreground: Alertmanager posts them to /alertmanager.

    Example: incidents bridge --host 0.0.0.0 --port 9095
    """
    from worker.bridge import run
    from worker.logging import configure_logging
    from worker.settings import load_settings

    configure_logging()
    settings = load_settings()
    wanted = {"host": host or settings.bridge.host, "port": settings.bridge.port if port is None else port}
    asyncio.run(run(settings.model_copy(update={"bridge": settings.bridge.model_copy(update=wanted)})))
