"""How every process of ours reaches the engine: Temporal's own settings, our data converter."""

from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from worker.settings import Settings
from workflows.contract import DATA_CONVERTER

CONNECT_WITHIN = timedelta(seconds=10)


class NoEngine(Exception):
    """Nobody answers at the engine's address. The message says what to do."""


class NoMetrics(Exception):
    """Somebody else listens where metrics are to be shown, or nobody can. The message says where."""


def connect_options(settings: Settings) -> dict[str, Any]:
    """Arguments of `Client.connect`; `TEMPORAL_ADDRESS`, `_NAMESPACE`, `_TLS_*`, … as Temporal itself reads them."""
    found: dict[str, Any] = dict(ClientConfig.load_client_connect_config())
    found.setdefault("target_host", f"127.0.0.1:{settings.engine.port}")
    return found | {"data_converter": DATA_CONVERTER}


def metered(settings: Settings) -> Runtime | None:
    """What shows the SDK's metrics; None where nobody asked for them. Raises NoMetrics.

    Their names are Temporal's ("SDK metrics reference").
    """
    address = settings.worker.metrics
    if not address:
        return None
    try:
        return Runtime(telemetry=TelemetryConfig(metrics=PrometheusConfig(bind_address=address)))
    except ValueError as error:  # what the SDK raises where it cannot listen
        raise NoMetrics(f"metrics cannot be shown at {address} (INCIDENTS_WORKER__METRICS): {error}") from None


async def connect(settings: Settings, *, lazy: bool = False, runtime: Runtime | None = None) -> Client:
    """A client; `lazy` connects at first use. Raises NoEngine."""
    options = connect_options(settings)
    try:
        return await Client.connect(**options, lazy=lazy, runtime=runtime)
    except RuntimeError as error:  # what the SDK raises when nobody answers
        where = options["target_host"]
        raise NoEngine(
            f"no Temporal engine answers at {where} ({error}).\n"
            "Start one with `incidents up`, or set TEMPORAL_ADDRESS to one that runs."
        ) from None
