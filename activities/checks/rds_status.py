"""Is the database itself available? (runbook §3.2, §5: `aws rds describe-db-instances`)"""

from typing import Any

from activities.outside import Ask, Outside
from incident.model.finding import Finding, Status
from integrations.clock import utc_now
from integrations.errors import IntegrationError

AVAILABLE = "available"


async def check(ask: Ask, outside: Outside) -> Finding:
    try:
        instances = await outside.aws.rds_instances()
    except IntegrationError as error:
        return _finding(Status.UNKNOWN, str(error), {})
    if not instances:
        return _finding(Status.UNKNOWN, "no RDS instance was found in this account and region", {})
    evidence = {str(i["DBInstanceIdentifier"]): _facts(i) for i in instances}
    down = [i for i in instances if i.get("DBInstanceStatus") != AVAILABLE]
    telling = "; ".join(f"{name} is {facts}" for name, facts in evidence.items())
    return _finding(Status.BAD if down else Status.OK, telling, evidence)


def _finding(status: Status, summary: str, evidence: dict[str, str]) -> Finding:
    return Finding(check="rds_status", status=status, summary=summary, evidence=evidence, at=utc_now())


def _facts(instance: dict[str, Any]) -> str:
    pending = sorted(instance.get("PendingModifiedValues") or {})
    secret = (instance.get("MasterUserSecret") or {}).get("SecretStatus")
    facts = (
        str(instance.get("DBInstanceStatus", "unknown")),
        f"{instance['AllocatedStorage']} GiB" if instance.get("AllocatedStorage") else "",
        f"pending: {', '.join(pending)}" if pending else "",
        f"master secret {secret}" if secret else "",
    )
    return ", ".join(fact for fact in facts if fact)
