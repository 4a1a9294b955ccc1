"""A step that cannot be done parks the saga: it says so, and waits for a person to retry, skip or abort.

The updates take anything at all, and refuse what they do not understand: nothing that a person types ends the saga.
"""

from dataclasses import dataclass
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from gameday.provisioning.contract import NEEDS_HUMAN, STEPS
from gameday.provisioning.sagas.saga import Saga

RETRY, SKIP, ABORT = "retry_step", "skip_step", "abort"


@dataclass(frozen=True)
class Decision:
    kind: str
    result: str = ""
    """What a skipped step is taken to have returned."""


class Parking:
    """The updates `retry_step {"step"}`, `skip_step {"step", "result"}` and `abort`, and the wait for one of them."""

    def __init__(self, saga: Saga) -> None:
        self._saga = saga
        self._decision: Decision | None = None
        workflow.set_update_handler(RETRY, self._retry, validator=self._may_retry)
        workflow.set_update_handler(SKIP, self._skip, validator=self._may_skip)
        workflow.set_update_handler(ABORT, self._abort, validator=self._may_abort)

    async def run(self, saga: Saga) -> None:
        for name in STEPS:
            await self._done(name)

    async def _done(self, name: str) -> None:
        while name not in self._saga.results:
            failed = await self._tried(name)
            if failed:
                await self._ask(name, failed)

    async def _tried(self, name: str) -> str:
        """What it failed of; empty: it is done."""
        try:
            await self._saga.step(name)
        except ActivityError as error:
            return str(error.cause or error)
        return ""

    async def _ask(self, name: str, failed: str) -> None:
        """Raises ApplicationError when the decision is to abort."""
        saga = self._saga
        saga.asking, saga.error = name, failed
        workflow.upsert_search_attributes([NEEDS_HUMAN.value_set(True)])
        workflow.set_current_details(f"**{name}** failed: {saga.error}. Waits for {RETRY}, {SKIP} or {ABORT}.")
        await workflow.wait_condition(lambda: self._decision is not None)
        decision, self._decision = self._decision, None
        workflow.upsert_search_attributes([NEEDS_HUMAN.value_set(False)])
        workflow.set_current_details("")
        saga.error = ""
        assert decision is not None
        if decision.kind == ABORT:
            raise ApplicationError(f"aborted at {name}", type="Aborted", non_retryable=True)
        if decision.kind == SKIP:
            saga.results[name] = decision.result

    def _decide(self, decision: Decision) -> None:
        """At once: a second update of the same moment finds nobody asking."""
        self._decision, self._saga.asking = decision, ""

    async def _retry(self, *given: Any) -> str:
        """Try the step again that the saga waits at."""
        step = _field(given, "step")
        self._decide(Decision(RETRY))
        return f"{step} is tried again"

    def _may_retry(self, *given: Any) -> None:
        self._is_asked(_field(given, "step"))

    async def _skip(self, *given: Any) -> str:
        """Take the step as done, with this result."""
        step, result = _field(given, "step"), _field(given, "result")
        self._decide(Decision(SKIP, result))
        return f"{step} is taken as done: {result}"

    def _may_skip(self, *given: Any) -> None:
        self._is_asked(_field(given, "step"))
        _field(given, "result")

    async def _abort(self, *given: Any) -> str:
        """End the saga as failed."""
        step = self._saga.asking
        self._decide(Decision(ABORT))
        return f"aborted at {step}"

    def _may_abort(self, *given: Any) -> None:
        self._is_asked(self._saga.asking)

    def _is_asked(self, step: str) -> None:
        asking = self._saga.asking
        if not asking:
            raise _refusal("the saga waits for nobody")
        if step != asking:
            raise _refusal(f"the saga waits at {asking}, not at {step}")


def _field(given: tuple[Any, ...], name: str) -> str:
    """Raises ApplicationError, which refuses the update."""
    body = given[0] if given else None
    if not isinstance(body, dict) or not isinstance(body.get(name), str) or not body[name]:
        raise _refusal(f'send one JSON object with "{name}", a text')
    return str(body[name])


def _refusal(words: str) -> ApplicationError:
    return ApplicationError(words, type="Refused", non_retryable=True)
