"""AWS, as boto3 sees it: moto for RDS and Secrets Manager, our own App Runner in front (moto has none)."""

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import httpx
from botocore.config import Config
from fastapi import FastAPI, Request, Response
from moto.server import ThreadedMotoServer

from gameday.world.database import MASTER
from gameday.world.faults import Faults
from gameday.world.sites import Site, Sites

REGION = "eu-central-1"
ACCOUNT = "123456789012"
RDS = "tlsstress-phase0"
PAUSED_APP = "app.tlsstress.art"
METRICS_SECRET = "tlsstress-phase0/metrics-token"
DEPLOY_S = 3.0
"""Seconds a deployment takes here; minutes in reality."""
THROTTLED_XML = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>"
    "<RequestId>practice</RequestId></ErrorResponse>"
)
KEYS = {"AWS_ACCESS_KEY_ID": "practice", "AWS_SECRET_ACCESS_KEY": "practice"}


def arn_of(site: str) -> str:
    return f"arn:aws:apprunner:{REGION}:{ACCOUNT}:service/{site.replace('.', '-')}/0123456789abcdef"


@dataclass
class Operation:
    """One deployment, in the words of App Runner's OperationSummary."""

    id: str
    service_arn: str
    by: str
    started: datetime
    status: str = "PENDING"
    ended: datetime | None = None

    def summary(self) -> dict[str, Any]:
        """As on the wire: instants are seconds since 1970."""
        told: dict[str, Any] = {
            "Id": self.id,
            "Type": "START_DEPLOYMENT",
            "Status": self.status,
            "TargetArn": self.service_arn,
            "StartedAt": self.started.timestamp(),
            "UpdatedAt": (self.ended or self.started).timestamp(),
        }
        return told | ({"EndedAt": self.ended.timestamp()} if self.ended else {})


class AppRunnerError(Exception):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass
class AppRunner:
    """StartDeployment, ListOperations, DescribeService, ListServices (App Runner's API reference, AWS JSON 1.0)."""

    sites: Sites
    faults: Faults
    aws: "Aws"
    operations: list[Operation] = field(default_factory=list)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    def answer(self, target: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Raises AppRunnerError."""
        match target:
            case "StartDeployment":
                return {"OperationId": self.start(self._site(asked), by="api").id}
            case "ListOperations":
                site = self._site(asked)
                mine = [o.summary() for o in reversed(self.operations) if o.service_arn == site.service_arn]
                return {"OperationSummaryList": mine[: int(asked.get("MaxResults", 20))]}
            case "DescribeService":
                return {"Service": self._describe(self._site(asked))}
            case "ListServices":
                return {"ServiceSummaryList": [self._describe(site) for site in self.sites.all.values()]}
        raise AppRunnerError("UnknownOperationException", f"{target} is not practised here")

    def start(self, site: Site, *, by: str) -> Operation:
        """Raises AppRunnerError while one is under way or the service is paused, as App Runner does."""
        state = self._state(site)
        if state != "RUNNING":
            raise AppRunnerError("InvalidStateException", f"Service is in {state} state")
        operation = Operation(
            id=uuid.uuid5(uuid.NAMESPACE_OID, f"{site.name}/{len(self.operations)}").hex,
            service_arn=site.service_arn,
            by=by,
            started=_now(),
        )
        self.operations.append(operation)
        task = asyncio.create_task(self._deploy(site, operation))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return operation

    async def _deploy(self, site: Site, operation: Operation) -> None:
        operation.status = "IN_PROGRESS"
        await asyncio.sleep(DEPLOY_S)
        if "deploy_fails" not in self.faults and "deploy_no_effect" not in self.faults:
            await self.sites.deploy(site, await self.aws.secret(site.secret_id))
        operation.status = "FAILED" if "deploy_fails" in self.faults else "SUCCEEDED"
        operation.ended = _now()

    def _under_way(self, site: Site) -> bool:
        return any(o.ended is None for o in self.operations if o.service_arn == site.service_arn)

    def _site(self, asked: dict[str, Any]) -> Site:
        for site in self.sites.all.values():
            if site.service_arn == asked.get("ServiceArn"):
                return site
        raise AppRunnerError("ResourceNotFoundException", "Service not found")

    def _state(self, site: Site) -> str:
        if "service_paused" in self.faults and site.name == PAUSED_APP:
            return "PAUSED"
        return "OPERATION_IN_PROGRESS" if self._under_way(site) else "RUNNING"

    def _describe(self, site: Site) -> dict[str, Any]:
        return {
            "ServiceName": site.name,
            "ServiceArn": site.service_arn,
            "ServiceId": "0123456789abcdef",
            "Status": self._state(site),
        }


class Aws:
    """moto in threads of its own; everything goes in by the front, faults included."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._started = False
        self.runner: AppRunner | None = None

    async def start(self) -> None:
        await asyncio.to_thread(self._moto.start)
        self._started = True

    async def stop(self) -> None:
        if self._started:
            await asyncio.to_thread(self._moto.stop)

    @property
    def _inside(self) -> str:
        host, port = self._moto.get_host_and_port()
        return f"http://{host}:{port}"

    def _client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            region_name=REGION,
            endpoint_url=self._inside,
            aws_access_key_id="practice",
            aws_secret_access_key="practice",
            config=Config(retries={"total_max_attempts": 1}),
        )

    async def seed(self, secrets: dict[str, str]) -> None:
        """The database instance with its managed master secret, and the apps' secrets."""
        await asyncio.to_thread(self._seed, secrets)

    def _seed(self, secrets: dict[str, str]) -> None:
        self._client("rds").create_db_instance(
            DBInstanceIdentifier=RDS,
            DBInstanceClass="db.t4g.micro",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername=MASTER,
            ManageMasterUserPassword=True,
        )
        for name, value in secrets.items():
            self._client("secretsmanager").create_secret(Name=name, SecretString=value)

    async def secret(self, name: str) -> str:
        client = self._client("secretsmanager")
        answer = await asyncio.to_thread(client.get_secret_value, SecretId=name)
        return str(answer["SecretString"])

    async def put_secret(self, name: str, value: str) -> None:
        await asyncio.to_thread(self._client("secretsmanager").put_secret_value, SecretId=name, SecretString=value)

    async def stop_rds(self) -> None:
        await asyncio.to_thread(self._client("rds").stop_db_instance, DBInstanceIdentifier=RDS)

    async def start_rds(self) -> None:
        await asyncio.to_thread(self._client("rds").start_db_instance, DBInstanceIdentifier=RDS)

    def front(self) -> FastAPI:
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        inside = httpx.AsyncClient(timeout=10)

        @app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE", "HEAD"])
        async def anything(path: str, request: Request) -> Response:
            target = request.headers.get("x-amz-target", "")
            broken = self._broken(json_spoken=bool(target))
            if broken:
                return broken
            if target.startswith("AppRunner."):
                return self._app_runner(target.removeprefix("AppRunner."), await request.body())
            return await self._pass_on(inside, path, request)

        return app

    def _broken(self, *, json_spoken: bool) -> Response | None:
        """RDS speaks XML, the other two JSON."""
        if "aws_down" in self._faults:
            return Response("Service Unavailable", 503)
        if "aws_throttled" in self._faults and json_spoken:
            return _json({"__type": "ThrottlingException", "message": "Rate exceeded"}, 400)
        if "aws_throttled" in self._faults:
            return Response(THROTTLED_XML, 400, media_type="text/xml")
        return None

    def _app_runner(self, target: str, body: bytes) -> Response:
        assert self.runner is not None
        try:
            return _json(self.runner.answer(target, json.loads(body or b"{}")), 200)
        except AppRunnerError as error:
            return _json({"__type": error.kind, "Message": str(error), "message": str(error)}, 400)

    async def _pass_on(self, inside: httpx.AsyncClient, path: str, request: Request) -> Response:
        headers = {k: v for k, v in request.headers.items() if k not in ("host", "content-length")}
        answer = await inside.request(
            request.method,
            f"{self._inside}/{path}",
            params=request.query_params,
            headers=headers,
            content=await request.body(),
        )
        kept = {k: v for k, v in answer.headers.items() if k in ("content-type", "x-amzn-requestid")}
        return Response(answer.content, answer.status_code, kept)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the world has a clock of its own


def _json(body: dict[str, Any], status: int) -> Response:
    headers = {"x-amzn-RequestId": "practice", "x-amzn-ErrorType": str(body.get("__type", ""))}
    return Response(json.dumps(body), status, headers, media_type="application/x-amz-json-1.0")
