"""AWS through boto3: only the calls the runbook needs, and what their failures mean.

botocore is blocking, so every call runs in a thread; clients are made once and are thread-safe (boto3's guide,
"Multithreading"). Facts about shapes are from the API references of RDS, App Runner and Secrets Manager.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
)
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError
from pydantic import HttpUrl

from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.settings import AwsSettings

MODELS = Loader()
"""What botocore knows of services and regions: megabytes of JSON, read once in a process."""
MOST_AT_ONCE = 20
CONFIG = Config(
    connect_timeout=3,
    read_timeout=5,
    retries={"total_max_attempts": 2, "mode": "standard"},
    max_pool_connections=MOST_AT_ONCE,
)
"""Seconds. Few attempts: the engine's own retries must not be multiplied."""

THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
}
"""Boto3's guide, "Retries", standard mode."""
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


def _session() -> boto3.session.Session:
    bare = botocore.session.Session()
    bare.register_component("data_loader", MODELS)
    return boto3.session.Session(botocore_session=bare)


class Aws:
    """Lazily a session, and one client per service: an organisation without AWS never makes one."""

    def __init__(self, settings: AwsSettings) -> None:
        self.settings = settings
        self._session: boto3.session.Session | None = None
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()
        # Not asyncio's own threads: those look up names for every HTTP call, and a page must not wait for a dead AWS.
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="aws")

    async def rds_instances(self) -> list[dict[str, Any]]:
        """`describe_db_instances`: the configured one, or all. Raises IntegrationError."""
        wanted = {"DBInstanceIdentifier": self.settings.rds_instance} if self.settings.rds_instance else {}
        return await self._call("rds", lambda rds: list(rds.describe_db_instances(**wanted)["DBInstances"]))

    async def describe_secret(self, secret_id: str) -> dict[str, Any]:
        """Facts about a secret, not its value. Raises IntegrationError."""
        return await self._call("secretsmanager", lambda sm: _about_it(sm.describe_secret(SecretId=secret_id)))

    async def secret_value(self, secret_id: str) -> str:
        """The secret itself: keep it out of findings, logs and exceptions. Raises IntegrationError."""
        answer = await self._call("secretsmanager", lambda sm: _about_it(sm.get_secret_value(SecretId=secret_id)))
        return str(answer.get("SecretString", ""))

    async def operations(self, service_arn: str) -> list[dict[str, Any]]:
        """App Runner's latest operations of a service, newest first. Raises IntegrationError."""
        return await self._call(
            "apprunner",
            lambda app: list(app.list_operations(ServiceArn=service_arn, MaxResults=10)["OperationSummaryList"]),
        )

    async def service_status(self, service_arn: str) -> str:
        """`RUNNING`, `PAUSED`, … (App Runner's API reference, "Service": Status). Raises IntegrationError."""
        return await self._call(
            "apprunner", lambda app: str(app.describe_service(ServiceArn=service_arn)["Service"]["Status"])
        )

    async def start_deployment(self, service_arn: str) -> str:
        """Start one deployment; returns its operation id. Raises IntegrationError."""
        return await self._call(
            "apprunner", lambda app: str(app.start_deployment(ServiceArn=service_arn)["OperationId"])
        )

    async def _call(self, service: str, ask: Callable[[Any], Answer]) -> Answer:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, lambda: ask(self._client(service)))
        except ClientError as error:
            raise _meaning(service, error) from None
        except BotoCoreError as error:
            raise _unusable(service, error) from None
        except (ResponseParserError, KeyError):  # somebody answered who is not AWS: a proxy, a login page
            raise Unreachable(f"AWS {service} answered something that is not AWS's") from None

    def _client(self, service: str) -> Any:
        with self._making:  # making one is not thread-safe, using one is
            self._session = self._session or _session()
            if not (self.settings.region or self._session.region_name):
                raise NoRegionError  # botocore says so too, after tens of milliseconds, each time, in everybody's way
            if service not in self._clients:
                self._clients[service] = self._session.client(  # type: ignore[call-overload]
                    service,
                    region_name=self.settings.region or None,
                    endpoint_url=_plain(self.settings.endpoint_url),
                    config=CONFIG,
                )
            return self._clients[service]


def _about_it(answer: dict[str, Any]) -> dict[str, Any]:
    """Raises KeyError for what is not Secrets Manager's: it always names the secret, and JSON of anybody parses."""
    return {"ARN": answer["ARN"], **answer}


def _plain(url: HttpUrl | None) -> str | None:
    return str(url).rstrip("/") if url else None


def _meaning(service: str, error: ClientError) -> IntegrationError:
    """AWS answered, and it was no."""
    told, facts = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code, status = str(told.get("Code", "")), int(facts.get("HTTPStatusCode", 400))
    # Only the first line: a wrong signature is explained below it with the request's headers, session token included.
    message = str(told.get("Message", "")).strip().split("\n", 1)[0]
    words = f"AWS {service}: {code}: {message}"[:300]
    if code in THROTTLED or status == 429:
        return RateLimited(words, THROTTLE_WAIT_S)
    return Unreachable(words) if code in BROKEN or status >= 500 else Refused(words)


def _unusable(service: str, error: BotoCoreError) -> IntegrationError:
    """AWS was never asked, or never answered. botocore's text may hold a whole address: its kind says enough."""
    if isinstance(error, NoRegionError):
        return Refused(f"AWS {service}: no region is set: set INCIDENTS_AWS__REGION")
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return Refused(f"AWS {service}: no credentials were found")
    if isinstance(error, ParamValidationError):
        return Refused(f"AWS {service} cannot be asked like this ({type(error).__name__}): look at INCIDENTS_APPS")
    return Unreachable(f"AWS {service} cannot be reached ({type(error).__name__})")
