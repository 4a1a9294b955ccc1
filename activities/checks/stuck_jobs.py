"""Which customers paid and have no tenant? By the sagas' own engine, joined with the app's list (runbook §3.1)."""

from activities.outside import Ask, Outside
from activities.saga_desk import StuckJob
from incident.model.customers import Affected
from incident.model.finding import Finding, Status
from integrations.clock import utc_now
from integrations.errors import IntegrationError
from saga.one_line import one_line

MOST_TOLD = 10
"""Jobs told one by one; the others are counted."""


async def check(ask: Ask, outside: Outside) -> Finding:
    """Bad while at least one job is stuck: who, where, since when, and the last error without its secrets."""
    if outside.sagas is None:
        return _finding(Status.UNKNOWN, "no saga is set: set INCIDENTS_PROVISIONING__TEMPORAL_ADDRESS")
    try:
        jobs = await outside.sagas.stuck()
    except IntegrationError as error:
        return _finding(Status.UNKNOWN, str(error))
    if not jobs:
        return _finding(Status.OK, "no job is stuck")
    more = f"; and {len(jobs) - MOST_TOLD} more" if len(jobs) > MOST_TOLD else ""
    told = "; ".join(in_one_line(job) for job in jobs[:MOST_TOLD])
    return Finding(
        check="stuck_jobs",
        status=Status.BAD,
        summary=f"{len(jobs)} stuck: {told}{more}"[:2000],
        evidence={job.subject: in_one_line(job) for job in jobs[:MOST_TOLD]},
        subjects=tuple(job.subject for job in jobs),
        customers=tuple({one.key: one for one in map(affected, jobs) if one.key}.values()),
        hurt_since=jobs[0].since,
        at=utc_now(),
    )


def in_one_line(job: StuckJob) -> str:
    """`job 7f3 (ACME, plan L) at create_database since 03:12 UTC: provider answered 503`."""
    since = f"since {job.since:%Y-%m-%d %H:%M} UTC"
    found = job.diagnosis
    if found is None:
        return f"{job.subject} {since}: the app says it is stuck, and no saga of it was found"
    facts = ", ".join(filter(None, (found.facts.get("customer", ""), _plan(found.facts.get("plan", "")))))
    who = f"job {found.facts.get('job') or job.subject}" + (f" ({facts})" if facts else "")
    where = f" at {found.target.type}" if found.target else ""
    return one_line(f"{who}{where} {since}: {found.error or found.because}", 300)


def affected(job: StuckJob) -> Affected:
    """Who waits, by key, and what finance has to know. No key: only the app knows this job, and not whose it is."""
    facts = job.diagnosis.facts if job.diagnosis else {}
    at = f" at {job.diagnosis.target.type}" if job.diagnosis and job.diagnosis.target else ""
    return Affected(
        key=_key(facts.get("customer", "")),
        plan=facts.get("plan", ""),
        paid=facts.get("paid", ""),
        where=f"job {facts.get('job') or job.subject}{at} since {job.since:%Y-%m-%d %H:%M} UTC",
    )


def _key(customer: str) -> str:
    """An address would stay in history for good: whoever keys customers by it is told so by the job's own line only."""
    return "" if "@" in customer else customer[:64]


def _plan(name: str) -> str:
    return f"plan {name}" if name else ""


def _finding(status: Status, summary: str) -> Finding:
    return Finding(check="stuck_jobs", status=status, summary=summary, at=utc_now())
