"""Reading provisioning sagas: which jobs are stuck, what is wrong with one, what may be done, what the world says.

Read only. What is found is judged by `saga` (pure); this file only asks the engine and the platform, and turns what
cannot be seen into "unknown", never into "fine".
"""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.clock import utc_now
from integrations.errors import IntegrationError
from integrations.provisioning import Hit, Platform
from integrations.sagas import Execution, NotThere, Sagas
from saga.described import described
from saga.diagnosis import Case, Diagnosis, diagnose
from saga.history import carry_on, read_pages
from saga.moves import Answer, Reconciled, RedrivePlan, plan
from saga.run import RunStatus, SagaRun
from saga.verdict import World
from saga.words import Lookup, SagaKnowledge

AT_ONCE = 8
"""Histories read side by side: more only makes the other engine slower for its own work."""
MOST_JOBS = 500
MOST_CONTINUED = 20
"""Runs followed back through continue-as-new."""
WELL = {Case.MOVING, Case.REDRIVEN}


@dataclass(frozen=True, kw_only=True)
class StuckJob:
    """One customer who waits. `execution` None: the app knows the job, and no saga of it was found."""

    subject: str
    """What it is called in findings and proposals: the saga's workflow id."""
    since: datetime
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True)
class SagaDesk:
    sagas: Sagas
    platform: Platform
    knowledge: SagaKnowledge

    # ── one saga ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def current(self, workflow_id: str) -> Execution:
        """The newest run of a saga. Raises IntegrationError."""
        seen = await self.sagas.described(Execution(workflow_id=workflow_id, run_id=""))
        return Execution(workflow_id=workflow_id, run_id=seen.workflow_execution_info.execution.run_id)

    async def read(self, run: Execution, *, back: int = MOST_CONTINUED) -> SagaRun:
        """Its state and whole history, with what the runs before it did. Raises IntegrationError."""
        newest = (await self.current(run.workflow_id)).run_id
        seen = described(await self.sagas.described(run), newest, self.knowledge.sources)
        read = await read_pages(self.sagas.history(run), seen, self.knowledge.sources)
        if not read.continued_from or not back:
            return read
        try:
            before = await self.read(replace(run, run_id=read.continued_from), back=back - 1)
        except IntegrationError:  # past its retention: the diagnosis says what that makes impossible
            return read
        return carry_on(before, read)

    async def diagnosed(self, run: Execution) -> Diagnosis:
        """Raises IntegrationError."""
        return diagnose(await self.read(run), self.knowledge, utc_now())

    async def reconciled(self, found: Diagnosis | RedrivePlan) -> Reconciled:
        """Did the failed step happen? The provider is asked by business key; no answer is "cannot tell"."""
        about = self.knowledge.step(found.target.type) if found.target else None
        if about is None or about.reconcile is None:
            return Reconciled(answer=Answer.CANNOT_TELL, detail="the runbook names no look-up for it")
        missing = _missing_facts(about.reconcile.key, found.facts)
        if missing:
            return Reconciled(answer=Answer.CANNOT_TELL, detail=f"the saga does not say its {missing}")
        try:
            hit = await self.platform.look_up(about.reconcile.name, _filled(about.reconcile.key, found.facts))
        except IntegrationError as error:
            return Reconciled(answer=Answer.CANNOT_TELL, detail=str(error))
        return _answer(about.reconcile, hit, found.facts)

    async def plan(self, run: Execution) -> RedrivePlan:
        """What may be done about this saga. Raises IntegrationError."""
        found = await self.diagnosed(run)
        return plan(found, await self.reconciled(found), self.knowledge, redrives_so_far(found))

    async def world(self, facts: dict[str, str]) -> World:
        """What the providers have for this customer. None: it could not be asked."""
        customer = facts.get("customer", "")
        if not customer:
            return World()
        names, paid = self.knowledge.world, facts.get("paid") or None
        return World(
            deployments=await self._ids(names.deployments, customer),
            quota=await self._value(names.quota, customer),
            paid=paid,
            tenant_answers=await self._answers(names.tenant, customer),
        )

    async def _ids(self, lookup: Lookup | None, customer: str) -> tuple[str, ...] | None:
        if lookup is None:
            return None
        try:
            hit = await self.platform.look_up(lookup.name, customer)
        except IntegrationError:
            return None
        things = hit.found if isinstance(hit.found, list) else [hit.found] if hit.found else []
        return tuple(value_at(thing, lookup.result).strip('"') for thing in things)

    async def _value(self, lookup: Lookup | None, customer: str) -> str | None:
        if lookup is None:
            return None
        try:
            hit = await self.platform.look_up(lookup.name, customer)
        except IntegrationError:
            return None
        return value_at(hit.found, lookup.result).strip('"') or None

    async def _answers(self, lookup: Lookup | None, customer: str) -> bool | None:
        if lookup is None:
            return None
        try:
            return await self.platform.answers_ok(lookup.name, customer)
        except IntegrationError:
            return None

    # ── all of them ──────────────────────────────────────────────────────────────────────────────────────────────

    async def stuck(self) -> tuple[StuckJob, ...]:
        """Every stuck job, who waits longest first. Raises IntegrationError."""
        listed = await self.platform.jobs()
        ids = await self._candidates(listed or ())
        slots = asyncio.Semaphore(AT_ONCE)
        looked_at = await asyncio.gather(*(self._looked_at(workflow_id, slots) for workflow_id in ids))
        seen = [found for found in looked_at if found]
        provisioned = {str(job.get("job")) for job in listed or () if job.get("state") == "provisioned"}
        jobs = [job for job in map(_stuck, seen) if job and _job(job) not in provisioned]
        # A saga that moves again answers for its job, though the app has not seen it yet.
        known = {found.facts.get("job", "") for found in seen if found.status is not RunStatus.COMPLETED}
        return tuple(sorted((*jobs, *_without_saga(listed or (), known)), key=lambda job: (job.since, job.subject)))

    async def _looked_at(self, workflow_id: str, slots: asyncio.Semaphore) -> Diagnosis | None:
        """None: it is past its retention, and the others are no less stuck for that."""
        async with slots:
            try:
                return await self.diagnosed(await self.current(workflow_id))
            except NotThere:
                return None

    async def _candidates(self, listed: Iterable[dict[str, Any]]) -> list[str]:
        """Workflow ids that may be stuck, each once: ended badly, or running for longer than a job should."""
        now, rules = utc_now(), self.knowledge.stuck
        kind = f"WorkflowType='{self.knowledge.workflow_type}'"
        back = now - timedelta(days=self.platform.settings.look_back_days)
        late = f"{kind} AND ExecutionStatus='Running' AND StartTime<'{_at(now - rules.without_progress)}'"
        bad = f"{kind} AND ExecutionStatus IN ('Failed','TimedOut','Terminated','Canceled') AND CloseTime>'{_at(back)}'"
        found = await asyncio.gather(*(self.sagas.found(query, MOST_JOBS) for query in (bad, late)))
        runs = [run.workflow_id for runs in found for run in runs] + await self._running_of(listed)
        return list(dict.fromkeys(runs))

    async def _running_of(self, listed: Iterable[dict[str, Any]]) -> list[str]:
        """Young sagas too, where the app says that their job is stuck: many attempts are as bad as a long time."""
        source = self.knowledge.job
        if source is None or not source.name:
            return []
        jobs = [str(job.get("job", "")) for job in listed if job.get("state") == "stuck"][:MOST_JOBS]
        names = ",".join(f"'{job}'" for job in jobs if job and "'" not in job)
        if not names:
            return []
        query = f"WorkflowType='{self.knowledge.workflow_type}' AND {source.name} IN ({names})"
        return [run.workflow_id for run in await self.sagas.found(query, MOST_JOBS)]


def redrives_so_far(found: Diagnosis) -> int:
    """By anybody: each reset in the run's past, and each retry it was told."""
    return len(found.resets) + found.retries_told


def _stuck(found: Diagnosis) -> StuckJob | None:
    if found.status is RunStatus.COMPLETED or found.case in WELL:
        return None
    return StuckJob(subject=found.run.workflow_id, since=found.since or utc_now(), diagnosis=found)


def _without_saga(listed: Iterable[dict[str, Any]], known: set[str]) -> list[StuckJob]:
    """Jobs that the app calls stuck and that no saga answers for: nobody can re-drive what is not there."""
    return [
        StuckJob(subject=f"job:{job.get('job')}", since=_since(job))
        for job in listed
        if job.get("state") == "stuck" and str(job.get("job")) not in known
    ]


def _since(job: dict[str, Any]) -> datetime:
    since = job.get("since")
    return datetime.fromtimestamp(since, UTC) if isinstance(since, int | float) else utc_now()


def _job(stuck: StuckJob) -> str:
    return stuck.diagnosis.facts.get("job", "") if stuck.diagnosis else ""


def _answer(lookup: Lookup, hit: Hit, facts: dict[str, str]) -> Reconciled:
    if hit.found is None:
        return Reconciled(answer=Answer.DID_NOT, detail=f"{lookup.name}: nothing under this key")
    if hit.count > 1:
        return Reconciled(answer=Answer.CANNOT_TELL, detail=f"{lookup.name}: {hit.count} hits for one key")
    other = _disagrees(lookup, hit.found, facts)
    if other:
        return Reconciled(answer=Answer.CANNOT_TELL, detail=f"{lookup.name}: {other}")
    result = value_at(hit.found, lookup.result)
    return Reconciled(answer=Answer.HAPPENED, result=result, detail=lookup.means)


def _disagrees(lookup: Lookup, found: Any, facts: dict[str, str]) -> str:
    """What stands there and should not, in words; empty: all is as the saga's facts say."""
    for path, fact in lookup.agrees:
        has, wanted = value_at(found, path).strip('"'), facts.get(fact, "")
        if has != wanted or not wanted:
            return f"{path} is {has or 'not said'}, {fact} is {wanted or 'not known'}"
    return ""


def value_at(found: Any, path: str) -> str:
    """What stands at `0.id` in an answer, as JSON; empty: nothing does."""
    for part in filter(None, path.split(".")):
        try:
            found = found[int(part)] if isinstance(found, list) else found[part]
        except (LookupError, ValueError, TypeError):
            return ""
    return json.dumps(found)


def _missing_facts(template: str, facts: dict[str, str]) -> str:
    wanted = [name for name in ("customer", "job", "plan") if "{" + name + "}" in template]
    return ", ".join(name for name in wanted if not facts.get(name))


def _filled(template: str, facts: dict[str, str]) -> str:
    for name, value in facts.items():
        template = template.replace("{" + name + "}", value)
    return template


def _at(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
