"""The floor (engine.md §2): the least one can do with the same engine. One HTTP alert → signal-with-start → a workflow
with one activity → one HTTP page. `python -m bench.floor bridge PORT` and `python -m bench.floor worker PAGE_URL`.
"""

import asyncio
import sys

import httpx
import uvicorn
from fastapi import FastAPI, Request
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from bench.floor_workflow import Floor, Pager
from worker.connecting import connect
from worker.settings import load_settings

QUEUE = "bench-floor"


def bridge(client: Client) -> FastAPI:
    app = FastAPI()

    @app.post("/alertmanager")
    async def take(request: Request) -> dict[str, str]:
        for alert in (await request.json())["alerts"]:
            await client.start_workflow(
                Floor.run,
                alert,
                id=f"floor-{alert['labels']['instance']}",
                task_queue=QUEUE,
                start_signal="alert",
                start_signal_args=[alert],
            )
        return {}

    return app


async def main(role: str, argument: str) -> None:
    client = await connect(load_settings())
    if role == "bridge":
        config = uvicorn.Config(bridge(client), port=int(argument), log_level="error", access_log=False)
        await uvicorn.Server(config).serve()
        return
    runner = SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules("httpx"))
    async with httpx.AsyncClient() as http:
        pager = Pager(http, argument)
        await Worker(client, task_queue=QUEUE, workflows=[Floor], activities=[pager.page], workflow_runner=runner).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
