"""What people do in an incident about stuck customers, and what they see."""

from contextlib import suppress
from typing import Any

from temporalio.client import WorkflowFailureError, WorkflowHandle

from gameday.provisioning.starting import SagaHandle
from tests.waiting import asked, eventually

LONG = 120.0
"""Seconds: the machine may be busy with much else."""


async def ended_badly(saga: SagaHandle) -> None:
    """Wait until it has failed."""
    with suppress(WorkflowFailureError):
        await saga.result()


async def proposals(incident: WorkflowHandle[Any, Any], state: str) -> list[dict[str, Any]]:
    """Those that re-drive a step."""
    told = await asked(incident, "status")
    return [one for one in told["proposals"] if one["state"] == state and one["id"].startswith("redrive_step")]


async def open_plans(incident: WorkflowHandle[Any, Any], count: int) -> list[dict[str, Any]]:
    """Once so many wait for a yes."""

    async def waiting() -> list[dict[str, Any]]:
        found = await proposals(incident, "open")
        return found if len(found) >= count else []

    return await eventually(waiting, f"{count} plans to approve", within_s=LONG)


async def approve(incident: WorkflowHandle[Any, Any], plan: dict[str, Any]) -> None:
    await incident.execute_update("approve", {"proposal": plan["id"], "by": "ana"})


async def resolved(incident: WorkflowHandle[Any, Any]) -> None:
    """The impact has stopped."""

    async def gone() -> bool:
        return str((await asked(incident, "status"))["phase"]) == "resolve"

    await eventually(gone, "the incident is at resolve", within_s=LONG)


async def said(incident: WorkflowHandle[Any, Any], words: str) -> dict[str, Any]:
    """The first line of the timeline that contains `words`, here or in its reason."""

    async def line() -> dict[str, Any] | None:
        told = await asked(incident, "timeline")
        return next((entry for entry in told if words in entry["what"] or words in entry["because"]), None)

    found = await eventually(line, f"the timeline says {words!r}", within_s=LONG)
    assert found
    return found
