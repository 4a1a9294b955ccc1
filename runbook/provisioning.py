"""What must be known about the provisioning saga's steps before one of them may be run again (runbook §3.1).

These are the practice platform's steps. Whoever points the orchestrator at a saga of their own writes its steps here:
what repeating each would do, how to see whether it happened, how to see that it worked. A step that is missing is never
re-driven. `docs/redrivable-sagas.md` says how.
"""

from datetime import timedelta

from incident.model.playbook import Approval
from saga.words import (
    ChildKnowledge,
    Lookup,
    Message,
    Repeat,
    ResumeFrom,
    ResumeShape,
    RetryOffer,
    SagaKnowledge,
    Sign,
    Source,
    StepKnowledge,
    StuckRules,
    Via,
    Where,
    WorldLookups,
)

REFUSED = "ProviderRefused"
"""Failure type of the saga's steps when the provider said no (a 4xx): it did nothing."""
LOST = ("RemoteProtocolError", "ReadTimeout", "ReadError")
"""Failure types after which the provider may have done it: the answer was lost on its way."""

SAGA = SagaKnowledge(
    workflow_type="ProvisionTenant",
    customer=Source(where=Where.SEARCH_ATTRIBUTE, name="ProvisioningCustomer"),
    job=Source(where=Where.SEARCH_ATTRIBUTE, name="ProvisioningJob"),
    plan=Source(where=Where.MEMO, name="plan"),
    paid=Source(where=Where.INPUT, path="paid_gb"),
    world=WorldLookups(
        deployments=Lookup(name="deployments", key="{customer}", result="id"),
        quota=Lookup(name="quotas", key="{customer}", result="paid_gb"),
        tenant=Lookup(name="tenants", key="{customer}"),
    ),
    steps=(
        StepKnowledge(
            activity="reserve_deployment",
            name="mint the deployment",
            repeat=Repeat.UNSAFE,
            why="each call mints another dpl_ (runbook §3.1)",
            reconcile=Lookup(name="deployments", key="{customer}", result="0.id", means="the customer has a dpl_"),
            undone_by="release_deployment",
            did_nothing=(REFUSED,),
        ),
        StepKnowledge(
            activity="set_quota",
            name="provision the quota that was paid",
            repeat=Repeat.UNSAFE,
            why="without the amount it sets 0 (runbook §3.1)",
            reconcile=Lookup(
                name="quotas",
                key="{customer}",
                result="provisioned",
                means="the quota that was paid stands",
                agrees=(("paid_gb", "paid"),),
            ),
            did_nothing=(REFUSED,),
            needs=("paid",),
        ),
        StepKnowledge(
            activity="create_database",
            name="create the tenant's database",
            repeat=Repeat.UNSAFE,
            why="the provider takes no key: a second call may make a second database",
            reconcile=Lookup(name="databases", key="{customer}", result="0.name", means="the customer has a database"),
            undone_by="drop_database",
            did_nothing=(REFUSED,),
        ),
        StepKnowledge(
            activity="create_dns",
            name="point the tenant's host name at the deployment",
            repeat=Repeat.HARMLESS,
            why="a PUT by host name: it sets what is already set",
            reconcile=Lookup(name="dns", key="{customer}", result="0.name", means="the host name exists"),
            undone_by="remove_dns",
            did_nothing=(REFUSED,),
        ),
        StepKnowledge(
            activity="activate_billing",
            name="activate billing",
            repeat=Repeat.KEYED,
            why="the billing provider enforces the Idempotency-Key job/activate_billing",
            reconcile=Lookup(name="billing", key="{customer}", result="0.id", means="billing is active"),
            undone_by="cancel_billing",
            did_nothing=(REFUSED,),
            may_have_done=LOST,
        ),
        StepKnowledge(
            activity="send_welcome",
            name="send the welcome mail",
            repeat=Repeat.UNSAFE,
            why="a mail sent twice is read twice",
            reconcile=Lookup(name="mails", key="{customer}", result="0.id", means="a welcome mail went out"),
            did_nothing=(REFUSED,),
        ),
    ),
    children=(
        ChildKnowledge(
            workflow_type="ProvisionRegion",
            name="provision one region",
            why="it would create database and host name again",
        ),
    ),
    offer=RetryOffer(
        retry=Message(via=Via.UPDATE, name="retry_step", payload={"step": "{step}"}),
        skip=Message(via=Via.UPDATE, name="skip_step", payload={"step": "{step}", "result": "{result}"}),
        parked=Sign(source=Source(where=Where.SEARCH_ATTRIBUTE, name="NeedsHuman"), equals="true"),
    ),
    resume_from=ResumeFrom(
        input_field="resume_from.step",
        shape=ResumeShape.FIRST_STEP,
        results_field="resume_from.results",
        only_where=Sign(source=Source(where=Where.INPUT, path="shape"), equals="resume_from"),
    ),
    cron_redrives=True,
    stuck=StuckRules(without_progress=timedelta(minutes=15), attempts=8),  # runbook §3.1
    sla=timedelta(hours=1),  # ours: runbook §3.1 speaks of an SLA and gives no number
    jobs_at_once=2,
    attempts_per_step=2,
    approval=Approval.APPROVAL,
)
