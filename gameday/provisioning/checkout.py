"""What needs the engine over HTTP: a customer pays, and the naive cron is switched."""

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from gameday.provisioning.contract import SCHEDULE_ID, CronInput, Order, Patience
from gameday.provisioning.cron import create_cron
from gameday.provisioning.providers import Providers
from gameday.provisioning.starting import check_out


class CronWish(BaseModel):
    """Body of `PUT /cron`. `every_s`: seconds, from 1."""

    every_s: float = 5.0
    how: str = "restart"
    paused: bool = False
    patience: Patience = Patience()


def checkout(providers: Providers, client: Client | None) -> APIRouter:
    """`client` None: there is no engine, and all of this answers 503."""
    router = APIRouter()

    @router.post("/checkouts", status_code=201)
    async def pay(order: Order) -> dict[str, str]:
        try:
            handle = await check_out(_there(client), providers, order)
        except WorkflowAlreadyStartedError:
            raise HTTPException(409, f"job {order.job} has a saga already") from None
        return {"job": order.job, "workflow_id": handle.id, "run_id": handle.result_run_id or ""}

    @router.get("/cron")
    async def cron() -> dict[str, Any]:
        return await cron_state(_there(client))

    @router.put("/cron")
    async def switch_on(wish: CronWish) -> dict[str, Any]:
        """Anew: what was there is replaced."""
        await _remove(_there(client))
        await create_cron(_there(client), wish.every_s, CronInput(wish.how, wish.patience), paused=wish.paused)
        return await cron_state(_there(client))

    @router.delete("/cron")
    async def switch_off() -> dict[str, str]:
        await _remove(_there(client))
        return {SCHEDULE_ID: "removed"}

    return router


async def cron_state(client: Client) -> dict[str, Any]:
    """`{"exists": false}`, or whether it is paused, its note, and how often it ran."""
    try:
        told = await client.get_schedule_handle(SCHEDULE_ID).describe()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return {"exists": False}
        raise
    state = told.schedule.state
    return {"exists": True, "paused": state.paused, "note": state.note or "", "actions": told.info.num_actions}


async def _remove(client: Client) -> None:
    try:
        await client.get_schedule_handle(SCHEDULE_ID).delete()
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise


def _there(client: Client | None) -> Client:
    if client is None:
        raise HTTPException(503, "started without --address: there is no engine")
    return client
