"""AWS through boto3: only the calls the runbook needs, and what their failures mean.

botocore is blocking, so every call runs in a thread; clients are made once and are thread-safe (boto3's guide,
"Multithreading"). Facts about shapes are from the API references of RDS, App Runner and Secrets Manager.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError
from pydantic import HttpUrl

from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.settings import AwsSettings

CONFIG = Config(
    connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"}, max_pool_connections=20
)
"""Seconds. Few attempts: the engine's own retries must not be multiplied."""

THROTTLED = {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}
BROKEN = {
    "InternalFailure",
    "InternalServiceError",
    "InternalServiceErrorException",
    "ServiceUnavailable",
    "503",
    "500",
}
THROTTLE_WAIT_S = 10.0

Answer = TypeVar("Answer")


class Aws:
    """Lazily one client per service: an organisation without AWS never makes one."""

    def __init__(self, settings: AwsSettings) -> None:
        self.settings = settings
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()

    async def rds_instances(self) -> list[dict[str, Any]]:
        """`describe_db_instances`: the configured one, or all. Raises IntegrationError."""
        wanted = {"DBInstanceIdentifier": self.settings.rds_instance} if self.settings.rds_instance else {}
        answer = await self._call("rds", lambda rds: rds.describe_db_instances(**wanted))
        return list(answer["DBInstances"])

    async def describe_secret(self, secret_id: str) -> dict[str, Any]:
        """Facts about a secret, not its value. Raises IntegrationError."""
        return dict(await self._call("secretsmanager", lambda sm: sm.describe_secret(SecretId=secret_id)))

    async def secret_value(self, secret_id: str) -> str:
        """The secret itself: keep it out of findings, logs and exceptions. Raises IntegrationError."""
        answer = await self._call("secretsmanager", lambda sm: sm.get_secret_value(SecretId=secret_id))
        return str(answer.get("SecretString", ""))

    async def operations(self, service_arn: str) -> list[dict[str, Any]]:
        """App Runner's latest operations of a service, newest first. Raises IntegrationError."""
        answer = await self._call("apprunner", lambda app: app.list_operations(ServiceArn=service_arn, MaxResults=10))
        return list(answer["OperationSummaryList"])

    async def start_deployment(self, service_arn: str) -> str:
        """Start one deployment; returns its operation id. Raises IntegrationError."""
        answer = await self._call("apprunner", lambda app: app.start_deployment(ServiceArn=service_arn))
        return str(answer["OperationId"])

    async def _call(self, service: str, ask: Callable[[Any], Answer]) -> Answer:
        try:
            return await asyncio.to_thread(lambda: ask(self._client(service)))
        except ClientError as error:
            raise _meaning(service, error) from None
        except BotoCoreError as error:
            raise _unusable(service, error) from None

    def _client(self, service: str) -> Any:
        with self._making:  # making one is not thread-safe, using one is
            if service not in self._clients:
                self._clients[service] = boto3.client(  # type: ignore[call-overload]
                    service,
                    region_name=self.settings.region or None,
                    endpoint_url=_plain(self.settings.endpoint_url),
                    config=CONFIG,
                )
            return self._clients[service]


def _plain(url: HttpUrl | None) -> str | None:
    return str(url).rstrip("/") if url else None


def _meaning(service: str, error: ClientError) -> IntegrationError:
    """AWS answered, and it was no."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    words = f"AWS {service}: {code}: {error.response.get('Error', {}).get('Message', '')}"[:300]
    if code in THROTTLED:
        return RateLimited(words, THROTTLE_WAIT_S)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    return Unreachable(words) if code in BROKEN or status >= 500 else Refused(words)


def _unusable(service: str, error: BotoCoreError) -> IntegrationError:
    """AWS was never asked, or never answered. botocore's text may hold a whole address: its kind says enough."""
    if isinstance(error, NoRegionError):
        return Refused(f"AWS {service}: no region is set: set INCIDENTS_AWS__REGION")
    if isinstance(error, NoCredentialsError):
        return Refused(f"AWS {service}: no credentials were found")
    return Unreachable(f"AWS {service} cannot be reached ({type(error).__name__})")
