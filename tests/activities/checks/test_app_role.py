"""Does the app log in as its own role? Tried for real, and the password is told to nobody (runbook §3.2)."""

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

import pytest
import structlog
from pydantic import HttpUrl
from temporalio.testing import ActivityEnvironment

from activities.chatting import Opened
from activities.checks.app_role import check
from activities.looking import LookingActivities
from gameday.world.launch import RunningWorld
from incident.model.effects import Brief, Look, Purpose
from incident.model.finding import Finding, Status
from integrations.aws import Aws
from integrations.clock import utc_now
from integrations.settings import AwsSettings
from tests.activities.practice import ADMIN, APP, PlayedAws, app_at, ask, broken, outside, practice
from tests.integrations.servers import Server, hanging, json_answer

HUSH = "s3cr3t-hush"


async def tried(address: str, role: str = "tlsstress_app") -> Finding:
    """The check, with this as the secret's value."""
    app = app_at("http://127.0.0.1:9", database_url_secret="db-url", expected_role=role)
    return await check(ask(), outside(apps=(app,), aws=PlayedAws(value=address)))


def address_in(world: RunningWorld, role: str = "tlsstress_app", password: str = HUSH) -> str:
    """Of the practice world's PostgreSQL."""
    return f"postgresql://{role}:{password}@{world.database.split()[-1]}/tlsstress"


async def test_its_own_role_that_logs_in_is_ok(world: RunningWorld) -> None:
    """A real login, and `SELECT 1`."""
    finding = await check(ask(), practice(world.env))

    assert (finding.status, finding.summary) == (Status.OK, f"{APP}: role tlsstress_app logs in and answers SELECT 1")


async def test_each_app_has_a_role_of_its_own(world: RunningWorld) -> None:
    """The admin app's is another."""
    assert "role octopus_admin_app logs in" in (await check(ask(ADMIN), practice(world.env))).summary


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param("wrong_role", "logs in as tlsstress_admin, not as its own role tlsstress_app", id="the master"),
        pytest.param("db_down", "role tlsstress_app: the role may not log in", id="role disabled"),
        pytest.param("db_stopped", "role tlsstress_app: the database refuses connections", id="database stopped"),
    ],
)
async def test_what_keeps_the_app_out_is_told(world: RunningWorld, fault: str, words: str) -> None:
    """Each its own words, because each has its own mitigation."""
    world.fault(fault)

    finding = await check(ask(), practice(world.env))

    assert (finding.status, words in finding.summary) == (Status.BAD, True)


async def test_a_wrong_password_is_told(world: RunningWorld) -> None:
    """PostgreSQL says so only in words."""
    finding = await tried(address_in(world))

    assert (finding.status, finding.summary) == (
        Status.BAD,
        f"{APP}: role tlsstress_app: the database refuses its password",
    )


async def test_a_rotated_secret_that_works_is_ok_while_the_app_is_down(world: RunningWorld) -> None:
    """The new password is right: what is wrong is the app's pool, and a redeploy mends that."""
    with broken(world, "self_heal_off", "secret_rotated"):
        assert (await check(ask(), practice(world.env))).status is Status.OK


@pytest.mark.parametrize("role", ["nobody_knows_me"])
async def test_an_unknown_role_is_bad(world: RunningWorld, role: str) -> None:
    """PostgreSQL does not tell an unknown role from a wrong password."""
    assert (await tried(address_in(world, role), role)).status is Status.BAD


async def test_an_unknown_database_is_bad(world: RunningWorld) -> None:
    """The role logs in, into nothing."""
    right = json.loads(world.env["INCIDENTS_APPS"])[0]["database_url_secret"]
    address = await practice(world.env).aws.secret_value(right)

    assert "does not exist" in (await tried(address.rsplit("/", 1)[0] + "/nothing")).summary


@pytest.mark.parametrize(
    "dressed",
    [
        pytest.param("{}?schema=public&connection_limit=5", id="Prisma's own parameters"),
        pytest.param("{}?sslmode=disable", id="libpq's own"),
        pytest.param("  {}\n", id="a line end"),
    ],
)
async def test_an_address_as_apps_write_it_is_understood(world: RunningWorld, dressed: str) -> None:
    """libpq would refuse parameters it does not know, and the role would look broken."""
    right = json.loads(world.env["INCIDENTS_APPS"])[0]["database_url_secret"]
    address = await practice(world.env).aws.secret_value(right)

    assert (await tried(dressed.format(address))).status is Status.OK


@pytest.mark.parametrize("dialect", ["postgres", "postgresql+psycopg"])
async def test_any_dialect_of_an_address_is_understood(world: RunningWorld, dialect: str) -> None:
    """SQLAlchemy's and Heroku's."""
    assert "refuses its password" in (await tried(address_in(world).replace("postgresql", dialect))).summary


@pytest.mark.parametrize(
    "address",
    ["", "hush", "postgresql://[bad/x", "postgresql://u:hush@a:b/x", "host=a user=b password=hush", '{"a": 1}'],
)
async def test_a_secret_that_is_no_address_is_unknown(address: str) -> None:
    """Nothing was tried, so nothing is known; and what the secret holds is not told."""
    finding = await tried(address)

    assert (finding.status, finding.summary) == (Status.UNKNOWN, f"{APP}: the secret db-url holds no database address")


async def test_a_database_that_takes_the_call_and_says_nothing_is_unknown() -> None:
    """From here: the app may stand nearer to it. Within a few seconds."""
    async with hanging() as server:
        finding = await tried(f"postgresql://tlsstress_app:{HUSH}@127.0.0.1:{server.port}/x")

    assert (finding.status, "no answer from here within 3 s" in finding.summary) == (Status.UNKNOWN, True)


async def test_a_database_whose_name_nobody_knows_is_unknown() -> None:
    """It may be our own resolver."""
    finding = await tried(f"postgresql://tlsstress_app:{HUSH}@db.invalid/x")

    assert (finding.status, "cannot be resolved from here" in finding.summary) == (Status.UNKNOWN, True)


async def test_no_database_to_try_is_unknown() -> None:
    """And says what to set."""
    finding = await check(ask(), outside(apps=(app_at("http://127.0.0.1:9"),)))

    assert (finding.status, finding.summary) == (
        Status.UNKNOWN,
        "no database to try: set database_url_secret in INCIDENTS_APPS",
    )


@pytest.mark.parametrize("fault", ["aws_throttled", "aws_down"])
async def test_a_secret_that_cannot_be_read_is_unknown(world: RunningWorld, fault: str) -> None:
    """Throttled or away: nothing was tried."""
    world.fault(fault)

    assert (await check(ask(), practice(world.env))).status is Status.UNKNOWN


async def test_expired_credentials_are_unknown_with_the_reason() -> None:
    """Somebody has to log in again."""
    async with Server(said=json_answer({"__type": "ExpiredTokenException", "message": "It is expired"}, 400)) as server:
        aws = Aws(AwsSettings(endpoint_url=HttpUrl(server.url), region="eu-central-1"))
        app = app_at("http://127.0.0.1:9", database_url_secret="db-url")
        finding = await check(ask(), outside(apps=(app,), aws=aws))

    assert (finding.status, "ExpiredTokenException: It is expired" in finding.summary) == (Status.UNKNOWN, True)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Everything anybody logs, ours and the libraries', as it would be printed."""
    lines: list[str] = []

    def keep(_: object, __: str, event: structlog.types.EventDict) -> str:
        lines.append(repr(structlog.processors.format_exc_info(None, "", event)))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[keep])
    with caplog.at_level(logging.DEBUG):
        yield lines
    lines.append(caplog.text)
    structlog.configure(**before)


@pytest.mark.parametrize(
    "where",
    [
        pytest.param("postgresql://tlsstress_app:{}@{}/tlsstress", id="refused"),
        pytest.param("postgresql://tlsstress_admin:{}@{}/tlsstress", id="the wrong role"),
        pytest.param("postgresql://tlsstress_app:{}@127.0.0.1:9/tlsstress", id="nobody there"),
        pytest.param("postgresql://tlsstress_app:{}@[bad/x", id="no address"),
        pytest.param("mysql://tlsstress_app:{}@127.0.0.1:9/x?sslmode=nonsense", id="another database"),
    ],
)
async def test_the_password_is_told_to_nobody(
    world: RunningWorld, logged: list[str], caplog: pytest.LogCaptureFixture, where: str
) -> None:
    """Not in the finding, not in a log, not in a heartbeat, not in an exception."""
    app = app_at("http://127.0.0.1:9", database_url_secret="db-url", expected_role="tlsstress_app")
    given = outside(apps=(app,), aws=PlayedAws(value=where.format(HUSH, world.database.split()[-1])))
    beats: list[object] = []
    env = ActivityEnvironment()
    env.on_heartbeat = lambda *details: beats.append(details)
    effect = Look(
        key="k",
        incident_id="incident-A",
        number=1,
        purpose=Purpose.TRIAGE,
        checks=("app_role",),
        alert=ask().alert,
        opened_at=utc_now(),
        since=utc_now(),
        every=timedelta(seconds=1),
    )

    looked = await env.run(LookingActivities(given, _silent).look, effect)

    assert HUSH not in repr(asdict(looked)) + repr(beats) + repr(logged) + caplog.text


async def _silent(brief: Brief) -> Opened:
    return Opened()


async def test_logins_leave_no_connection_behind(world: RunningWorld) -> None:
    """The database may be at its limit already."""
    import psycopg

    right = json.loads(world.env["INCIDENTS_APPS"])[1]["database_url_secret"]
    given = practice(world.env)
    address = await given.aws.secret_value(right)
    await asyncio.gather(*(check(ask(ADMIN), given) for _ in range(5)))

    async with await psycopg.AsyncConnection.connect(address) as db:
        rows = await (await db.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = current_user")).fetchone()

    assert rows is not None
    assert rows[0] <= 2  # the app's own, and this one
