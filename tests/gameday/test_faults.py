"""Each fault does what its sentence says, and mending it undoes that: a drill must not teach what is not so."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import HttpUrl

from gameday.world.aws import KEYS, REGION, arn_of
from gameday.world.faults import FAULTS
from gameday.world.launch import RunningWorld
from integrations.aws import Aws
from integrations.clock import utc_now
from integrations.errors import IntegrationError
from integrations.settings import AwsSettings
from tests.waiting import eventually

APP = "app.tlsstress.art"
SERVICE = arn_of(APP)
MESSAGE = {"topic": "oncall", "title": "t", "message": "m"}


@dataclass(frozen=True)
class Eyes:
    """Looks at the world as whoever lives in it would."""

    world: RunningWorld
    http: httpx.AsyncClient
    aws: Aws

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.http.get(f"{self.world.control}/sites/{APP}{path}", **options)

    async def ready(self) -> str:
        try:
            answer = await self.get("/api/ready", timeout=2)
        except httpx.TimeoutException:
            return "silence"
        if "json" not in answer.headers["content-type"]:
            return f"{answer.status_code} html"
        return f"{answer.status_code} {answer.json()['checks'][0].get('error', '')}".strip()

    async def metrics(self) -> str:
        token = {"Authorization": f"Bearer {self.world.env['INCIDENTS_METRICS__TOKEN']}"}
        answer = await self.get("/api/metrics", headers=token)
        found = [x for x in answer.text.splitlines() if x.startswith("tlsstress_provisioning_stuck ")]
        return f"{answer.status_code} {''.join(found)}".strip()

    async def rds(self) -> str:
        return await _words(self._rds_status())

    async def _rds_status(self) -> str:
        return str((await self.aws.rds_instances())[0]["DBInstanceStatus"])

    async def service(self) -> str:
        return await _words(self.aws.service_status(SERVICE))

    async def page(self) -> str:
        try:
            return str(
                (await self.http.post(f"{self.world.control}/receivers/ntfy/", json=MESSAGE, timeout=2)).status_code
            )
        except httpx.TimeoutException:
            return "silence"

    async def post(self) -> str:
        return str(
            (await self.http.post(self.world.env["INCIDENTS_CHAT__WEBHOOK_URL"], json={"text": "x"})).status_code
        )

    async def user(self) -> str:
        """Whom the app's secret logs in as."""
        secret = json.loads(self.world.env["INCIDENTS_APPS"])[0]["database_url_secret"]
        return (await self.aws.secret_value(secret)).split("//")[1].split(":")[0]

    async def deployment(self) -> str:
        """What becomes of one."""
        started = await self.aws.start_deployment(SERVICE)

        async def ended() -> str:
            newest = next(o for o in await self.aws.operations(SERVICE) if o["Id"] == started)
            return "" if newest["Status"] in ("PENDING", "IN_PROGRESS") else str(newest["Status"])

        return await eventually(ended, "the deployment ends")


async def _words(asking: Awaitable[str]) -> str:
    try:
        return await asking
    except IntegrationError as error:
        return type(error).__name__


@pytest.fixture
async def eyes(world: RunningWorld, monkeypatch: pytest.MonkeyPatch) -> Eyes:
    """With self-heal away, but where a test is about it: it would mend what we look at."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    endpoint = HttpUrl(world.env["INCIDENTS_AWS__ENDPOINT_URL"])
    seen = Eyes(world, httpx.AsyncClient(timeout=10), Aws(AwsSettings(endpoint_url=endpoint, region=REGION)))
    await eventually(lambda: _is(seen.service, "RUNNING"), "no deployment is under way")
    return seen


async def _is(look: Callable[[], Awaitable[str]], wanted: str) -> bool:
    return await look() == wanted


Look = Callable[[Eyes], Awaitable[str]]


@pytest.mark.parametrize(
    ("fault", "look", "whole", "broken"),
    [
        ("secret_rotated", Eyes.ready, "200", '503 password authentication failed for user "tlsstress_app"'),
        ("db_down", Eyes.ready, "200", '503 role "tlsstress_app" is not permitted to log in'),
        ("wrong_role", Eyes.user, "tlsstress_app", "tlsstress_admin"),
        ("ready_hangs", Eyes.ready, "200", "silence"),
        ("ready_not_json", Eyes.ready, "200", "200 html"),
        ("deploy_fails", Eyes.deployment, "SUCCEEDED", "FAILED"),
        ("service_paused", Eyes.service, "RUNNING", "PAUSED"),
        ("rds_stopped", Eyes.rds, "available", "stopped"),
        ("aws_throttled", Eyes.rds, "available", "RateLimited"),
        ("aws_throttled", Eyes.service, "RUNNING", "RateLimited"),
        ("aws_down", Eyes.service, "RUNNING", "Unreachable"),
        ("ledger_stuck", Eyes.metrics, "200 tlsstress_provisioning_stuck 0", "200 tlsstress_provisioning_stuck 1"),
        ("metrics_absent", Eyes.metrics, "200 tlsstress_provisioning_stuck 0", "200"),
        ("metrics_unauthorized", Eyes.metrics, "200 tlsstress_provisioning_stuck 0", "401"),
        ("pager_down", Eyes.page, "200", "503"),
        ("pager_refuses", Eyes.page, "200", "403"),
        ("chat_down", Eyes.post, "200", "503"),
    ],
)
async def test_a_fault_breaks_what_it_says_and_mending_undoes_it(
    eyes: Eyes, fault: str, look: Look, whole: str, broken: str
) -> None:
    """As it was, broken, as it was."""
    eyes.world.fault("self_heal_off")
    before = await look(eyes)
    eyes.world.fault(fault)
    meanwhile = await look(eyes)
    eyes.world.mend(fault)

    assert (before, meanwhile, await look(eyes)) == (whole, broken, whole)


async def test_a_stopped_database_is_gone_for_every_app(eyes: Eyes) -> None:
    """The process, not a role: and it comes back."""
    eyes.world.fault("self_heal_off")
    eyes.world.fault("db_stopped")
    meanwhile = await eyes.ready()
    eyes.world.mend("db_stopped")

    assert meanwhile.startswith("503 ")
    assert await eyes.ready() == "200"


async def test_a_deployment_without_effect_succeeds_and_helps_nobody(eyes: Eyes) -> None:
    """What `apply` answers is not what happened."""
    for fault in ("self_heal_off", "secret_rotated", "deploy_no_effect"):
        eyes.world.fault(fault)
    status = await eyes.deployment()

    assert (status, (await eyes.ready())[:3]) == ("SUCCEEDED", "503")


async def test_self_heal_heals_a_rotated_secret(eyes: Eyes) -> None:
    """It redeploys on a 503, and the app reads its secret again."""
    eyes.world.fault("secret_rotated")

    await eventually(lambda: _is(eyes.ready, "200"), "self-heal has redeployed the app")


async def test_self_heal_that_is_off_does_nothing(eyes: Eyes) -> None:
    """No deployment in the time it would have taken to begin one."""
    since = utc_now() + timedelta(seconds=1)
    eyes.world.fault("self_heal_off")
    eyes.world.fault("secret_rotated")

    with pytest.raises(AssertionError, match="not within"):
        await eventually(lambda: _begun(eyes, since), "a deployment", within_s=4.5)


async def _begun(eyes: Eyes, since: Any) -> bool:
    return any(o["StartedAt"] >= since for o in await eyes.aws.operations(SERVICE))


async def test_a_lost_answer_is_lost_once(eyes: Eyes) -> None:
    """The page arrives; its answer does not; the next one's does."""
    eyes.world.fault("answer_lost")

    assert (await eyes.page(), await eyes.page()) == ("silence", "200")
    assert len(eyes.world.received()["pages"]) == 2


async def test_a_flaky_vantage_troubles_only_the_prober(eyes: Eyes) -> None:
    """It fires; whoever looks for himself sees a healthy app."""
    eyes.world.fault("flaky_vantage")
    watch = {"enabled": True, "url": "", "for_s": 0}
    (await eyes.http.put(f"{eyes.world.control}/prober", json=watch)).raise_for_status()

    async def firing() -> bool:
        return bool((await eyes.http.get(f"{eyes.world.control}/prober")).json()["firing"])

    await eventually(firing, "the prober fires")
    assert await eyes.ready() == "200"


def test_every_fault_is_tested_here() -> None:
    """A new one needs its row."""
    named = {"db_stopped", "deploy_no_effect", "self_heal_off", "flaky_vantage", "answer_lost"}
    marks = test_a_fault_breaks_what_it_says_and_mending_undoes_it.pytestmark  # type: ignore[attr-defined]
    rows = {row[0] for row in marks[0].args[1]}

    assert set(FAULTS) == rows | named


async def test_a_fault_nobody_knows_is_a_404_that_lists_those_there_are(eyes: Eyes) -> None:
    """Somebody mistyped."""
    answer = await eyes.http.put(f"{eyes.world.control}/faults/db_dwon")

    assert (answer.status_code, "db_down" in answer.json()["detail"]) == (404, True)


async def test_what_needs_the_database_cannot_be_broken_while_it_is_stopped(eyes: Eyes) -> None:
    """It says so, and does not claim to be on."""
    eyes.world.fault("db_stopped")
    answer = await eyes.http.put(f"{eyes.world.control}/faults/db_down")

    assert (answer.status_code, answer.json()["detail"]) == (409, "the database does not answer: mend db_stopped first")
    assert not (await eyes.http.get(f"{eyes.world.control}/faults")).json()["db_down"]["on"]


async def test_several_faults_are_mended_from_the_top_of_the_list(eyes: Eyes) -> None:
    """Whoever goes through the list gets a whole world, the database included."""
    for fault in ("self_heal_off", "secret_rotated", "db_down", "wrong_role", "db_stopped"):
        eyes.world.fault(fault)
    for fault, told in (await eyes.http.get(f"{eyes.world.control}/faults")).json().items():
        if told["on"]:
            eyes.world.mend(fault)

    assert await eyes.ready() == "200"
