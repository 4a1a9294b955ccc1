"""What is wrong with each stuck saga, and with how many of them the same (runbook §3.1, temporal-guide §6.2)."""

from collections import Counter

from activities.outside import Ask, Outside
from activities.saga_desk import StuckJob
from incident.model.finding import Finding, Status
from integrations.clock import utc_now
from integrations.errors import IntegrationError
from saga.one_line import one_line

MOST_TOLD = 5


async def check(ask: Ask, outside: Outside) -> Finding:
    """Bad where a step failed; the worst jobs with what is done, which must not run again."""
    if outside.sagas is None:
        return _finding(Status.UNKNOWN, "no saga is set: set INCIDENTS_PROVISIONING__TEMPORAL_ADDRESS", {})
    try:
        jobs = await outside.sagas.stuck()
    except IntegrationError as error:
        return _finding(Status.UNKNOWN, str(error), {})
    if not jobs:
        return _finding(Status.OK, "no saga needs a diagnosis", {})
    counted = Counter(_case(job) for job in jobs)
    told = ", ".join(f"{count} × {case}" for case, count in counted.most_common())
    return _finding(Status.BAD, told, {job.subject: _evidence(job) for job in jobs[:MOST_TOLD]})


def _case(job: StuckJob) -> str:
    return str(job.diagnosis.case) if job.diagnosis else "no saga found"


def _evidence(job: StuckJob) -> str:
    found = job.diagnosis
    if found is None:
        return "the app knows the job, no saga of it was found"
    done = ", ".join(f"{step.type} (done, {step.result})" if step.result else step.type for step in found.done)
    return one_line(f"{found.case}: {found.because}. Done: {done or 'nothing'}. In doubt: {found.doubt or 'no'}", 600)


def _finding(status: Status, summary: str, evidence: dict[str, str]) -> Finding:
    return Finding(check="diagnose_saga", status=status, summary=summary, evidence=evidence, at=utc_now())
