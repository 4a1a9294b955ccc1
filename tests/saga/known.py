"""The runbook's words about the saga of the tests: keyed steps, unkeyed steps, one that takes another back."""

from dataclasses import replace

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
    Source,
    StepKnowledge,
    Via,
    Where,
)

KNOWN = SagaKnowledge(
    workflow_type="ProvisionTenant",
    steps=(
        StepKnowledge(
            activity="reserve",
            name="reserve a deployment",
            repeat=Repeat.KEYED,
            why="key job/reserve",
            undone_by="release",
        ),
        StepKnowledge(
            activity="mint",
            name="mint the deployment",
            why="every call mints another dpl_",
            reconcile=Lookup(name="deployments", key="{customer}", result="id"),
            did_nothing=("Rejected",),
        ),
        StepKnowledge(activity="set_quota", name="set the paid quota", did_nothing=("Rejected",)),
        StepKnowledge(
            activity="create_database",
            name="create the tenant's database",
            repeat=Repeat.KEYED,
            why="key job/database",
            reconcile=Lookup(name="database", key="{job}"),
            may_have_done=("AnswerLost",),
            undone_by="drop_database",
        ),
        StepKnowledge(activity="dns", name="publish the name", repeat=Repeat.HARMLESS),
    ),
    children=(
        ChildKnowledge(workflow_type="Region", name="one region"),
        ChildKnowledge(workflow_type="SafeRegion", name="one region, keyed", rerun_safe=True),
    ),
    customer=Source(where=Where.INPUT, path="customer"),
    job=Source(where=Where.INPUT, path="job"),
    plan=Source(where=Where.INPUT, path="plan"),
    approval=Approval.AUTOMATIC,
)

ASKING = replace(
    KNOWN,
    offer=RetryOffer(
        retry=Message(via=Via.UPDATE, name="retry_step", payload={"step": "{step}"}),
        skip=Message(via=Via.UPDATE, name="skip_step", payload={"step": "{step}", "result": "{result}"}),
    ),
)
RESUMABLE = replace(KNOWN, resume_from=ResumeFrom(input_field="resume_from"))
RESUMABLE_BY_RESULTS = replace(KNOWN, resume_from=ResumeFrom(input_field="done", shape=ResumeShape.DONE_RESULTS))
