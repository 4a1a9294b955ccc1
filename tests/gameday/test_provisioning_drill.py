"""The drill of runbook §3.1 on a real engine: both endings, read from the platform's own ledger."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from activities.ledger import Ledger
from activities.links import Links
from activities.outside import Outside
from activities.provide import World, provide
from bridge.http import create_app
from bridge.intake import Intake
from bridge.refused import Refused
from bridge.settings import BridgeSettings
from gameday.drill import PROVISIONING, SCENARIOS, Places
from gameday.provisioning.contract import STEPS
from gameday.provisioning.launch import RunningPlatform, start_platform
from gameday.provisioning.remote import Remote
from gameday.provisioning_drill import FENCED, Ending, ProvisioningDrill, ending, far_away, order_of
from integrations.aws import Aws
from integrations.ports import Channels
from integrations.settings import AwsSettings, MetricsSettings, ProvisioningSettings
from runbook.response import RESPONSE, at_speed
from saga.fence import OPENING
from tests.bridge.conftest import Bridge
from tests.bridge.test_http import listening
from tests.conftest import Engine, new_namespace
from tests.fakes import FakeChat, FakePager
from worker.__main__ import workers
from worker.wiring import saga_desk

pytestmark = pytest.mark.timeout(180)
SPEED = 240.0
"""The quiet hour in 15 s."""
POLICY = replace(at_speed(RESPONSE, SPEED), verify_patience=timedelta(seconds=30))
"""Sagas are no faster in a drill."""
INCIDENT = "incident-ProvisioningJobsStuck"


@dataclass
class Told:
    """What a play printed."""

    timeline: list[dict[str, str]] = field(default_factory=list)
    narrated: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    shown: list[Ending] = field(default_factory=list)
    at_the_alert: Callable[[], object] = lambda: None

    def say(self, entry: dict[str, str]) -> None:
        self.timeline.append(entry)
        if entry["kind"] == "alert":
            self.at_the_alert()

    def has(self, words: str) -> bool:
        return any(words in line for line in self.narrated)


@dataclass(kw_only=True)
class Played:
    """A play that was cut off in its second act, and the one that went on; the rest was read afterwards."""

    first: Told
    second: Told
    naive: Ending
    ours: Ending
    cron: dict[str, object]
    jobs: list[str]
    pages: int
    status: dict[str, object]


@pytest.fixture(scope="module")
def platform(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    """As `incidents up` starts it, with its sagas in a namespace of this module."""
    options = ("--no-database", "--namespace", "drilled-provisioning", "--stuck-after-s", "2")
    with start_platform(tmp_path_factory.mktemp("platform"), 0, engine.address, *options) as running:
        yield running


@pytest.fixture(scope="module")
async def played(
    engine: Engine, platform: RunningPlatform, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Played]:
    """From two checkouts to the closed incident, with one interruption."""
    client, pager = await new_namespace(engine), FakePager()
    async with product(client, platform, tmp_path_factory.mktemp("home"), pager) as port:
        first, second = Told(), Told()
        places = Places(world="", bridge=f"http://127.0.0.1:{port}", cli=(str(engine.cli), "--address", engine.address))
        places = replace(places, cli=(*places.cli, "--namespace", client.namespace))
        await _cut_off(drill(client, places, platform, first), first)
        handle = await drill(client, places, platform, second).play()
        async with httpx.AsyncClient() as http:
            remote = Remote(http, platform)
            yield Played(
                first=first,
                second=second,
                naive=await ending(remote, order_of("acme", "ACME", 1), "naively"),
                ours=await ending(remote, order_of("globex", "Globex", 1), "by us"),
                cron=await remote.cron(),
                jobs=[job["job"] for job in await remote.jobs()],
                pages=len(pager.pages),
                status=await handle.query("status"),
            )


def drill(client: Client, places: Places, platform: RunningPlatform, told: Told) -> ProvisioningDrill:
    """On autopilot."""
    return ProvisioningDrill(
        client=client,
        places=places,
        scenario=SCENARIOS[PROVISIONING],
        hands_on=False,
        say=told.say,
        tell=lambda _why, line: told.typed.append(line),
        at=platform,
        narrate=told.narrated.append,
        show=told.shown.extend,
    )


async def _cut_off(play: ProvisioningDrill, told: Told) -> None:
    """Ctrl-C at the very moment at which it says that the alert has fired: before it can say yes to anything."""
    playing = asyncio.create_task(play.play())
    told.at_the_alert = playing.cancel
    ended, _ = await asyncio.wait({playing}, timeout=100)
    assert ended, f"the alert fires: {told}"
    assert playing.cancelled(), told


@asynccontextmanager
async def product(client: Client, platform: RunningPlatform, home: Path, pager: FakePager) -> AsyncIterator[int]:
    """Our worker and our bridge, pointed at the platform by its own words; the bridge's port."""
    ledger = Ledger(home / "ledger.db")
    async with httpx.AsyncClient(timeout=10) as http:
        metrics = MetricsSettings.model_validate({"url": f"{platform.control}/metrics", "token": platform.token})
        desk = await saga_desk(pointed(platform), http)
        world = World(
            outside=Outside(http=http, aws=Aws(AwsSettings()), apps=(), metrics=metrics, sagas=desk),
            channels=Channels(pagers={"ntfy": pager}, chat=FakeChat()),
            ledger=ledger,
            links=Links("http://127.0.0.1:8233"),
            home=home,
            speed=SPEED,
        )
        first, second, third = workers(client, provide(world), grace=timedelta(seconds=1))
        async with first, second, third, listening(bridge(client, home)) as port:
            yield port
    ledger.close()


def pointed(platform: RunningPlatform) -> ProvisioningSettings:
    """As the worker would read it from the environment."""
    told = {name.removeprefix("INCIDENTS_PROVISIONING__").lower(): value for name, value in platform.env.items()}
    return ProvisioningSettings.model_validate(told | {"lookups": json.loads(told["lookups"])})


def bridge(client: Client, home: Path) -> Bridge:
    settings = BridgeSettings()
    refused = Refused(home / "refused", settings.refused_max_files, settings.refused_max_bytes)
    intake = Intake(client, settings, speed=SPEED)
    intake._policy = POLICY
    return Bridge(httpx.AsyncClient(), create_app(intake, settings, refused, print), home / "refused")


# ── the endings ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_naively_two_deployments_are_minted(played: Played) -> None:
    """As the runbook warns (§3.1)."""
    assert len(played.naive.deployments) == 2


def test_naively_the_paid_quota_is_zeroed(played: Played) -> None:
    """And nobody is told: the saga completed."""
    assert (played.naive.quota, played.naive.paid_gb) == (0, 500)


def test_by_us_there_is_one_deployment_and_the_paid_quota(played: Played) -> None:
    """The ledger says so, not we."""
    assert (len(played.ours.deployments), played.ours.quota) == (1, 500)


def test_by_us_the_tenant_answers(played: Played) -> None:
    """All of it is there, once."""
    assert played.ours.ailing == ()


def test_by_us_only_the_failed_step_runs_again(played: Played) -> None:
    """Every other step was called exactly once, ever."""
    once = dict.fromkeys(STEPS, ("done",))
    assert dict(played.ours.calls) == once | {"create_database": ("fail", "fail", "done")}


def test_both_endings_are_shown(played: Played) -> None:
    """What was shown in the end is what the ledger says."""
    assert played.second.shown[-2:] == [played.naive, played.ours]


# ── the incident ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_incident_pages_and_closes(played: Played) -> None:
    """The wreck of the first act holds nothing up."""
    assert (played.pages > 0, played.status["phase"]) == (True, "closed")


def test_the_plan_names_job_customer_and_step(played: Played) -> None:
    """And what will not be run again, with its result."""
    (proposed,) = [e["what"] for e in played.second.timeline if "redrive_step-1 proposed" in e["what"]]
    assert "Will run `create_database` again for job globex-1 (Globex-1, plan L)." in proposed
    assert f"reserve_deployment (done, {played.ours.deployments[0]})" in proposed


def test_nobody_is_called_for_what_is_being_mended(played: Played) -> None:
    """While the saga moves again, the app still counts its job as stuck."""
    assert [e["what"] for e in played.second.timeline if "handed to people" in e["what"]] == []


def test_a_person_said_yes(played: Played) -> None:
    """By the line that was printed."""
    assert any("--name approve" in line and "redrive_step-1" in line for line in played.second.typed)


# ── the cron ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_cron_is_seen_paused_with_our_lease(played: Played) -> None:
    """Its own note says for which incident, and until when."""
    (line,) = [line for line in played.second.narrated if "paused meanwhile" in line]
    assert f"-create_database for {INCIDENT} until 20" in line


def test_the_cron_runs_again_with_the_note_it_had(played: Played) -> None:
    """As if nothing had been."""
    assert (played.cron["paused"], played.cron["note"]) == (False, "drives failed provisioning sagas again")
    assert played.second.has("reconcile-provisioning runs again")


def test_the_drill_knows_how_our_notes_begin() -> None:
    """It reads the note as a stranger does, so a change of words would blind it."""
    assert OPENING.startswith(FENCED)


@pytest.mark.parametrize("now", [0, 599.5, 1_790_000_000, 1_790_000_399, 1_799_999_999.9])
def test_the_next_pass_of_the_cron_lies_behind_the_drill(now: float) -> None:
    """Whatever the time of day: at least five minutes."""
    every = far_away(now)
    assert every - now % every > 300


# ── the interruption ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_drill_that_was_cut_off_goes_on(played: Played) -> None:
    """The same two customers, and nobody buys, or is reset, twice."""
    assert played.jobs == ["acme-1", "globex-1"]
    assert [line for line in played.second.typed if "workflow reset" in line] == []


def test_the_first_act_had_been_played(played: Played) -> None:
    """One naive reset, shown in red, before the alert fired."""
    assert [line for line in played.first.typed if "reset" in line] == [
        "temporal workflow reset -w provision-acme-1 --type FirstWorkflowTask"
    ]
    assert played.first.shown[0].again == ("reserve_deployment", "set_quota")
