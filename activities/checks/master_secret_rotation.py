"""Did the managed master secret rotate when the trouble began? An app on the master breaks each time (runbook §3.2)."""

from datetime import UTC, datetime, timedelta

from activities.outside import Ask, Outside
from incident.model.finding import Finding, Status
from integrations.clock import utc_now
from integrations.errors import IntegrationError

SHORTLY_BEFORE = timedelta(hours=1)
"""Pools keep old connections for a while, so a rotation may precede the alert."""


async def check(ask: Ask, outside: Outside) -> Finding:
    """Bad: it rotated about when the alert began, so look at the app's role first."""
    try:
        secrets = await _master_secrets(outside)
        rotated = [(name, await _rotated_at(name, outside)) for name in secrets]
    except IntegrationError as error:
        return _finding(Status.UNKNOWN, str(error))
    if not rotated:
        return _finding(Status.UNKNOWN, "RDS manages no master secret here")
    latest = max((at for _, at in rotated if at), default=None)
    if latest is None:
        return _finding(Status.OK, "the master secret has never rotated")
    when = f"the master secret rotated at {latest.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if latest >= ask.since - SHORTLY_BEFORE:
        return _finding(Status.BAD, f"{when}, about when this began: does the app use the master?")
    return _finding(Status.OK, f"{when}, long before this began")


def _finding(status: Status, summary: str) -> Finding:
    return Finding(check="master_secret_rotation", status=status, summary=summary, at=utc_now())


async def _master_secrets(outside: Outside) -> list[str]:
    instances = await outside.aws.rds_instances()
    found = [(i.get("MasterUserSecret") or {}).get("SecretArn") for i in instances]
    return [str(arn) for arn in found if arn]


async def _rotated_at(secret: str, outside: Outside) -> datetime | None:
    facts = await outside.aws.describe_secret(secret)
    return facts.get("LastRotatedDate") or facts.get("LastChangedDate")
