"""What every call that could change something goes through: the ledger, the job it belongs to, the step's fault."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from gameday.provisioning.faults import Fault, Faults
from gameday.provisioning.jobs import Jobs
from gameday.provisioning.store import Row, Store

NO_ANSWER = 0
"""Status of an answer that nobody gets: the connection is closed instead."""


@dataclass(frozen=True)
class Call:
    """Who asks for what. All but `step` and `customer` is what the caller said of itself in headers."""

    step: str
    customer: str
    job: str = ""
    plan: str = ""
    key: str = ""
    run: str = ""
    attempt: str = ""


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    outcome: str = "done"
    """`done`, `same` (seen before, nothing changed), `refused`, or the kind of the fault that hit; `running`: none
    yet."""
    changed: str = ""
    """In words; empty: nothing."""


Do = Callable[[], Answer]
"""Synchronous: nothing comes between looking and doing."""
Prepare = Callable[[], Awaitable[Do]]
"""What has to be waited for first, one such call at a time; returns the rest. Raises NotPrepared."""


class NotPrepared(Exception):
    """What stands behind the provider does not work. The message says what."""


class Gate:
    def __init__(self, store: Store, faults: Faults, jobs: Jobs) -> None:
        self._store, self._faults, self._jobs = store, faults, jobs
        self._preparing = asyncio.Lock()

    def ledger(self) -> list[Row]:
        """Every call that could change something, in order."""
        return self._store.rows("SELECT * FROM ledger ORDER BY n")

    def forget_ledger(self) -> None:
        self._store.write("DELETE FROM ledger")

    async def through(self, call: Call, do: Do) -> Answer:
        """`do` and its line in the ledger are one transaction."""
        number, fault, stopped = await self._admitted(call)
        return self._done(number, call, fault, stopped or do)

    async def through_prepared(self, call: Call, prepare: Prepare) -> Answer:
        """The same, where something else than our own store must act first."""
        number, fault, stopped = await self._admitted(call)
        async with self._preparing:
            return self._done(number, call, fault, stopped or await _prepared(prepare))

    async def _admitted(self, call: Call) -> tuple[int, Fault | None, Do | None]:
        """Its number in the ledger, its fault, and the answer that the fault gives before anything is done."""
        number = self._began(call)
        fault = self._faults.take(call.step)
        stopped = await self.before(fault)
        return number, fault, (lambda: stopped) if stopped else None

    def _done(self, number: int, call: Call, fault: Fault | None, do: Do) -> Answer:
        with self._store.together():
            answer = _after(fault, do())
            self._ended(number, call, answer)
        return answer

    async def before(self, fault: Fault | None) -> Answer | None:
        """None: go on."""
        match fault.kind if fault else "":
            case "fail":
                return Answer(503, {"error": "service unavailable"}, "fail")
            case "reject":
                return Answer(422, {"error": "unprocessable: this will never work"}, "reject")
            case "slow" if fault:
                await asyncio.sleep(fault.seconds)
            case "hang" if fault and not await self._faults.released(fault):
                return Answer(504, {"error": "upstream timed out"}, "hang")
        return None

    def _began(self, call: Call) -> int:
        with self._store.together():
            self._jobs.began(call.job, call.customer, call.plan, call.step)
            return self._store.write(
                "INSERT INTO ledger (at, step, customer, job, key, run, attempt, outcome, changed) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, 'running', '')",
                *(time.time(), call.step, call.customer, call.job, call.key, call.run, call.attempt),
            )

    def _ended(self, number: int, call: Call, answer: Answer) -> None:
        self._store.write(
            "UPDATE ledger SET outcome = ?, changed = ? WHERE n = ?", answer.outcome, answer.changed, number
        )
        error = "" if answer.outcome in ("done", "same") else f"{answer.status or 'no answer'}: {_words(answer.body)}"
        self._jobs.ended(call.job, call.step, error)


async def _prepared(prepare: Prepare) -> Do:
    try:
        return await prepare()
    except NotPrepared as error:
        refused = Answer(503, {"error": str(error)}, "fail")
        return lambda: refused


def _after(fault: Fault | None, answer: Answer) -> Answer:
    """What the caller gets of what was done."""
    match fault.kind if fault else "":
        case "fail_after":
            return replace(answer, status=500, body={"error": "internal error"}, outcome="fail_after")
        case "lost":
            return replace(answer, status=NO_ANSWER, body={"error": "connection closed"}, outcome="lost")
    return answer


def _words(body: Any) -> str:
    return str(body.get("error", body)) if isinstance(body, dict) else str(body)
