"""The least a durable page can be: one workflow, one activity."""

from datetime import timedelta
from typing import Any

import httpx
from temporalio import activity, workflow


class Pager:
    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http, self._url = http, url

    @activity.defn
    async def page(self, alert: dict[str, Any]) -> None:
        (await self._http.post(self._url, json=alert)).raise_for_status()


@workflow.defn(name="BenchFloor")
class Floor:
    @workflow.run
    async def run(self, alert: dict[str, Any]) -> None:
        await workflow.execute_activity_method(Pager.page, alert, start_to_close_timeout=timedelta(seconds=10))
        await workflow.wait_condition(lambda: False, timeout=timedelta(minutes=5))

    @workflow.signal
    def alert(self, alert: dict[str, Any]) -> None:
        """Taken, as the incident takes its alert."""
