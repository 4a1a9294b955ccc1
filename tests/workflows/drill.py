"""A whole incident, from the alert to the record, as a good responder would play it."""

from incident.model.alert import Alert
from tests.waiting import eventually
from tests.workflows.case import Case, fires
from tests.workflows.street import Shop

POSTMORTEM = {"url": "https://wiki.test/1", "by": "ana"}
FOLLOW_UP = {"what": "alert on deep readiness", "owner": "ana", "by": "ana"}


def goes_dark(shop: Shop) -> Alert:
    """The alert of this shop."""
    return fires(instance=f"https://{shop.host}/api/ready")


async def play_until_proposed(case: Case) -> str:
    """Paged, acked, looked at, and a plan waits for a yes. Returns the proposal's id."""
    # An ack that is faster than its page makes it stale, and a stale page is not sent.
    await case.said("page 1 delivered")
    await case.tell("ack", {"by": "ana"})

    async def plan() -> str:
        """Others may be proposed before it: a mail, for instance."""
        levers = [p["id"] for p in (await case.status())["proposals"] if p["aim"] == "lever"]
        return str(levers[-1]) if levers else ""

    return await eventually(plan, f"{case.id}: a lever's plan waits for a yes")


async def play_until_resolve(case: Case) -> None:
    """Approved, applied, and the impact has stopped."""
    proposal = await play_until_proposed(case)
    await case.tell("approve", {"proposal": proposal, "by": "ana"})
    await case.stands(phase="resolve")


async def play_until_postmortem(case: Case) -> None:
    """All four criteria hold."""
    await play_until_resolve(case)
    await case.tell("alert", case.cleared)
    await case.tell("action_item", FOLLOW_UP)
    await case.stands(phase="postmortem")


async def play(case: Case) -> dict[str, object]:
    """All of it; the run's result."""
    await play_until_postmortem(case)
    await case.tell("postmortem", POSTMORTEM)
    return await case.ended()
