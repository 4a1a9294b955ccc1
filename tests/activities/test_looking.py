"""Looking: side by side, patiently, and never blinded by one check that is broken or stuck."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.beating import beating
from activities.chatting import Opened
from activities.looking import LookingActivities
from activities.outside import Outside
from gameday.world.launch import RunningWorld
from incident.model.effects import Brief, Look, Post, Purpose
from incident.model.finding import Finding, Status
from incident.model.outcomes import Looked
from incident.model.severity import Severity
from integrations.clock import utc_now
from tests.activities.practice import PlayedAws, app_at, ask, operation, outside, practice
from tests.waiting import eventually

SOON = timedelta(seconds=0.05)
LONG = timedelta(minutes=10)
POST = Post(key="k", incident_id="incident-A", title="SEV-1 A", severity=Severity.SEV1)


def look(*checks: str, **changed: Any) -> Look:
    given: dict[str, Any] = {
        "key": "k",
        "incident_id": "incident-A",
        "number": 7,
        "purpose": Purpose.HOLD,
        "checks": checks,
        "alert": ask().alert,
        "opened_at": utc_now(),
        "since": utc_now() - timedelta(minutes=1),
        "every": SOON,
    }
    return Look(**(given | changed))


async def nobody(brief: Brief) -> Opened:
    """Says nothing."""
    return Opened()


async def run(given: Outside, effect: Look, env: ActivityEnvironment | None = None, **changed: Any) -> Looked:
    looked: Looked = await (env or ActivityEnvironment()).run(LookingActivities(given, nobody, **changed).look, effect)
    return looked


def states(looked: Looked) -> dict[str, str]:
    return {finding.check: finding.state for finding in looked.findings}


@dataclass
class ChangingAws(PlayedAws):
    """Its `self_heal` finding changes from look to look: ok, bad, acting."""

    says: list[str] = field(default_factory=list)
    looks: int = 0

    async def operations(self, service_arn: str) -> list[dict[str, Any]]:
        said = self.says[min(self.looks, len(self.says) - 1)]
        self.looks += 1
        status = {"bad": "FAILED", "acting": "IN_PROGRESS"}.get(said)
        return [operation(status, utc_now())] if status else []


def changing(*says: str) -> tuple[Outside, ChangingAws]:
    aws = ChangingAws(says=list(says))
    return outside(apps=(app_at("http://127.0.0.1:9", service_arn="arn:1"),), aws=aws), aws


async def test_an_impatient_look_tells_what_is_there(world: RunningWorld) -> None:
    """All checks of AppDBDown, in the order asked for."""
    checks = ("ready_probe", "self_heal", "rds_status", "master_secret_rotation", "app_role", "journey", "ledger")

    looked = await run(practice(world.env), look(*checks))

    assert (looked.number, looked.purpose) == (7, Purpose.HOLD)
    assert tuple(finding.check for finding in looked.findings) == checks


async def test_a_patient_look_waits_for_a_change(world: RunningWorld) -> None:
    """Nothing is told while all is as known; then all checks are."""
    effect = look("ready_probe", "ledger", known={"ready_probe": "ok", "ledger": "ok"}, patience=LONG)
    looking = asyncio.create_task(run(practice(world.env), effect))
    await asyncio.wait([looking], timeout=0.5)
    assert not looking.done()

    world.fault("ledger_stuck")

    assert states(await asyncio.wait_for(looking, 20)) == {"ready_probe": "ok", "ledger": "bad"}


async def test_an_automation_that_begins_is_a_change(world: RunningWorld) -> None:
    """`ok` and `ok+acting` are two states: our levers hold back."""
    given, aws = changing("ok", "ok", "acting")

    looked = await run(given, look("self_heal", known={"self_heal": "ok"}, patience=LONG))

    assert (states(looked), aws.looks) == ({"self_heal": "ok+acting"}, 3)


async def test_patience_ends() -> None:
    """Then what is there is told, changed or not."""
    given, _ = changing("bad")

    looked = await run(given, look("self_heal", known={"self_heal": "bad"}, patience=timedelta(seconds=0.2)))

    assert states(looked) == {"self_heal": "bad"}


async def test_a_look_gives_a_sign_of_life_at_once() -> None:
    """And every few seconds after, however long its checks take: a dead worker is missed soon."""
    given, _ = changing("bad", "bad", "bad", "ok")
    beats: list[object] = []
    env = ActivityEnvironment()
    env.on_heartbeat = lambda *details: beats.append(details)

    await run(given, look("self_heal", known={"self_heal": "bad"}, patience=LONG), env)

    assert beats[:1] == [()]


async def test_a_green_counts_after_several_in_a_row() -> None:
    """And says how many."""
    given, aws = changing("ok")

    looked = await run(given, look("self_heal", greens=3))

    assert (states(looked), aws.looks) == ({"self_heal": "ok"}, 3)
    assert looked.findings[0].summary.endswith("(3 times in a row)")


async def test_one_red_among_the_greens_is_red() -> None:
    """A flapping service is not well."""
    given, _ = changing("ok", "bad", "ok")

    assert states(await run(given, look("self_heal", greens=3))) == {"self_heal": "bad"}


async def test_a_red_counts_at_once() -> None:
    """No need to see it three times."""
    given, aws = changing("bad")

    await run(given, look("self_heal", greens=3))

    assert aws.looks == 1


async def test_a_patient_look_confirms_the_green_it_waited_for() -> None:
    """News is only news when it stays."""
    given, aws = changing("bad", "bad", "ok")

    looked = await run(given, look("self_heal", known={"self_heal": "bad"}, patience=LONG, greens=2))

    assert (states(looked), aws.looks) == ({"self_heal": "ok"}, 4)


class BrokenAws(PlayedAws):
    async def rds_instances(self) -> list[dict[str, Any]]:
        raise ZeroDivisionError("postgresql://u:hush@db/x")


async def test_one_broken_check_blinds_no_other(world: RunningWorld) -> None:
    """It is unknown; its own text, which may hold anything, is not told."""
    looked = await run(practice(world.env, aws=BrokenAws()), look("rds_status", "ready_probe"))

    assert states(looked) == {"rds_status": "unknown", "ready_probe": "ok"}
    assert looked.findings[0].summary == "the check itself broke (ZeroDivisionError); see the worker's log"


class StuckAws(PlayedAws):
    async def rds_instances(self) -> list[dict[str, Any]]:
        await asyncio.Event().wait()
        return []


async def test_one_stuck_check_blinds_no_other(world: RunningWorld) -> None:
    """Each has its own time."""
    given = practice(world.env, aws=StuckAws())

    looked = await run(given, look("rds_status", "ready_probe"), check_within=timedelta(seconds=2))

    assert states(looked) == {"rds_status": "unknown", "ready_probe": "ok"}
    assert looked.findings[0].summary == "the check did not end within 2 s"


async def test_a_check_nobody_knows_is_unknown() -> None:
    """A playbook from another version of us."""
    looked = await run(outside(), look("crystal_ball"))

    assert (looked.findings[0].status, looked.findings[0].summary) == (Status.UNKNOWN, "there is no such check")


async def looking_until(given: Outside, effect: Look, ready: Callable[[], Awaitable[bool]]) -> Looked:
    """The look of a worker that is asked to stop as soon as it is `ready`."""
    env = ActivityEnvironment()
    looking = asyncio.create_task(run(given, effect, env))
    await eventually(ready, "it looks")
    env.worker_shutdown()
    return await asyncio.wait_for(looking, 5)


async def test_a_worker_that_stops_tells_what_is_there() -> None:
    """Another one looks on: it does not hold the shutdown up for ten minutes."""
    given, aws = changing("bad")
    effect = look("self_heal", known={"self_heal": "bad"}, patience=LONG, every=timedelta(minutes=1))

    looked = await looking_until(given, effect, lambda: _has_looked(aws))

    assert states(looked) == {"self_heal": "bad"}


async def test_a_worker_that_stops_confirms_no_green_it_has_not_seen_often_enough() -> None:
    """A customer is not declared well because we were restarted."""
    given, aws = changing("ok")
    effect = look("self_heal", greens=3, every=timedelta(minutes=1))

    looked = await looking_until(given, effect, lambda: _has_looked(aws))

    assert states(looked) == {"self_heal": "unknown"}
    assert looked.findings[0].summary.endswith("not yet often enough in a row")


async def _has_looked(aws: ChangingAws) -> bool:
    return aws.looks > 0


async def test_a_cancelled_look_ends(world: RunningWorld) -> None:
    """The incident is over: nobody wants to know any more."""
    given, aws = changing("bad")
    env = ActivityEnvironment()
    effect = look("self_heal", known={"self_heal": "bad"}, patience=LONG, every=timedelta(minutes=1))
    looking = asyncio.create_task(run(given, effect, env))
    await eventually(lambda: _has_looked(aws), "it looks")

    env.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(looking, 5)


async def brief(say: Callable[[Brief], Awaitable[Opened]], effect: Brief) -> tuple[str, tuple[Finding, ...]]:
    given, _ = changing("ok")
    briefed = await ActivityEnvironment().run(LookingActivities(given, say).brief, effect)
    return briefed.not_posted, briefed.findings


async def test_a_brief_opens_the_thread_and_looks() -> None:
    """One activity, because each history event costs."""
    said: list[Post] = []

    async def say(brief: Brief) -> Opened:
        said.append(brief.post)
        return Opened()

    not_posted, findings = await brief(say, Brief(key="k", post=POST, look=look("self_heal")))

    assert (not_posted, said, [f.check for f in findings]) == ("", [POST], ["self_heal"])


async def test_a_thread_that_cannot_be_opened_does_not_keep_us_from_looking() -> None:
    """Why, and what was seen."""

    async def say(brief: Brief) -> Opened:
        return Opened(not_posted="the chat webhook answered 503")

    not_posted, findings = await brief(say, Brief(key="k", post=POST, look=look("self_heal")))

    assert (not_posted, len(findings)) == ("the chat webhook answered 503", 1)


async def test_a_brief_without_anything_to_look_at_only_speaks() -> None:
    """An alert the runbook does not know."""
    assert await brief(nobody, Brief(key="k", post=POST, look=None)) == ("", ())


async def test_signs_of_life_end_with_what_they_stood_for() -> None:
    """A beat after the end would speak for somebody else."""
    beats: list[object] = []
    env = ActivityEnvironment()
    env.on_heartbeat = lambda *details: beats.append(details)

    async def waits_for_three_beats() -> int:
        async with beating(every_s=0.01):
            await eventually(lambda: asyncio.sleep(0, len(beats) >= 3), "three beats")
        return len(beats)

    at_the_end = await env.run(waits_for_three_beats)
    await asyncio.sleep(0)

    assert len(beats) == at_the_end
