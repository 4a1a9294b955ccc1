"""Whether this machine's worker works: `python -m worker.health` asks the engine who polls for incidents.

Exit codes: 0 it polls, 1 it does not (the reason on stderr). For container health checks and `incidents doctor`.
"""

import asyncio
import socket
import sys

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from worker.connecting import NoEngine, connect
from worker.settings import SettingsError, load_settings
from workflows.contract import TASK_QUEUE


async def pollers(client: Client) -> tuple[str, ...]:
    """Identities (`pid@host`) that asked for incidents' workflow tasks in the last minutes. Raises RPCError."""
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=TASK_QUEUE),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    return tuple(poller.identity for poller in answer.pollers)


async def check() -> str:
    """What is wrong; empty: nothing."""
    try:
        seen = await pollers(await connect(load_settings()))
    except (NoEngine, SettingsError, RPCError) as error:
        return str(error)
    host = socket.gethostname()
    if any(identity.endswith(f"@{host}") for identity in seen):
        return ""
    return f"no worker of {host} polls queue {TASK_QUEUE!r}; those seen: {', '.join(seen) or 'none'}"


def main() -> int:
    wrong = asyncio.run(check())
    if wrong:
        print(wrong, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
