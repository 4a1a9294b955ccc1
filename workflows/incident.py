"""One incident, durably. The shell round the decider: it waits, remembers and delegates, and decides nothing.

How to think about it. `_take` is the only writer; it never awaits, so nothing can interleave and no lock is needed.
Whatever happens becomes an event and passes it: a signal, an update, a deadline, the outcome of an effect. Deadlines
are data in the incident; the one timer is only an alarm, and what came due is always compared, never trusted. Effects
run as tasks that return outcomes; nothing is fire-and-forget. All that must survive a new run is the incident and its
outbox.

Every handler takes `*args: Any`, because a wrong number of inputs would otherwise wedge the incident for good
(temporal-guide §1.4).
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from activities.asking import OVERTAKEN
from incident.model.alert import Alert
from incident.model.effects import Effect, Look, Page, WriteRecord
from incident.model.events import CameDue, Continuing, Declared, Event, NotUnderstood, Said
from incident.model.incident import Incident
from incident.model.outcomes import Consulted, Outcome, PageFailed
from incident.model.severity import Severity
from incident.policy import people, view
from incident.policy.decide import decide
from incident.policy.paging import asked_about, outdated, still_true
from workflows import contract
from workflows.alarm import Alarm
from workflows.effects import carry_out
from workflows.listening import listening
from workflows.reading import (
    EXPECTED_ALERT,
    SIGNALS,
    Misread,
    read_already_paged,
    read_start,
    read_told,
)
from workflows.starts import Continued
from workflows.vouching import listen

URGENT = (Page, WriteRecord)
"""What never waits for the next run: people, and what makes that run safe."""
REFUSED = "Refused"
"""Error type of a refused update, and of a start nobody can make sense of."""


@workflow.defn(name=contract.WORKFLOW_TYPE)
@listening
class IncidentWorkflow:
    @workflow.init
    def __init__(self, *args: Any) -> None:
        # Instant and length of the history at which something was last decided.
        self._clock = (workflow.now(), workflow.info().get_current_history_length())
        self._outbox: list[Effect] = []
        self._running: dict[asyncio.Task[Outcome], Effect] = {}
        self._early: list[Event] = []
        self._alarm = Alarm()
        self._misread: Misread | None = None
        self._news = False
        """Something was taken that nobody has been shown yet."""
        self._continuing = False
        """The history is long: what is not urgent waits for the next run."""
        try:
            start = read_start(args)
        except Misread as misread:
            self._misread, start = misread, contract.IncidentInput(alert=Alert(name="unknown"))
        if isinstance(start, Continued):
            self._incident, self._outbox = start.incident, list(start.outbox)
            return
        self._incident = Incident(
            id=workflow.info().workflow_id,
            opened_at=workflow.info().workflow_start_time,
            alert=start.alert,
            severity=start.severity or Severity.SEV2,
        )
        if not self._misread:
            self._take(Declared(severity=start.severity, playbook=start.playbook, policy=start.policy))

    @workflow.run
    async def run(self, *args: Any) -> dict[str, Any]:
        """From the first page to the written record; returns the last status."""
        if self._misread:
            raise ApplicationError(f"cannot start: {self._misread}", type=REFUSED, non_retryable=True)
        while not self._is_over():
            self._start_effects(*(URGENT if self._continuing else ()))
            self._show()
            self._alarm.set(self._incident.due)
            await workflow.wait_condition(self._stirred)
            self._trust_the_clock()
            self._collect_outcomes()
            self._collect_due()
            self._continue_when_long()
        self._show()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return view.status(self._incident, workflow.now())

    # ── what people and vendors say ──────────────────────────────────────────────────────────────────────────────

    @workflow.signal(name="alert", description=EXPECTED_ALERT)
    def on_alert(self, *args: Any) -> None:
        """The alert first: what was paged for it meanwhile stands in for the page it would ask for."""
        for read in (read_told, read_already_paged):
            event: Event | None
            try:
                event = read(args, self._incident.alert.name)
            except Misread as misread:
                event = NotUnderstood(signal="alert", why=misread.why, expected=misread.expected)
            if event:
                self._take(event)

    @workflow.signal(dynamic=True)
    def on_unknown(self, name: str, args: Sequence[RawValue]) -> None:
        """A misspelt signal would otherwise be buffered for ever, and nobody would know."""
        expected = f"one of {', '.join(SIGNALS)}"
        self._take(NotUnderstood(signal=f"signal {name!r}"[:80], why="there is no such signal", expected=expected))

    def hear(self, name: str, args: tuple[Any, ...]) -> None:
        """A person's signal. It cannot be answered: what is wrong with it goes on the timeline and into the chat."""
        try:
            self._take(self._listen(name, args))
        except Misread as misread:
            self._take(NotUnderstood(signal=name, why=misread.why, expected=misread.expected))

    def allow(self, name: str, args: tuple[Any, ...]) -> None:
        """An update's validator: no, with the reason, before anything is written."""
        self._refuse_or_read(name, args)

    async def answer(self, name: str, args: tuple[Any, ...]) -> str:
        """An update that was allowed: what came of it."""
        if self._incident.policy is None:
            await workflow.wait_condition(lambda: self._incident.policy is not None)
        said, before = self._refuse_or_read(name, args), self._incident
        self._take(said)
        return people.answer(before, self._incident, said.message)

    def _listen(self, name: str, args: tuple[Any, ...]) -> Said:
        return listen(name, args, self._incident, workflow.now())

    def _refuse_or_read(self, name: str, args: tuple[Any, ...]) -> Said:
        try:
            said = self._listen(name, args)
        except Misread as misread:
            raise ApplicationError(f"{name}: {misread}", type=REFUSED, non_retryable=True) from None
        refused = people.refusal(self._incident, said.message, said.spoken)
        if refused:
            raise ApplicationError(refused, type=REFUSED, non_retryable=True)
        return said

    # ── what people ask ──────────────────────────────────────────────────────────────────────────────────────────

    @workflow.query(name="status", description="Where it stands: phase, severity, who, what it waits for")
    def on_status(self, *args: Any) -> dict[str, Any]:
        return view.status(self._incident, workflow.now())

    @workflow.query(name="timeline", description="What happened so far, and why")
    def on_timeline(self, *args: Any) -> list[dict[str, str]]:
        return view.timeline(self._incident)

    @workflow.query(name="criteria", description="The runbook's four resolve criteria, and where each stands")
    def on_criteria(self, *args: Any) -> list[dict[str, Any]]:
        return view.criteria(self._incident, workflow.now())

    @workflow.query(name=OVERTAKEN, description="Why the page of this key and severity must not go out; empty: it may")
    def on_overtaken(self, *args: Any) -> str:
        """What the worker asks just before a message of a page goes out."""
        key, severity = (*map(str, args), "", "")[:2]
        return asked_about(self._incident, key, severity, workflow.now())

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _trust_the_clock(self) -> None:
        """The same instant with a longer history is a stale clock: fail this task, it is tried again at the right time.

        A query that outlived its worker makes the next one run ahead of its workflow task (SDK 1.35.0), and what would
        be decided then could never be replayed (docs/decisions/0013).
        """
        seen = (workflow.now(), workflow.info().get_current_history_length())
        if seen[0] == self._clock[0] and seen[1] != self._clock[1]:
            raise RuntimeError("the clock stood still")
        self._clock = seen

    def _take(self, event: Event) -> None:
        """The only writer. What comes before the runbook was consulted waits its turn."""
        self._trust_the_clock()
        if self._incident.policy is None and not isinstance(event, Declared | Consulted):
            self._early.append(event)
            return
        decision = decide(self._incident, event, workflow.now())
        self._incident, self._news = decision.incident, True
        self._outbox += decision.effects
        early, self._early = self._early, []
        for waited in early:
            self._take(waited)

    def _is_over(self) -> bool:
        return self._incident.closed_recorded and not self._outbox and not self._busy()

    def _busy(self) -> bool:
        """Something is under way that must come back. A look may be left behind: the next one sees the same world."""
        return any(not isinstance(effect, Look) for effect in self._running.values())

    def _start_effects(self, *kinds: type[Effect]) -> None:
        """Start what waits in the outbox; with `kinds`, only those."""
        self._withdraw_pages()
        effects, self._outbox = self._outbox, []
        self._drop_superseded_looks()
        for effect in effects:
            if kinds and not isinstance(effect, kinds):
                self._outbox.append(effect)
            else:
                self._running[asyncio.create_task(carry_out(effect))] = effect

    def _withdraw_pages(self) -> None:
        """An ack may have come with the start, while nothing of ours ran, or while a page is on its way."""
        now, pages = workflow.now(), [effect for effect in self._outbox if isinstance(effect, Page)]
        for page in pages:
            why = outdated(self._incident, page.number, page.severity, now)
            if why:
                self._outbox.remove(page)
                self._take(PageFailed(number=page.number, why=f"overtaken before it was sent: {why}", late=True))
        for task, effect in self._running.items():
            if (
                isinstance(effect, Page)
                and not task.cancelling()
                and not still_true(self._incident, effect.number, now)
            ):
                task.cancel()  # it says what it has delivered until then

    def _drop_superseded_looks(self) -> None:
        for task, effect in self._running.items():
            if isinstance(effect, Look) and effect.number != self._incident.looking:
                task.cancel()

    def _stirred(self) -> bool:
        return self._alarm.rang or self._news or self._finished() or self._is_over()

    def _finished(self) -> bool:
        return any(task.done() for task in self._running)

    def _collect_outcomes(self) -> None:
        for task in [task for task in self._running if task.done()]:
            del self._running[task]
            if not task.cancelled():
                self._take(task.result())

    def _collect_due(self) -> None:
        now = workflow.now()
        for _, what in sorted((at, what) for what, at in self._incident.due.items() if at <= now):
            if what in self._incident.due and self._incident.due[what] <= now:  # an earlier one may have moved it
                self._take(CameDue(what=what))

    def _show(self) -> None:
        """What the Web UI and lists read: current details, and search attributes where they changed."""
        self._news = False
        workflow.set_current_details(view.details(self._incident, workflow.now()))
        known = workflow.info().typed_search_attributes
        changes = [
            pair.key.value_set(pair.value)
            for pair in contract.attributes_of(self._incident)
            if known.get(pair.key) != pair.value
        ]
        if changes and self._incident.policy:
            workflow.upsert_search_attributes(changes)

    def _continue_when_long(self) -> None:
        """Archive, let what is under way come back, and go on with all the rest in a new run.

        Until then the incident lives on: deadlines are kept and people are paged, however long that takes.
        """
        if not self._continuing and workflow.info().is_continue_as_new_suggested() and self._incident.policy:
            self._continuing = True
            self._take(Continuing())
        waiting = any(isinstance(effect, URGENT) for effect in self._outbox)
        if not self._continuing or waiting or self._busy() or not workflow.all_handlers_finished():
            return
        looks = [e for e in self._running.values() if isinstance(e, Look) and e.number == self._incident.looking]
        self._show()
        workflow.continue_as_new(args=[Continued(incident=self._incident, outbox=[*looks, *self._outbox])])
