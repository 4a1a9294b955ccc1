"""Resetting to the first workflow task, as tired people and naive crons do: everything runs again.

This is the runbook's "do not" (§3.1), kept here to show what comes of it.
"""

import asyncio
from pathlib import Path

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client

from gameday.provisioning.contract import NAMESPACE


class ResetFailed(Exception):
    """The message is the CLI's."""


async def reset_to_first_task(client: Client, workflow_id: str, run_id: str, *, by: str) -> str:
    """The new run's id. Raises RPCError."""
    handle = client.get_workflow_handle(workflow_id, run_id=run_id)
    first = 0
    async for event in handle.fetch_history_events():
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            first = event.event_id
            break
    wanted = ResetWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
        workflow_task_finish_event_id=first,
        reason=f"{by}: trying again",
        request_id=f"{by}/{run_id}",
        identity=by,
    )
    return str((await client.workflow_service.reset_workflow_execution(wanted)).run_id)


async def naive_operator(cli: Path, address: str, workflow_id: str, namespace: str = NAMESPACE) -> str:
    """Types the reset that must not be typed; returns the line. Raises ResetFailed."""
    command = [str(cli), "workflow", "reset", "-w", workflow_id, "--type", "FirstWorkflowTask"]
    command += ["--reason", "stuck, trying again", "--address", address, "--namespace", namespace]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise ResetFailed(said.decode().strip())
    return f"temporal workflow reset -w {workflow_id} --type FirstWorkflowTask"
