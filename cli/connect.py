"""How a command reaches the engine and finds the incident a person means."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError, RPCStatusCode

from worker.connecting import connect
from worker.settings import Settings, load_settings
from workflows.contract import WORKFLOW_TYPE

PATIENCE = timedelta(seconds=10)
"""Longest wait for one answer of the engine or of a worker."""
OPEN = f"WorkflowType='{WORKFLOW_TYPE}' AND ExecutionStatus='Running'"
ANY = f"WorkflowType='{WORKFLOW_TYPE}'"
MOST_NAMED = 10

Answer = TypeVar("Answer")


class SayNo(Exception):
    """The answer is no. The message says why and what to do; exit code 1."""


def ask(work: Callable[[Client, Settings], Awaitable[Answer]]) -> Answer:
    """Do `work` with a client of this machine's settings. Raises NoEngine, SettingsError, SayNo."""

    async def connected() -> Answer:
        settings = load_settings()
        return await work(await connect(settings), settings)

    try:
        return asyncio.run(connected())
    except RPCError as error:
        raise SayNo(f"the engine said no: {error.message} ({error.status.name})") from None


async def found(client: Client, query: str) -> list[WorkflowExecution]:
    """Incidents for a visibility query, newest run first. Raises RPCError."""
    runs = [run async for run in client.list_workflows(query, rpc_timeout=PATIENCE)]
    return sorted(runs, key=lambda run: run.start_time, reverse=True)


async def exists(client: Client, workflow_id: str) -> bool:
    """Whether the engine knows this very id, open or closed. Asked directly: lists lag behind by a moment."""
    try:
        await client.get_workflow_handle(workflow_id).describe(rpc_timeout=PATIENCE)
    except RPCError as error:
        if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
            return False
        raise
    return True


async def open_id(client: Client, part: str) -> str:
    """The id of the one open incident that `part` names, whole or in part (case does not matter). Raises SayNo."""
    if await exists(client, part):
        return part
    ids = sorted({run.id for run in await found(client, OPEN)})
    return the_one(part, ids, "open incident")


def the_one(part: str, ids: list[str], what: str) -> str:
    """The only one of `ids` that contains `part`. Raises SayNo naming what there is."""
    matching = [known for known in ids if part.lower() in known.lower()]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise SayNo(f"{part!r} names {len(matching)} {what}s; say more of the id:{_listed(matching)}")
    others = f"; there is:{_listed(ids)}" if ids else ", and there is none at all"
    raise SayNo(f"no {what} has {part!r} in its id{others}")


def _listed(ids: list[str]) -> str:
    more = [f"… and {len(ids) - MOST_NAMED} more: `incidents list`"] if len(ids) > MOST_NAMED else []
    return "".join(f"\n  {line}" for line in [*ids[:MOST_NAMED], *more])
