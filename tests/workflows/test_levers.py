"""A lever is planned, approved, applied once, and judged by the world (design §7)."""

from temporalio.api.enums.v1 import EventType

from incident.model.effects import ApplyLever
from tests.waiting import eventually
from tests.workflows.drill import goes_dark, play_until_proposed
from tests.workflows.policies import quick, seconds


async def test_a_broken_app_leads_to_a_plan_that_waits_for_a_person(opened, shop):
    """Nothing is redeployed without a yes."""
    case = await opened(alert=goes_dark(shop))
    await play_until_proposed(case)
    status = await case.status()

    assert status["waiting_for"][0] == "a yes or no to redeploy_app-1"
    assert shop.redeployed == []


async def test_a_yes_applies_the_lever_once(opened, shop):
    """However often and by however many it is said."""
    case = await opened(alert=goes_dark(shop))
    proposal = await play_until_proposed(case)
    for by in ("ana", "bo", "ana"):
        await case.tell("approve", {"proposal": proposal, "by": by})
    await case.stands(phase="resolve")

    assert len(shop.redeployed) == 1


async def test_a_yes_needs_no_name_when_there_is_one_plan(opened, shop):
    """Without `proposal` it means the only open one (design §5)."""
    case = await opened(alert=goes_dark(shop))
    await play_until_proposed(case)
    await case.tell("approve")
    await case.stands(phase="resolve")

    assert len(shop.redeployed) == 1


async def test_the_world_says_whether_it_helped(opened, shop):
    """The impact has stopped only once the probe is green, several times in a row."""
    case = await opened(alert=goes_dark(shop))
    proposal = await play_until_proposed(case)
    await case.tell("approve", {"proposal": proposal, "by": "ana"})
    entry = await case.said("mitigate → resolve")

    assert "redeploy_app-1 (approved by ana)" in entry["because"]
    assert "3 times in a row" in entry["because"]


async def test_a_lever_that_does_not_help_is_given_up(opened, shop):
    """The report said applied; the probe says otherwise, and the probe counts (design §7)."""
    shop.cured_by_redeploy = False
    case = await opened(quick(verify_patience=seconds(1)), alert=goes_dark(shop))
    proposal = await play_until_proposed(case)
    await case.tell("approve", {"proposal": proposal, "by": "ana"})
    await case.said("redeploy_app-1 did not stop the impact")
    await case.said("no lever is left")

    assert (await case.status())["phase"] == "mitigate"


async def test_a_no_applies_nothing(opened, shop):
    """Rejected, and there is no other lever: people have to find the way."""
    case = await opened(alert=goes_dark(shop))
    proposal = await play_until_proposed(case)
    await case.tell("reject", {"proposal": proposal, "by": "ana", "why": "a migration is running"})
    await case.said("no lever is left")

    assert shop.redeployed == []


async def test_levers_hold_back_while_an_automation_is_at_work(opened, shop):
    """obs-db-selfheal redeploys on a 503: watch that deployment first (runbook §3.2)."""
    alert = goes_dark(shop)
    shop.deployments.append(
        {"Id": "self-heal", "Type": "START_DEPLOYMENT", "Status": "IN_PROGRESS", "StartedAt": alert.starts_at}
    )
    case = await opened(alert=alert)
    await case.said("our levers hold back")

    assert [p for p in (await case.status())["proposals"] if p["aim"] == "lever"] == []


async def test_an_automation_that_cures_it_moves_the_incident_on(opened, shop):
    """If it recovers, we are done: nobody was asked anything (runbook §3.2)."""
    alert = goes_dark(shop)
    shop.deployments.append(
        {"Id": "self-heal", "Type": "START_DEPLOYMENT", "Status": "IN_PROGRESS", "StartedAt": alert.starts_at}
    )
    case = await opened(alert=alert)
    await case.said("our levers hold back")
    shop.deployments[0]["Status"], shop.serves = "SUCCEEDED", True
    entry = await case.said("mitigate → resolve")

    assert "self_heal" in entry["because"]


async def test_an_impact_that_comes_back_is_fought_again(opened, shop):
    """In phase resolve the world is watched on (runbook §2.3)."""
    case = await opened(alert=goes_dark(shop))
    await play_until_proposed(case)
    await case.tell("approve")
    await case.stands(phase="resolve")
    shop.serves = False

    assert await case.said("resolve → mitigate")


async def test_a_false_alarm_is_told_and_left_to_people(opened, shop):
    """Green from here while the alert fires: no lever is pulled (runbook §3.2)."""
    shop.serves = True
    case = await opened(alert=goes_dark(shop))
    await case.said("not confirmed from here")

    assert [p for p in (await case.status())["proposals"] if p["aim"] == "lever"] == []


async def test_a_look_that_was_overtaken_is_cancelled(opened, shop):
    """It would keep a slot for half an hour, and nobody would hear its answer."""
    case = await opened(alert=goes_dark(shop))
    await play_until_proposed(case)
    await case.tell("mitigated", {"by": "ana", "how": "rolled back"})

    async def cancelled() -> bool:
        kinds = [event.event_type for event in await case.events()]
        return EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED in kinds

    assert await eventually(cancelled, "the look that watched the outage is cancelled", within_s=10)


async def test_the_applied_plan_is_the_one_that_was_approved(opened, shop, town):
    """What a person said yes to is what is done, not what a new plan would say."""
    case = await opened(alert=goes_dark(shop))
    await play_until_proposed(case)
    await case.tell("approve")
    await case.stands(phase="resolve")
    converter = town.client.data_converter.payload_converter
    inputs = [
        e.activity_task_scheduled_event_attributes.input.payloads[0]
        for e in await case.events()
        if e.activity_task_scheduled_event_attributes.activity_type.name == "apply_lever"
    ]
    applied = converter.from_payload(inputs[0], ApplyLever)

    levers = [p for p in (await case.status())["proposals"] if p["aim"] == "lever"]

    assert applied.plan.would == levers[0]["would"]
