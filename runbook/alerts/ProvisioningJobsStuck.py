"""A customer paid and has no tenant: the worst class of incident (runbook §3.1)."""

from incident.model.playbook import LeverUse, Link, Playbook
from incident.model.severity import Severity
from runbook.owners import PROVISIONING
from runbook.provisioning import SAGA

PLAYBOOK = Playbook(
    alert="ProvisioningJobsStuck",
    severity=Severity.SEV1,
    domain=PROVISIONING.domain,
    owner=PROVISIONING.who,
    means="Customers who paid have no tenant: money is taken and nothing is delivered.",
    first_actions=(
        "Which job, which customer, which step? The checks below say so for every stuck saga.",
        "Is `reconcile-provisioning` running and making progress?",
        "Do not re-drive blindly: it can mint a second `dpl_` or zero a paid quota. Only the failed step, as proposed.",
        "Not within the SLA? Tell the customer (runbook §7) and prepare a refund or credit with finance.",
    ),
    runbook=Link(
        label="Runbook §3.1 ProvisioningJobsStuck", url="https://runbooks.tlsstress.art/RUNBOOK#provisioning-stuck"
    ),
    dashboards=(
        Link(label="business-revenue", url="https://grafana.tlsstress.art/grafana/d/business-revenue"),
        Link(label="cloud-overview", url="https://grafana.tlsstress.art/grafana/d/cloud-overview"),
    ),
    identity_labels=(),  # one incident for all stuck customers
    checks=("stuck_jobs", "reconcile_cron", "diagnose_saga"),
    impact_check="stuck_jobs",
    levers=(LeverUse(lever="redrive_step", approval=SAGA.approval, per_subject=True, at_once=SAGA.jobs_at_once),),
    data_check="ledger",
    plainly="The workspace you paid for is not ready for you yet.",
    plainly_past="The workspace you paid for was not ready for you when it should have been.",
    sla=SAGA.sla,
)
