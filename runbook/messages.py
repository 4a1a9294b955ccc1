"""What customers read, and when we write: mails and the status page (runbook §7).

Plain, short, and without what `incident/model/language.py` refuses: no inside of ours, nobody's fault, no cause, no
promise but the time of the next mail. A house test holds every text here, and every playbook's `plainly`, against it.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from incident.model.customers import CustomerRules, Template
from incident.model.language import Vocabulary
from incident.model.playbook import Approval

VOCABULARY = Vocabulary(
    internal=(
        *("AWS", "RDS", "App Runner", "EC2", "S3", "R2", "IAM", "CloudWatch", "Secrets Manager", "Hetzner", "Vercel"),
        *("Cloudflare", "Stripe", "Slack", "PagerDuty", "ntfy", "GitHub", "Statuspage", "healthchecks.io"),
        *("Temporal", "Postgres", "PostgreSQL", "PgBouncer", "Redis", "Docker", "Kubernetes", "k8s", "Terraform"),
        *("Grafana", "Prometheus", "Alertmanager", "Loki", "Tempo", "Vector", "blackbox", "Watchdog"),
        *(
            "saga",
            "ledger",
            "UTXO",
            "webhook",
            "cron",
            "workflow",
            "namespace",
            "pod",
            "outbox",
            "runbook",
            "postmortem",
        ),
        *("database", "deployment", "redeploy", "rollback", "self-heal", "obs-db-selfheal", "reconcile-provisioning"),
        *("provisioning", "mint", "quota", "DNS", "NAT", "VPC", "SSM", "DUT", "operator cockpit", "token-economy"),
        *("re-drive", "idempotency", "schema", "replica", "DATABASE_URL", "/api/ready", "/api/health", "Octopus"),
        *("on-call", "incident commander", "pager", "octopus_admin_app", "tlsstress_app", "tlsstress_admin"),
    ),
    public_hosts=("status.tlsstress.art", "tlsstress.art", "www.tlsstress.art", "app.tlsstress.art"),
)
"""Names out of the runbook itself; an organisation adds its own."""

SIGNATURE = "Questions? Just reply to this mail.\nThe tlsstress.art team"

MESSAGES = CustomerRules(
    next_update_after=timedelta(hours=2),  # ours: runbook §7 wants "ETA or next update", and to under-promise
    draft_ahead=timedelta(minutes=20),  # ours: time to read it and say yes
    renew_before=timedelta(minutes=45),  # ours
    remind_every=timedelta(minutes=30),  # the cadence of a SEV-1 (runbook §1)
    mail_again_after=timedelta(minutes=5),  # ours: greylisting lets a second try pass after a few minutes
    rounds=4,  # ours
    refund_remind_every=timedelta(hours=4),  # ours
    show_again_after=timedelta(minutes=5),  # ours
    approval=Approval.APPROVAL,  # ours: at 3 a.m. one person may write and send; TWO_PEOPLE asks for a second one
    vocabulary=VOCABULARY,
    templates={
        "first/hurting": Template(
            subject="We are working on a problem with your service",
            text="Hello,\n\n{affected}\n\nWe know about it and are working on it now. You do not need to do anything.",
        ),
        "first/stopped": Template(
            subject="A problem with your service is being checked",
            text="Hello,\n\n{was}\n\nAs far as we can see this has stopped. We are checking your account.",
        ),
        "follow-up/hurting": Template(
            subject="Update: we are still working on a problem with your service",
            text="Hello,\n\nWe wrote to you earlier:\n\n{affected}\n\n"
            "This is not over yet, and we are still working on it.",
        ),
        "follow-up/stopped": Template(
            subject="Update: a problem with your service is being checked",
            text="Hello,\n\nWe wrote to you earlier:\n\n{was}\n\n"
            "As far as we can see this has stopped. We are checking before we call it over.",
        ),
        "last/over": Template(
            subject="A problem with your service is over",
            text="Hello,\n\n{was}\n\nThis is over, and we have checked it. We are sorry for the trouble. "
            "If anything still looks wrong, please reply to this mail.",
        ),
    },
    promise="We will write to you again by {at}.",
    signature=SIGNATURE,
    notices={
        "investigating": Template(
            subject="{component}: we are working on a problem",
            text="{affected} We know about it and are working on it.",
        ),
        "monitoring": Template(
            subject="{component}: we are working on a problem",
            text="As far as we can see the problem has stopped. We are watching it before we call it over.",
        ),
        "resolved": Template(
            subject="{component}: we are working on a problem",
            text="This is over, and we have checked it. We are sorry for the trouble.",
        ),
    },
)


def at_speed(rules: CustomerRules, speed: float) -> CustomerRules:
    """The same with every duration divided by `speed`."""
    durations: dict[str, Any] = {
        name: value / speed for name, value in vars(rules).items() if isinstance(value, timedelta)
    }
    return replace(rules, **durations)
