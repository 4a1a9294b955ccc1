"""AWS as boto3 speaks it, and what its failures mean: the reason in words, never a secret."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import HttpUrl

from gameday.world.aws import arn_of
from gameday.world.launch import RunningWorld
from integrations.aws import Aws
from integrations.errors import IntegrationError, RateLimited, Refused, Unreachable
from integrations.settings import AwsSettings
from tests.integrations.servers import Server, answering, hanging, head, json_answer
from tests.waiting import eventually

SECRET = "hush-hush"
SERVICE = arn_of("app.tlsstress.art")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours alone: nothing of the machine the tests run on."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "practice")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


def aws_at(url: str, region: str = "eu-central-1") -> Aws:
    return Aws(AwsSettings(endpoint_url=HttpUrl(url), region=region))


def practised(world: RunningWorld) -> Aws:
    return Aws(AwsSettings(endpoint_url=HttpUrl(world.env["INCIDENTS_AWS__ENDPOINT_URL"]), region="eu-central-1"))


def refusal(code: str, message: str = "No.", status: int = 400) -> bytes:
    """As App Runner and Secrets Manager say no (AWS JSON 1.0/1.1)."""
    return json_answer({"__type": code, "message": message}, status)


async def failing(said: bytes, call: Callable[[Aws], Any] = lambda aws: aws.operations(SERVICE)) -> IntegrationError:
    async with answering(said) as server:
        with pytest.raises(IntegrationError) as failed:
            await call(aws_at(server.url))
    return failed.value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        pytest.param("ThrottlingException", RateLimited, id="too fast"),
        pytest.param("TooManyRequestsException", RateLimited, id="too fast, in other words"),
        pytest.param("ExpiredTokenException", Refused, id="credentials expired"),
        pytest.param("UnrecognizedClientException", Refused, id="credentials unknown"),
        pytest.param("AccessDeniedException", Refused, id="not allowed"),
        pytest.param("ResourceNotFoundException", Refused, id="no such service"),
        pytest.param("InternalServiceErrorException", Unreachable, id="broken there"),
    ],
)
async def test_a_no_is_told_with_its_reason(code: str, kind: type[IntegrationError]) -> None:
    """The type says whether trying again helps, the text says AWS's own word."""
    failure = await failing(refusal(code))

    assert type(failure) is kind
    assert str(failure) == f"AWS apprunner: {code}: No."


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_broken_aws_may_come_back(status: int) -> None:
    """Whatever it says meanwhile."""
    assert isinstance(await failing(head(status, length=0)), Unreachable)


async def test_the_headers_of_a_badly_signed_request_are_not_told() -> None:
    """AWS repeats them below its first line, session token included."""
    explained = (
        "The request signature does not match.\n\nThe Canonical String was\n'POST\n/\nx-amz-security-token:hush'"
    )

    assert "hush" not in str(await failing(refusal("InvalidSignatureException", explained)))


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(head(200, "Content-Type: text/html", length=15) + b"<html>Hi</html>", id="a web page"),
        pytest.param(json_answer({}), id="nothing of what was asked"),
    ],
)
@pytest.mark.parametrize("service", ["rds", "apprunner", "secretsmanager"])
async def test_an_answer_that_is_not_awss_is_unreachable(said: bytes, service: str) -> None:
    """A proxy or a login page in between."""
    calls: dict[str, Callable[[Aws], Any]] = {
        "rds": lambda aws: aws.rds_instances(),
        "apprunner": lambda aws: aws.service_status(SERVICE),
        "secretsmanager": lambda aws: aws.secret_value("x"),
    }

    assert isinstance(await failing(said, calls[service]), Unreachable)


async def test_nobody_there_is_unreachable() -> None:
    """And the address is not told: it may be a private one."""
    async with hanging() as server:
        gone = server.url

    with pytest.raises(Unreachable, match=r"AWS rds cannot be reached \(EndpointConnectionError\)"):
        await aws_at(gone).rds_instances()


async def test_no_region_says_what_to_set() -> None:
    """A setting, so no retry helps."""
    with pytest.raises(Refused, match="set INCIDENTS_AWS__REGION"):
        await Aws(AwsSettings()).rds_instances()


@pytest.mark.parametrize("missing", [("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ("AWS_SECRET_ACCESS_KEY",)])
async def test_no_credentials_are_told(monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...]) -> None:
    """None, or half of them."""
    for name in missing:
        monkeypatch.delenv(name)

    async with hanging() as server:
        with pytest.raises(Refused, match="no credentials were found"):
            await aws_at(server.url).rds_instances()


async def test_a_question_that_cannot_be_asked_is_refused() -> None:
    """An empty ARN never leaves the machine."""
    async with hanging() as server:
        with pytest.raises(Refused, match="look at INCIDENTS_APPS"):
            await aws_at(server.url).operations("")


async def test_an_aws_that_hangs_keeps_no_name_from_being_looked_up() -> None:
    """Pages and AWS must not share the threads that asyncio looks up names with."""
    loop = asyncio.get_running_loop()
    async with hanging() as server:
        aws = aws_at(server.url)
        stuck = [asyncio.create_task(aws.rds_instances()) for _ in range(12)]
        await eventually(lambda: _is_asked(server), "AWS is asked")
        found = await asyncio.wait_for(loop.getaddrinfo("localhost", 80), timeout=2)
    await asyncio.gather(*stuck, return_exceptions=True)

    assert found


async def _is_asked(server: Server) -> bool:
    return bool(server.asked)


@pytest.mark.parametrize("call", [Aws.rds_instances, lambda aws: aws.operations(SERVICE)], ids=["XML", "JSON"])
async def test_throttling_in_the_practice_world(world: RunningWorld, call: Callable[[Aws], Any]) -> None:
    """RDS says it in XML, the others in JSON."""
    world.fault("aws_throttled")

    with pytest.raises(RateLimited, match="Rate exceeded"):
        await call(practised(world))


async def test_a_dead_practice_aws(world: RunningWorld) -> None:
    """503 from everything."""
    world.fault("aws_down")

    with pytest.raises(Unreachable):
        await practised(world).operations(SERVICE)


async def test_a_running_service_is_told(world: RunningWorld) -> None:
    """`DescribeService`."""
    assert await practised(world).service_status(SERVICE) == "RUNNING"


async def test_a_deployment_is_listed(world: RunningWorld) -> None:
    """`StartDeployment` answers with the id that `ListOperations` lists first."""
    aws = practised(world)
    started = await aws.start_deployment(SERVICE)

    assert (await aws.operations(SERVICE))[0]["Id"] == started


async def test_a_secrets_facts_come_without_its_value(world: RunningWorld) -> None:
    """`DescribeSecret`."""
    facts = await practised(world).describe_secret(json.loads(world.env["INCIDENTS_APPS"])[0]["database_url_secret"])

    assert "SecretString" not in facts
