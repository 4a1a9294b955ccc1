"""How every process of ours reaches the engine: Temporal's own settings, our data converter."""

from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.envconfig import ClientConfig

from worker.settings import Settings
from workflows.contract import DATA_CONVERTER

CONNECT_WITHIN = timedelta(seconds=10)


class NoEngine(Exception):
    """Nobody answers at the engine's address. The message says what to do."""


def connect_options(settings: Settings) -> dict[str, Any]:
    """Arguments of `Client.connect`; `TEMPORAL_ADDRESS`, `_NAMESPACE`, `_TLS_*`, … as Temporal itself reads them."""
    found: dict[str, Any] = dict(ClientConfig.load_client_connect_config())
    found.setdefault("target_host", f"127.0.0.1:{settings.engine.port}")
    return found | {"data_converter": DATA_CONVERTER}


async def connect(settings: Settings, *, lazy: bool = False) -> Client:
    """A client; `lazy` connects at first use. Raises NoEngine."""
    options = connect_options(settings)
    try:
        return await Client.connect(**options, lazy=lazy)
    except RuntimeError as error:  # what the SDK raises when nobody answers
        where = options["target_host"]
        raise NoEngine(
            f"no Temporal engine answers at {where} ({error}).\n"
            "Start one with `incidents up`, or set TEMPORAL_ADDRESS to one that runs."
        ) from None
