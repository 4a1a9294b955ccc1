"""The app cannot reach its database (runbook §3.2)."""

from incident.model.playbook import Approval, LeverUse, Link, Playbook
from incident.model.severity import Severity
from runbook.owners import DATABASE

PLAYBOOK = Playbook(
    alert="AppDBDown",
    severity=Severity.SEV1,
    domain=DATABASE.domain,
    owner=DATABASE.who,
    means="The app is up but cannot reach its database, or the app is down: customers cannot work.",
    first_actions=(
        "Read the deep probe `/api/ready` (not the shallow `/api/health`): which pool is `ok:false`?",
        "obs-db-selfheal redeploys on a 503: watch that deployment first. If it recovers, we are done.",
        "It persists? See that RDS is `available`, and that DATABASE_URL logs in as the app's own non-master role.",
    ),
    runbook=Link(label="Runbook §3.2 AppDBDown", url="https://runbooks.tlsstress.art/RUNBOOK#61-db-unreachable"),
    dashboards=(
        Link(label="cloud-overview", url="https://grafana.tlsstress.art/grafana/d/cloud-overview"),
        Link(label="aws-infra", url="https://grafana.tlsstress.art/grafana/d/aws-infra"),
    ),
    identity_labels=("instance",),
    checks=("ready_probe", "self_heal", "rds_status", "master_secret_rotation", "app_role"),
    impact_check="ready_probe",
    automation_check="self_heal",
    automation_lever="redeploy_app",
    levers=(LeverUse(lever="redeploy_app", approval=Approval.APPROVAL),),
    journey_check="journey",
    data_check="ledger",
    customer_visible=True,
    component="App",
    plainly="You may not be able to sign in or to use the app at the moment.",
    plainly_past="For a while you may not have been able to sign in or to use the app.",
)
