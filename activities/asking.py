"""Asks an incident whether a page of it is still true, just before a message of it goes out (issue 5 §2)."""

from datetime import timedelta

from temporalio import activity
from temporalio.client import WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.common import QueryRejectCondition
from temporalio.service import RPCError

from incident.model.effects import Page
from integrations.freshness import CannotAsk

OVERTAKEN = "overtaken"
"""Name of the query. It takes the page's key and severity, and answers why it must not go out; empty: it may."""
WITHIN = timedelta(seconds=2)
"""An incident that runs answers in milliseconds; while its worker is away, nobody sleeps for longer because of that."""
TIMES = 2
"""A worker that has to replay the incident first may fail one query (docs/decisions/0013)."""


async def overtaken(page: Page) -> str:
    """Why `page` must not go out any more; empty: it may. Raises CannotAsk."""
    for _ in range(TIMES - 1):
        try:
            return await _ask(page)
        except WorkflowQueryFailedError:
            continue
    try:
        return await _ask(page)
    except WorkflowQueryFailedError:
        raise CannotAsk("its incident cannot be asked: the query failed") from None


async def _ask(page: Page) -> str:
    """Raises CannotAsk, WorkflowQueryFailedError."""
    handle = activity.client().get_workflow_handle(page.incident_id)
    try:
        why: str = await handle.query(
            OVERTAKEN,
            args=[page.key, page.severity.value],
            result_type=str,
            reject_condition=QueryRejectCondition.NOT_OPEN,
            rpc_timeout=WITHIN,
        )
    except WorkflowQueryRejectedError:
        return "its incident has ended"
    except RPCError as error:
        raise CannotAsk(f"its incident cannot be asked: {error.status.name.lower()}") from None
    return why
